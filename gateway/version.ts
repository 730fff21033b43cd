import { readFileSync } from 'node:fs';
import type { BuildInfo } from '../component/settings.ts';

/** Command and version as package.json has them. */
export function readBuildInfo(): BuildInfo {
  const file = new URL('../package.json', import.meta.url);
  const { version } = JSON.parse(readFileSync(file, 'utf8')) as { version: string };
  return { command: 'wirestitch', version };
}
