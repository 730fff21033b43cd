import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Pace } from './pace.ts';

test('looks follow what comes', () => {
  const pace = new Pace();
  assert.equal(pace.next(0), 200);
  // Little: a look has something to do, and no more looks than that.
  assert.equal(pace.next(200 << 10), 200);
  // 25 MB/s: looks so often that each has about 1 MiB.
  assert.equal(pace.next(5 << 20), 40);
  assert.equal(pace.next(1 << 20), 40);
  assert.equal(pace.next(100 << 20), 10);
  assert.equal(pace.next(512 << 10), 20);
  assert.equal(pace.next(512 << 10), 40);
});
