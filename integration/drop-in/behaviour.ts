// node integration/drop-in/behaviour.ts [--record] [FOLDER...]
// Sends the same data through both programs and prints where what comes out differs. --record keeps
// what came out of the peer in the scenario's expected.json.
import { deepStrictEqual } from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { componentsOf, findPeer } from './lib/peer.ts';
import { startInside, startProcess } from './lib/run.ts';
import { play, type Start, scenariosIn } from './lib/scenario.ts';

const folders = process.argv.slice(2).filter((word) => word !== '--record');
const record = process.argv.includes('--record');
const peer = findPeer();
if (peer === undefined) throw new Error('cannot compare: PEERS_DIR holds no Go collector');
const known = componentsOf(peer);
const totals = { scenarios: 0, same: 0, alone: 0, wrong: 0 };

for (const scenario of scenariosIn(folders)) {
  totals.scenarios += 1;
  if (scenario.alone !== '' || !known.has(scenario.component)) {
    totals.alone += 1;
    continue;
  }
  try {
    const start: Start = (config, env, gates) => startProcess([peer], config, env, gates);
    const mine = play(scenario, startInside).catch((error: unknown) => error);
    const theirs = await play(scenario, start);
    const ours = await mine;
    if (record)
      writeFileSync(join(scenario.folder, 'expected.json'), `${JSON.stringify(theirs, null, 1)}\n`);
    deepStrictEqual(ours, theirs);
    totals.same += 1;
  } catch (error) {
    totals.wrong += 1;
    console.log(`${scenario.name}\n${error instanceof Error ? error.message : String(error)}\n`);
  }
}
console.log(
  `${totals.scenarios} scenarios: ${totals.same} same, ${totals.alone} without a peer, ${totals.wrong} wrong`,
);
process.exit(totals.wrong === 0 ? 0 : 1);
