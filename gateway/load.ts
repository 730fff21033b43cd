import { resolve } from 'node:path';
import {
  type ConfigNote,
  defaultProviders,
  loadConfig,
  type Provider,
  type Providers,
} from '../config/confmap/index.ts';
import { ConfigError, type ConfigIssue } from '../config/schema/issue.ts';
import { type MapNode, positionAt } from '../config/schema/node.ts';
import type { RegistryEntry } from './components.ts';
import { FeatureGates } from './config/gates.ts';
import type { ProgramConfig } from './config/program.ts';
import { resolveConfig } from './config/resolve.ts';
import { startFaults } from './telemetry/start-faults.ts';

/** A configuration ready to run, with what deserves a line in the log. */
export interface ReadyConfig {
  readonly config: ProgramConfig;
  readonly warnings: readonly ConfigIssue[];
  /** What is worth a line of level info. */
  readonly notes: readonly ConfigIssue[];
  /** Absolute paths of the files that it was read from. */
  readonly files: readonly string[];
  /** What it was read from, merged. */
  readonly root: MapNode;
  readonly gates: FeatureGates;
}

/** What a configuration is read with. */
export interface ReadOptions {
  /** The components there are; default: the registry. */
  readonly entries?: readonly RegistryEntry[];
  /** Default: each as it is when nobody sets it. */
  readonly gates?: FeatureGates;
  /** Whether it is not going to be started: leaves out what only the start finds out. */
  readonly checkOnly?: boolean;
}

/**
 * Reads, merges, expands and checks the sources of `--config`.
 * @throws ConfigError with every fault, or Error when a source cannot be read
 */
export async function readConfig(
  uris: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  options: ReadOptions = {},
): Promise<ReadyConfig> {
  const gates = options.gates ?? new FeatureGates();
  const appendLists = gates.enabled('confmap.enableMergeAppendOption');
  const files = new Set<string>();
  const providers = noting(defaultProviders(env), files);
  const loaded = await loadConfig(uris, providers, { appendLists });
  const { config, warnings } = await resolveConfig(loaded.root, options.entries, gates);
  if (options.checkOnly !== true) throwStartFaults(loaded.root, config);
  const early = (level: ConfigNote['level']) =>
    loaded.notes
      .filter((note) => note.level === level)
      .map(({ at, message }) => ({ at, message, path: [] }));
  return {
    config,
    warnings: [...early('warn'), ...warnings],
    notes: early('info'),
    files: [...files],
    root: loaded.root,
    gates,
  };
}

/** The providers, with what is read from files noted. */
function noting(providers: Providers, files: Set<string>): Providers {
  const read = providers.get('file');
  if (read === undefined) return providers;
  const file: Provider = (path) => {
    files.add(resolve(path));
    return read(path);
  };
  return new Map([...providers, ['file', file]]);
}

function throwStartFaults(root: MapNode, { telemetry }: ProgramConfig): void {
  const issues = startFaults(telemetry).map(({ path, message }) => {
    const full = ['service', 'telemetry', ...path];
    return { at: positionAt(root, full), path: full, message };
  });
  if (issues.length > 0) throw new ConfigError(issues);
}
