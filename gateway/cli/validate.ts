import { readConfig } from '../load.ts';

/**
 * Checks a configuration as far as that goes without starting anything.
 * @throws ConfigError with every fault
 */
export async function validateConfig(uris: readonly string[]): Promise<void> {
  await readConfig(uris, process.env);
}
