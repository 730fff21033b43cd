import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { runCrash, summary, type Victim } from './crash.ts';

const strace = spawnSync('strace', ['-V']).status === 0;
const atRename: Victim = strace && process.getuid?.() === 0 ? 'engine at a rename' : 'engine';

test('ten kills of gateway and engine lose and double nothing', { timeout: 600_000 }, async (t) => {
  if (atRename === 'engine') t.diagnostic('no strace as root: no kill at a rename');
  const seed = (Date.now() ^ process.pid) >>> 0;
  const result = await runCrash({
    spans: 200_000,
    victims: [
      'engine',
      'gateway',
      atRename,
      'engine',
      'gateway',
      atRename,
      'gateway',
      'engine',
      atRename,
      'gateway',
    ],
    seed,
    log: (line) => t.diagnostic(line),
  });
  t.diagnostic(`seed ${seed}: ${summary(result)}`);
  assert.deepEqual(result.lost.slice(0, 10), []);
  assert.deepEqual(result.doubled.slice(0, 10), []);
  assert.deepEqual(result.invented.slice(0, 10), []);
  assert.deepEqual(result.derived, []);
  assert.ok(result.accepted >= 200_000 - result.unanswered);
});
