import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createBudget, largeBytes } from './budget.ts';

function watched(limit: number) {
  const freed: [bytes: number, reserved: number][] = [];
  const wanted: [free: number, reserved: number][] = [];
  const budget = createBudget(limit, {
    freed: (...told) => freed.push(told),
    wanted: (...told) => wanted.push(told),
  });
  return { budget, freed, wanted };
}

test('native memory counts in the budget, but not as ArrayBuffers', () => {
  const { budget, freed } = watched(100);
  assert.ok(budget.tryReserve(60, true));
  assert.ok(budget.tryReserve(30));
  assert.equal(budget.tryReserve(11), false);
  assert.throws(() => budget.release(31), /BUG/);
  budget.release(10);
  budget.release(60, true);
  assert.equal(budget.used, 20);
  assert.deepEqual(freed, [
    [10, 20],
    [60, 20],
  ]);
});

test('large memory is told before it is taken, and only if there is room for it', () => {
  const { budget, wanted } = watched(4 * largeBytes);
  assert.ok(budget.tryReserve(largeBytes - 1));
  assert.deepEqual(wanted, []);
  assert.ok(budget.tryReserve(2 * largeBytes, true));
  assert.ok(budget.tryReserve(largeBytes));
  assert.equal(budget.tryReserve(largeBytes), false);
  assert.deepEqual(wanted, [
    [largeBytes + 1, largeBytes - 1],
    [1, largeBytes - 1],
  ]);
});
