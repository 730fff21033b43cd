import assert from 'node:assert/strict';
import test from 'node:test';
import { until } from './until.ts';

test('a wait ends when it is so, and fails with what it waited for', async () => {
  let asked = 0;
  await until(async () => {
    asked += 1;
    if (asked === 1) throw new Error('not yet');
    return asked === 3;
  });
  assert.equal(asked, 3);
  await assert.rejects(
    until(() => false, 'the moon', 5),
    /not within 5 ms: the moon/,
  );
});
