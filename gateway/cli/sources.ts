import type { Command } from 'commander';
import { FeatureGates } from '../config/gates.ts';

/** Where a configuration comes from and how it is read. */
export interface Sources {
  /** Values for `readConfig`: those of `--config`, then those of `--set`. */
  readonly uris: readonly string[];
  readonly gates: FeatureGates;
}

interface Options {
  readonly config: readonly string[];
  readonly set: readonly string[];
  readonly gates: FeatureGates;
}

const collect = (value: string, before: readonly string[]) => [...before, value];
const schemes = 'file, env, yaml, http or https';

/** Adds `--config`, `--set` and `--feature-gates` to the program; its commands take them too. */
export function addSourceOptions(program: Command): Command {
  const gates = new FeatureGates();
  const applyGates = (list: string): FeatureGates => {
    try {
      for (const line of gates.apply(list)) process.stdout.write(`${line}\n`);
    } catch (error) {
      throw badArgument(list, '--feature-gates', error);
    }
    return gates;
  };
  return program
    .option(
      '--config <uri>',
      `configuration: a file, or scheme:value with ${schemes}; repeatable, later ones win`,
      collect,
      [],
    )
    .option(
      '--set <key=value>',
      'a single value, laid upon every --config, e.g. processors.batch.timeout=2s; repeatable',
      (text: string, before: readonly string[]) => [...before, setUri(text)],
      [],
    )
    .option(
      '--feature-gates <ids>',
      'ids of features with commas between them; -id switches one off',
      applyGates,
      gates,
    );
}

/** @throws Error when neither --config nor --set is there */
export function sourcesOf(command: Command): Sources {
  const options = command.optsWithGlobals<Options & { featureGates: FeatureGates }>();
  const uris = [...options.config, ...options.set];
  if (uris.length === 0) throw new Error('at least one config flag must be provided');
  return { uris, gates: options.featureGates };
}

/** `a.b.c=v` as `yaml:a::b::c: v`. @throws Error without `=` */
export function setUri(text: string): string {
  const equals = text.indexOf('=');
  if (equals < 0) throw badArgument(text, '--set', new Error('missing equal sign'));
  const key = text.slice(0, equals).replaceAll('.', '::').trim();
  return `yaml:${key}: ${text.slice(equals + 1).trim()}`;
}

function badArgument(value: string, flag: string, error: unknown): Error {
  const why = error instanceof Error ? error.message : String(error);
  return new Error(`invalid argument ${JSON.stringify(value)} for "${flag}" flag: ${why}`);
}
