/** Programs of others that registries have as Go sources alone. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../..');

/** Where a program is: in PEERS_DIR, or where set-up builds it; '' where it is not. */
export function peerPath(name: string): string {
  const folders = [process.env.PEERS_DIR ?? '/nonexistent', join(root, '.cache/go')];
  const paths = folders.map((folder) => join(folder, 'bin', name));
  return paths.find((path) => existsSync(path)) ?? '';
}

/** Why a test of a program that {@link peerPath} does not find is skipped. */
export function peerMissing(name: string): string {
  return `PEERS_DIR has no ${name} (WIRESTITCH_GO_CLIENTS=1 npm test builds it)`;
}
