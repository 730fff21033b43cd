/** The Go collector that the program is compared with. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** Path of the peer with the most components that PEERS_DIR holds, undefined without one. */
export function findPeer(): string | undefined {
  const folder = process.env.PEERS_DIR;
  if (folder === undefined || folder === '') return undefined;
  return ['otelcol-dropin', 'otelcol', 'otelcol-lite']
    .map((name) => join(folder, 'bin', name))
    .find((path) => existsSync(path));
}

/** Types of a peer's components, `kind-type`, newest names. */
export function componentsOf(peer: string): ReadonlySet<string> {
  const { stdout } = spawnSync(peer, ['components'], { encoding: 'utf8' });
  const found = new Set<string>();
  let kind = '';
  for (const line of stdout.split('\n')) {
    const section = /^([a-z]+)s:/.exec(line);
    if (section !== null) kind = section[1]!;
    const name = /^\s+- name: (\S+)/.exec(line);
    if (name !== null) found.add(`${kind}-${name[1]!}`);
  }
  return found;
}
