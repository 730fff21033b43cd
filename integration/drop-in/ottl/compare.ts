// node integration/drop-in/ottl/compare.ts [--record] [NAME...]
// Evaluates the same expressions in both programs and prints where they differ. --record keeps what
// the peer gave in testdata/.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findPeer } from '../lib/peer.ts';
import { startInside, startProcess } from '../lib/run.ts';
import { groups } from './cases.ts';
import { differences } from './differences.ts';
import { evaluate } from './play.ts';

const words = process.argv.slice(2).filter((word) => word !== '--record');
const record = process.argv.includes('--record');
const peer = findPeer();
if (peer === undefined) throw new Error('cannot compare: PEERS_DIR holds no Go collector');
const chosen = groups.filter(({ name }) => words.length === 0 || words.includes(name));
const theirs = await evaluate(chosen, (config, env) => startProcess([peer], config, env));
if (record) {
  const folder = join(import.meta.dirname, 'testdata');
  mkdirSync(folder, { recursive: true });
  for (const group of chosen) {
    const own = Object.entries(theirs).filter(
      ([name]) => name === group.name || name.replace(/ \d+$/, '') === group.name,
    );
    const file = join(folder, `${group.name}.json`);
    const lines = own.map(([name, results]) => {
      const rows = results.map((row) => JSON.stringify(row)).join(',\n');
      return `${JSON.stringify(name)}: [\n${rows}\n]`;
    });
    writeFileSync(file, `{\n${lines.join(',\n')}\n}\n`);
  }
}
const ours = await evaluate(chosen, startInside);
const found = differences(chosen, ours, theirs);
for (const line of found.lines) console.log(line);
console.log(
  `${found.total} results of ${chosen.length} groups: ${found.lines.length} wrong, ` +
    `${found.meant} differ as meant`,
);
process.exit(found.lines.length === 0 ? 0 : 1);
