import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { type CrashResult, countVictims, runCrash, summary, type Victim } from './crash.ts';
import { renameKill } from './processes.ts';

/** Why the engine cannot be killed at a rename here; '' when it can. */
function obstacle(): string {
  if (process.getuid?.() !== 0) return 'root is needed for strace';
  return spawnSync('strace', ['-V']).status === 0 ? '' : 'strace is not installed';
}

const noRename = obstacle();
const third: Victim = noRename === '' ? 'engine at a rename' : 'engine';
const round: readonly Victim[] = ['engine', 'gateway', third];
const victims: readonly Victim[] = [...round, ...round, ...round, 'gateway'];

let result: CrashResult | undefined;

test('ten kills of gateway and engine lose and double nothing', { timeout: 600_000 }, async (t) => {
  const seed = (Date.now() ^ process.pid) >>> 0;
  result = await runCrash({ spans: 200_000, victims, seed, log: (line) => t.diagnostic(line) });
  t.diagnostic(`seed ${seed}: ${summary(result)}`);
  assert.deepEqual(result.kills, countVictims(victims));
  assert.deepEqual(result.lost.slice(0, 10), []);
  assert.deepEqual(result.doubled.slice(0, 10), []);
  assert.deepEqual(result.invented.slice(0, 10), []);
  assert.deepEqual(result.derived, []);
  assert.ok(result.accepted >= 200_000 - result.unanswered);
});

test('three of them are at the rename of a part', (t) => {
  if (noRename !== '') return t.skip(noRename);
  assert.equal(result?.kills['engine at a rename'], 3);
});

test('strace says at which rename it killed', () => {
  const killed = '+++ killed by SIGKILL +++\n';
  const insert = 'rename("/c/store/abc/tmp_insert_20_1_1_0/", "/c/store/abc/20_1_1_0/"';
  const merge = 'rename("/c/store/abc/tmp_merge_20_1_9_1/", "/c/store/abc/20_1_9_1/"';
  const attached = 'strace: Process 7 attached with 30 threads\n';
  assert.equal(renameKill(`${attached}[pid 9] ${insert}) = 0\n`), 'none');
  assert.equal(
    renameKill(`${attached}[pid 9] ${insert} <unfinished ...>) = ?\n${killed}`),
    'insert',
  );
  assert.equal(renameKill(`${attached}${insert}) = 0\n${merge}) = ?\n${killed}`), 'other');
  assert.equal(
    renameKill(`${attached}${merge}) = 0\n${insert} <unfinished ...>\n${killed}`),
    'insert',
  );
});
