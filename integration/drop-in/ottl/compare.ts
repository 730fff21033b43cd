// node integration/drop-in/ottl/compare.ts [--record | --seed N] [NAME...]
// Evaluates the same expressions in both programs and prints where they differ. --record keeps what
// the peer gave in testdata/; --seed takes other nested expressions instead.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { findPeer } from '../lib/peer.ts';
import { startInside, startProcess } from '../lib/run.ts';
import { randomGroup } from './cases/random.ts';
import { groups } from './cases.ts';
import { differences } from './differences.ts';
import { evaluate } from './play.ts';

const { values, positionals: words } = parseArgs({
  options: { record: { type: 'boolean' }, seed: { type: 'string' } },
  allowPositionals: true,
});
const { record, seed } = values;
const peer = findPeer();
if (peer === undefined) throw new Error('cannot compare: PEERS_DIR holds no Go collector');
const chosen =
  seed === undefined
    ? groups.filter(({ name }) => words.length === 0 || words.includes(name))
    : [randomGroup('Seed', Number(seed), 400)];
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
