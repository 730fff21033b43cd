// node integration/k8s/behaviour.ts [--record] [FOLDER...]
// Sends the same data through both programs, which follow the same replayed cluster, and prints
// where what comes out differs; --record keeps what came out of the Go collector in expected.json.
import { deepStrictEqual } from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findPeer } from '../drop-in/lib/peer.ts';
import { startInside, startProcess } from '../drop-in/lib/run.ts';
import { play } from '../drop-in/lib/scenario.ts';
import { scenarios, startCluster } from './cluster.ts';

const folders = process.argv.slice(2).filter((word) => word !== '--record');
const record = process.argv.includes('--record');
const peer = findPeer();
if (peer === undefined) throw new Error('cannot compare: PEERS_DIR holds no Go collector');

const cluster = await startCluster();
const { KUBECONFIG } = cluster.env;
process.env.KUBECONFIG = KUBECONFIG;
let wrong = 0;
let same = 0;
for (const scenario of scenarios(folders)) {
  try {
    const theirs = await play(scenario, (config, env) =>
      startProcess([peer], config, { ...env, ...cluster.env }),
    );
    if (record) {
      const file = join(scenario.folder, 'expected.json');
      writeFileSync(file, `${JSON.stringify(theirs, null, 1)}\n`);
    }
    deepStrictEqual(await play(scenario, startInside), theirs);
    same += 1;
  } catch (error) {
    wrong += 1;
    console.log(`${scenario.name}\n${error instanceof Error ? error.message : String(error)}\n`);
  }
}
await cluster.stop();
console.log(`${same + wrong} scenarios: ${same} same, ${wrong} wrong`);
process.exit(wrong === 0 ? 0 : 1);
