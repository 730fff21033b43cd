// node integration/telemetry-names/names.ts [--record] [SCENARIO...]
// Runs both programs on each scenario and level and prints where names, kinds, units, scopes and
// attributes of their own metrics differ. --record keeps what the peer told.
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { findPeer } from '../drop-in/lib/peer.ts';
import { differences } from './compare.ts';
import {
  type Level,
  listen,
  type Outcome,
  readScenario,
  recordedFile,
  startHere,
  startPeer,
} from './lib.ts';

const words = process.argv.slice(2).filter((word) => !word.startsWith('--'));
const record = process.argv.includes('--record');
const all = globSync('*.yaml', { cwd: join(import.meta.dirname, 'testdata') }).map((file) =>
  basename(file, '.yaml'),
);
const peer = findPeer();
if (record && peer === undefined) throw new Error('cannot record: PEERS_DIR holds no Go collector');

let wrong = 0;
for (const name of words.length > 0 ? words : all.sort()) {
  const scenario = readScenario(name);
  const theirs: Partial<Record<Level, Outcome>> = record
    ? {}
    : (JSON.parse(readFileSync(recordedFile(name), 'utf8')) as Partial<Record<Level, Outcome>>);
  for (const level of scenario.levels) {
    if (record) theirs[level] = await listen(scenario, level, startPeer(peer!));
    const mine = await listen(scenario, level, startHere);
    const found = differences(mine, theirs[level]!);
    wrong += found.length;
    console.log(`${name} ${level}: ${found.length} differences`);
    for (const line of found) console.log(`  ${line}`);
  }
  if (record) writeFileSync(recordedFile(name), `${JSON.stringify(theirs, null, 1)}\n`);
}
process.exit(wrong === 0 ? 0 : 1);
