import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BodyPool } from './body-pool.ts';

const MIB = 1024 * 1024;

test('memory that was given back is taken again, the smallest that fits', () => {
  const pool = new BodyPool();
  const [small, large] = [pool.take(MIB), pool.take(8 * MIB)];
  pool.give(small.subarray(0, 10));
  pool.give(large.subarray(0, 10));
  assert.equal(pool.take(MIB).buffer, small.buffer);
  assert.equal(pool.take(MIB).buffer, large.buffer);
  assert.notEqual(pool.take(MIB).buffer, large.buffer);
});

test('memory is held once, foreign memory never, and no more than the limit', () => {
  const pool = new BodyPool();
  const body = pool.take(MIB);
  pool.give(body);
  pool.give(body);
  assert.equal(pool.take(MIB).buffer, body.buffer);
  assert.notEqual(pool.take(MIB).buffer, body.buffer);
  const foreign = new Uint8Array(MIB * 2);
  pool.give(foreign);
  assert.notEqual(pool.take(MIB).buffer, foreign.buffer);
  const many = [1, 2, 3].map(() => pool.take(30 * MIB));
  for (const one of many) pool.give(one);
  const kept = new Set(many.map(() => pool.take(30 * MIB).buffer));
  assert.equal(many.filter((one) => kept.has(one.buffer)).length, 1);
});
