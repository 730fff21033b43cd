import assert from 'node:assert/strict';
import { test } from 'node:test';
import { collectEvery, createCollector, fullCollection } from './collector.ts';

test('a collection runs once per amount of freed bytes, after the current work', () => {
  const queue: (() => void)[] = [];
  let collections = 0;
  const freed = createCollector(
    100,
    () => {
      collections += 1;
    },
    (run) => queue.push(run),
  );
  for (let i = 0; i < 9; i += 1) freed(10);
  assert.equal(queue.length, 0);
  freed(10);
  freed(500);
  assert.equal(queue.length, 1);
  assert.equal(collections, 0);
  queue.shift()?.();
  assert.equal(collections, 1);
  freed(99);
  assert.equal(queue.length, 0);
  freed(1);
  assert.equal(queue.length, 1);
});

test('small budgets are collected sooner', () => {
  assert.equal(collectEvery(64 * 2 ** 20), 8 * 2 ** 20);
  assert.equal(collectEvery(2 ** 30), 64 * 2 ** 20);
});

test('a full collection frees memory outside the heap', () => {
  const collect = fullCollection();
  collect();
  const before = process.memoryUsage().arrayBuffers;
  (() => Buffer.allocUnsafeSlow(64 * 2 ** 20).fill(1))();
  collect();
  assert.ok(process.memoryUsage().arrayBuffers - before < 32 * 2 ** 20);
});
