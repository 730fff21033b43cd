import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { atOnce, inTurns, Pace, type Steps, sorted } from './steps.ts';

function* counting(done: number[], to: number): Steps<string> {
  const pace = new Pace();
  for (let i = 1; i <= to; i++) {
    done.push(i);
    if (pace.due(1_000)) yield;
  }
  return 'all';
}

test('between two steps others have their turn', async () => {
  const done: number[] = [];
  const seen: number[] = [];
  let working = true;
  const look = (): void => {
    seen.push(done.length);
    if (working) setImmediate(look);
  };
  setImmediate(look);
  assert.equal(await inTurns(counting(done, 40)), 'all');
  working = false;
  assert.equal(done.length, 40);
  assert.ok(seen.length >= 9, `${seen.length} turns`);
  assert.equal(atOnce(counting(done, 3)), 'all');
});

test('work that nobody wants any more ends at the next turn', async () => {
  const done: number[] = [];
  const stop = new AbortController();
  const working = inTurns(counting(done, 1_000), stop.signal);
  stop.abort(new Error('gone'));
  await assert.rejects(working, /gone/);
  assert.ok(done.length < 10);
});

test('items are sorted as by sort', () => {
  const item = fc.record({ key: fc.nat(50), n: fc.nat() });
  const byKey = (a: { key: number }, b: { key: number }) => a.key - b.key;
  fc.assert(
    fc.property(fc.array(item, { maxLength: 40 }), fc.nat(4_000), (few, more) => {
      const items = Array.from({ length: few.length * more }, (_, i) => ({
        ...few[(i * 7919) % few.length]!,
        n: i,
      }));
      assert.deepEqual(atOnce(sorted(items, byKey)), items.toSorted(byKey));
    }),
    { numRuns: 20 },
  );
  assert.deepEqual(atOnce(sorted([], () => 0)), []);
});
