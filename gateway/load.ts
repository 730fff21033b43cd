import { defaultProviders, loadConfig } from '../config/confmap/index.ts';
import type { ConfigIssue } from '../config/schema/issue.ts';
import type { RegistryEntry } from './components.ts';
import type { ProgramConfig } from './config/program.ts';
import { resolveConfig } from './config/resolve.ts';

/** A configuration ready to run, with what deserves a warning. */
export interface ReadyConfig {
  readonly config: ProgramConfig;
  readonly warnings: readonly ConfigIssue[];
}

/**
 * Reads, merges, expands and checks the sources of `--config`.
 * @throws ConfigError with every fault, or Error when a source cannot be read
 */
export async function readConfig(
  uris: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  entries?: readonly RegistryEntry[],
): Promise<ReadyConfig> {
  const loaded = await loadConfig(uris, defaultProviders(env));
  const { config, warnings } = await resolveConfig(loaded.root, entries);
  const early = loaded.warnings.map(({ at, message }) => ({ at, message, path: [] }));
  return { config, warnings: [...early, ...warnings] };
}
