import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fakeClock, settle } from '../testing/clock.ts';
import { Pause } from './pause.ts';

test('a wait ends in time, or for all at once before', async () => {
  const clock = fakeClock();
  const pause = new Pause(clock);
  const done: string[] = [];
  const wait = (name: string, ms: number) => void pause.wait(ms).then(() => done.push(name));
  wait('short', 10);
  await clock.advance(9);
  assert.deepEqual(done, []);
  await clock.advance(1);
  assert.deepEqual(done, ['short']);
  wait('long', 1000);
  wait('longer', 2000);
  pause.end();
  await settle();
  assert.deepEqual(done, ['short', 'long', 'longer']);
  assert.equal(clock.pending, 0);
  pause.end();
});
