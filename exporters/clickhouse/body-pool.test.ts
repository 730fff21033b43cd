import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createBudget } from '../../pipeline/budget.ts';
import { fakeClock } from '../../testing/clock.ts';
import { BodyPool } from './body-pool.ts';

const MIB = 1024 * 1024;

function poolOf(limitMib: number) {
  const budget = createBudget(limitMib * MIB);
  const clock = fakeClock();
  return { budget, clock, pool: new BodyPool(budget, clock) };
}

test('memory that was given back is taken again, the smallest that fits', () => {
  const { pool } = poolOf(64);
  const [small, large] = [pool.take(MIB), pool.take(8 * MIB)];
  pool.give(small.subarray(0, 10));
  pool.give(large.subarray(0, 10));
  assert.equal(pool.take(MIB).buffer, small.buffer);
  assert.equal(pool.take(MIB).buffer, large.buffer);
  assert.notEqual(pool.take(MIB).buffer, large.buffer);
});

test('memory is held once and foreign memory never', () => {
  const { pool } = poolOf(64);
  const body = pool.take(MIB);
  pool.give(body);
  pool.give(body);
  assert.equal(pool.take(MIB).buffer, body.buffer);
  assert.notEqual(pool.take(MIB).buffer, body.buffer);
  const foreign = new Uint8Array(MIB * 2);
  pool.give(foreign);
  assert.notEqual(pool.take(MIB).buffer, foreign.buffer);
});

test('the budget counts the memory for as long as the pool has it', () => {
  const { budget, pool } = poolOf(64);
  const body = pool.take(8 * MIB);
  assert.equal(budget.used, body.buffer.byteLength);
  pool.give(body);
  assert.equal(budget.used, body.buffer.byteLength);
  const larger = pool.take(10 * MIB);
  assert.equal(budget.used, larger.buffer.byteLength, 'what is too small is let go');
  assert.ok(pool.owns(larger) && !pool.owns(body));
  pool.close();
  pool.give(larger);
  assert.equal(budget.used, 0);
});

test('beyond a quarter of the budget, or in a full one, memory is ordinary', () => {
  const { budget, pool } = poolOf(64);
  assert.ok(pool.owns(pool.take(14 * MIB)));
  const used = budget.used;
  const second = pool.take(14 * MIB);
  assert.ok(second.length >= 14 * MIB && !pool.owns(second));
  assert.equal(budget.used, used);
  const full = poolOf(64);
  assert.ok(full.budget.tryReserve(63 * MIB));
  assert.equal(full.pool.owns(full.pool.take(8 * MIB)), false);
});

test('memory that nobody takes goes back after a while', async () => {
  const { budget, clock, pool } = poolOf(64);
  const body = pool.take(MIB);
  pool.give(body);
  await clock.advance(14_000);
  pool.give(pool.take(MIB));
  await clock.advance(14_000);
  assert.equal(budget.used, body.buffer.byteLength);
  await clock.advance(2_000);
  assert.equal(budget.used, 0);
});
