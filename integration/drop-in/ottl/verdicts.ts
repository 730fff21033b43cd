// node integration/drop-in/ottl/verdicts.ts [--record]
// Asks both programs whether they take expressions, and prints where they disagree. --record keeps
// what the peer said in testdata/verdicts.json.
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findPeer } from '../lib/peer.ts';
import { verdictCases } from './cases/verdicts.ts';
import { refusal, verdictConfig } from './refusal.ts';

const peer = findPeer();
if (peer === undefined) throw new Error('cannot compare: PEERS_DIR holds no Go collector');
const recorded: Record<string, string | null> = {};
let wrong = 0;
for (const expression of verdictCases) {
  const { status, stderr } = spawnSync(
    peer,
    ['validate', '--config', `yaml:${verdictConfig(expression)}`],
    { encoding: 'utf8' },
  );
  const theirs = status === 0 ? null : (stderr.split('\n').find((l) => l !== '') ?? stderr);
  recorded[expression] = theirs;
  const ours = await refusal(expression);
  if ((ours === null) === (theirs === null)) continue;
  wrong += 1;
  console.log(`${expression}\n  here ${ours ?? 'taken'}\n  peer ${theirs ?? 'taken'}`);
}
if (process.argv.includes('--record')) {
  const file = join(import.meta.dirname, 'testdata/verdicts.json');
  writeFileSync(file, `${JSON.stringify(recorded, null, 1)}\n`);
}
console.log(`${verdictCases.length} expressions, ${wrong} disagreements`);
process.exit(wrong === 0 ? 0 : 1);
