// node integration/drop-in/verdicts.ts [--record] [FOLDER...]
// Asks both programs about every configuration in the folders (default: all of verdicts/) and prints
// where they disagree. --record keeps what the peer said in verdicts/recorded.json.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Case, casesIn, type Recorded, readRecorded, recordedFile } from './lib/corpus.ts';
import { componentsOf, findPeer } from './lib/peer.ts';
import { ask, names, type Verdict } from './lib/verdict.ts';

const ours = [process.execPath, join(import.meta.dirname, '../../gateway/main.ts')];
const folders = process.argv.slice(2).filter((word) => word !== '--record');
const record = process.argv.includes('--record');
const peer = findPeer();
if (peer === undefined) throw new Error('cannot compare: PEERS_DIR holds no Go collector');
const known = componentsOf(peer);

/** What is wrong with a case, '' when both programs say what the file expects. */
function fault(one: Case, mine: Verdict, theirs: Verdict | undefined): string {
  const of = (who: string, verdict: Verdict): string => {
    if (verdict.accepted !== one.accepts) {
      return `${who} ${verdict.accepted ? 'accepts' : `refuses:\n    ${verdict.says.replaceAll('\n', '\n    ')}`}`;
    }
    if (one.accepts || names(verdict, one.names)) return '';
    return `${who} refuses without ${JSON.stringify(one.names)}:\n    ${verdict.says.replaceAll('\n', '\n    ')}`;
  };
  return [of('ours', mine), theirs === undefined ? '' : of('peer', theirs)]
    .filter(Boolean)
    .join('\n  ');
}

const scratch = mkdtempSync(join(tmpdir(), 'wirestitch-verdicts-'));
const recorded: Record<string, Recorded> = { ...readRecorded() };
const totals = { cases: 0, agreed: 0, alone: 0, wrong: 0 };
const file = join(scratch, 'case.yaml');
for (const one of casesIn(folders)) {
  totals.cases += 1;
  writeFileSync(file, one.text);
  const alone = one.component !== '' && !known.has(one.component) ? 'absent' : one.alone;
  const [mine, theirs] = await Promise.all([
    ask(ours, file, one.env),
    alone === '' ? ask([peer], file, one.env) : undefined,
  ]);
  const wrong = fault(one, mine, theirs);
  if (theirs === undefined) totals.alone += 1;
  else if (wrong === '') totals.agreed += 1;
  if (wrong !== '') {
    totals.wrong += 1;
    console.log(`${one.name}\n  ${wrong}`);
  }
  if (record && theirs !== undefined) recorded[one.name] = { hash: one.hash, ...theirs };
}
rmSync(scratch, { recursive: true, force: true });
if (record) {
  const sorted = Object.fromEntries(Object.entries(recorded).sort(([a], [b]) => (a < b ? -1 : 1)));
  writeFileSync(recordedFile, `${JSON.stringify(sorted, null, 1)}\n`);
}
console.log(
  `${totals.cases} configurations: ${totals.agreed} same verdict and key, ${totals.alone} without a peer, ${totals.wrong} wrong`,
);
process.exitCode = totals.wrong === 0 ? 0 : 1;
