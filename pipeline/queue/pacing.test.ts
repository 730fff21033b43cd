import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fakeClock, settle } from '../../testing/clock.ts';
import { Pacing } from './pacing.ts';

const mebibyte = 2 ** 20;

function pacing(mostBytes: number) {
  const clock = fakeClock();
  const paced = new Pacing(clock, mostBytes);
  const gone: number[] = [];
  const wait = (bytes: number, name: number): boolean => {
    const promise = paced.wait(bytes);
    void promise?.then(() => gone.push(name));
    return promise !== undefined;
  };
  return { clock, paced, gone, wait };
}

test('senders wait for room in the order they came', async () => {
  const { paced, gone, wait } = pacing(1000);
  paced.delivered();
  paced.took(999);
  assert.equal(wait(500, 0), false);
  paced.took(1);
  assert.deepEqual([wait(100, 1), wait(400, 2), wait(10, 3)], [true, true, true]);
  paced.gave(50);
  await settle();
  assert.deepEqual(gone, [1]);
  paced.took(100);
  paced.gave(500);
  await settle();
  assert.deepEqual(gone, [1, 2, 3]);
  assert.equal(wait(1, 4), false);
});

test('a backend that stalls lets senders go, until data flows again', async () => {
  const { clock, paced, gone, wait } = pacing(1000);
  paced.delivered();
  paced.took(2000);
  wait(1, 1);
  await clock.advance(150);
  wait(1, 2);
  await clock.advance(49);
  assert.deepEqual(gone, []);
  await clock.advance(1);
  assert.deepEqual(gone, [1, 2]);
  assert.equal(wait(1, 3), false);
  paced.delivered();
  assert.equal(wait(1, 4), true);
  paced.stop();
  await settle();
  assert.deepEqual(gone, [1, 2, 4]);
  assert.equal(clock.pending, 0);
});

test('three deliveries of the largest size may wait, 16 MiB at least', () => {
  const { paced, wait } = pacing(1000 * mebibyte);
  paced.took(15 * mebibyte);
  assert.equal(wait(1, 0), false);
  paced.sends([{ bytes: 6 * mebibyte }, { bytes: 4 * mebibyte }]);
  paced.took(14 * mebibyte);
  assert.equal(wait(1, 0), false);
  paced.took(mebibyte);
  assert.equal(wait(1, 0), true);
});
