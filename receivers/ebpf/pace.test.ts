import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Pace } from './pace.ts';

test('looks follow what comes', () => {
  const pace = new Pace();
  for (let i = 0; i < 20; i++) assert.equal(pace.next(0), 10);
  assert.equal(pace.next(0), 50);
  // Little: a look has something to do, and no more looks than that.
  assert.equal(pace.next(50 << 10), 50);
  // 25 MB/s: looks as often as may be, then less often.
  assert.equal(pace.next(1280 << 10), 10);
  assert.equal(pace.next(128 << 10), 20);
  assert.equal(pace.next(128 << 10), 40);
  // A program began: short ones are gone soon.
  pace.began();
  assert.equal(pace.next(0), 10);
});
