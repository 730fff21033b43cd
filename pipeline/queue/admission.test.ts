import assert from 'node:assert/strict';
import { test } from 'node:test';
import { background } from '../../component/consumer.ts';
import { fakeClock } from '../../testing/clock.ts';
import { Admission } from './admission.ts';

test('when the first in line gives up, those behind it that fit come in', async () => {
  const clock = fakeClock();
  const admission = new Admission(clock, 10, true);
  assert.equal(admission.enter(5, background), undefined);
  const large = admission.enter(10, { ...background, deadlineMs: clock.monotonicMs() + 100 });
  const small = admission.enter(3, background);
  let admitted = false;
  void small?.then(() => {
    admitted = true;
  });
  const refused = assert.rejects(Promise.resolve(large), /sending queue is full/);
  await clock.advance(99);
  assert.equal(admitted, false);
  await clock.advance(1);
  await refused;
  assert.equal(admitted, true);
  assert.equal(admission.size, 8);
});
