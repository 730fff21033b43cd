/** Odd configurations: several sources, references, gates, mistakes that nobody has written down. */
import { createHash } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parse } from 'yaml';
import { complete, silentEnds } from '../lib/fragment.ts';

export const oddFolder = import.meta.dirname;

/** A case as it is written in cases/*.yaml. */
interface Written {
  readonly name: string;
  readonly config: string;
  /** Further `--config` files, laid upon the first. */
  readonly more?: readonly string[];
  readonly set?: readonly string[];
  readonly gates?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** As in the header of a verdict's file. */
  readonly signals?: string;
  /** Nothing is added. */
  readonly whole?: boolean;
  /** What both programs' refusals contain; absent = it is accepted. */
  readonly rejects?: string;
  /** Why the two do not say the same, and what the peer says instead: accepts, or other words. */
  readonly differs?: string;
}

export interface OddCase {
  /** `FILE: name`. */
  readonly name: string;
  /** Contents of the files, the first one whole. */
  readonly texts: readonly string[];
  readonly set: readonly string[];
  readonly gates: string;
  readonly env: Readonly<Record<string, string>>;
  readonly rejects: string | undefined;
  readonly differs: string | undefined;
  readonly hash: string;
}

function toCase(file: string, one: Written): OddCase {
  const signals = one.signals === undefined ? '' : `# signals: ${one.signals}\n`;
  const first = one.whole === true ? one.config : complete(signals + one.config, silentEnds);
  const texts = [first, ...(one.more ?? [])];
  const { set = [], gates = '', env = {} } = one;
  const hash = createHash('sha256').update(JSON.stringify({ texts, set, gates, env }));
  return {
    name: `${file}: ${one.name}`,
    ...{ texts, set, gates, env },
    rejects: one.rejects === undefined ? undefined : String(one.rejects),
    differs: one.differs,
    hash: hash.digest('hex').slice(0, 16),
  };
}

/** All cases, of the files given by name without `.yaml` when there are any. */
export function oddCases(files: readonly string[] = []): OddCase[] {
  const cases = globSync('cases/*.yaml', { cwd: oddFolder })
    .sort()
    .filter((path) => files.length === 0 || files.includes(basename(path, '.yaml')))
    .flatMap((path) => {
      const written = parse(readFileSync(join(oddFolder, path), 'utf8')) as Written[];
      return written.map((one) => toCase(basename(path, '.yaml'), one));
    });
  const twice = cases.find(({ name }, i) => cases.findIndex((one) => one.name === name) < i);
  if (twice !== undefined) throw new Error(`${twice.name}: there are two`);
  return cases;
}
