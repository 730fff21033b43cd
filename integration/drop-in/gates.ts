// node integration/drop-in/gates.ts
// Writes what the Go collector's `featuregate` lists to gates.json.
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findPeer } from './lib/peer.ts';

const peer = findPeer();
if (peer === undefined) throw new Error('cannot ask: PEERS_DIR holds no Go collector');
const { stdout } = spawnSync(peer, ['featuregate'], { encoding: 'utf8' });
const rows = stdout
  .split('\n')
  .slice(1)
  .flatMap((line) => {
    const [id, enabled, stage] = line.trim().split(/\s+/);
    return id === undefined || id === '' ? [] : [[id, { enabled: enabled === 'true', stage }]];
  });
const file = join(import.meta.dirname, 'gates.json');
writeFileSync(file, `${JSON.stringify(Object.fromEntries(rows), null, 1)}\n`);
