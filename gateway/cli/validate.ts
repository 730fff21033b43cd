import { readConfig } from '../load.ts';
import type { Sources } from './sources.ts';

/**
 * Checks a configuration as far as that goes without starting anything.
 * @throws ConfigError with every fault
 */
export async function validateConfig({ uris, gates }: Sources): Promise<void> {
  await readConfig(uris, process.env, { gates, checkOnly: true });
}
