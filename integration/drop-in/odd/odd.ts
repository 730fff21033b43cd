// node integration/drop-in/odd/odd.ts [--record] [FILE...]
// Asks both programs about the odd configurations (of cases/FILE.yaml) and prints where they do not
// say what the case says. --record keeps what the peer said in recorded.json.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findPeer } from '../lib/peer.ts';
import type { Verdict } from '../lib/verdict.ts';
import { askInside, askProgram } from './ask.ts';
import { oddCases } from './cases.ts';
import { faultOf, readRecorded, recordedFile } from './recorded.ts';

const peer = findPeer();
if (peer === undefined) throw new Error('cannot compare: PEERS_DIR holds no Go collector');
const files = process.argv.slice(2).filter((word) => word !== '--record');
const folder = mkdtempSync(join(tmpdir(), 'wirestitch-odd-'));
const recorded: Record<string, Verdict & { readonly hash: string }> = { ...readRecorded() };
let wrong = 0;
const cases = oddCases(files);
for (const one of cases) {
  const [ours, theirs] = await Promise.all([
    askInside(one, join(folder, 'ours')),
    askProgram([peer], one, join(folder, 'theirs')),
  ]);
  rmSync(folder, { recursive: true, force: true });
  recorded[one.name] = { hash: one.hash, ...theirs };
  const fault = faultOf(one, ours, theirs);
  if (fault === '') continue;
  wrong += 1;
  console.log(`${one.name}\n  ${fault}`);
}
if (process.argv.includes('--record')) {
  const known = new Set(oddCases().map(({ name }) => name));
  const kept = Object.entries(recorded).filter(([name]) => known.has(name));
  const sorted = Object.fromEntries(kept.sort(([a], [b]) => (a < b ? -1 : 1)));
  writeFileSync(recordedFile, `${JSON.stringify(sorted, null, 1)}\n`);
}
console.log(`${cases.length} configurations, ${wrong} wrong`);
process.exitCode = wrong === 0 ? 0 : 1;
