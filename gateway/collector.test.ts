import assert from 'node:assert/strict';
import { test } from 'node:test';
import { collectEvery, createCollector, fullCollection } from './collector.ts';

test('a collection runs when unreserved bytes outside the heap have grown, after the work', () => {
  const queue: (() => void)[] = [];
  let collections = 0;
  let outside = 500;
  const collect = (): void => {
    collections += 1;
  };
  const freed = createCollector(
    160,
    () => outside,
    collect,
    (run) => queue.push(run),
  );
  freed(10, 400);
  outside = 660;
  freed(10, 401);
  assert.equal(queue.length, 0, '159 more than at first');
  outside = 661;
  freed(9, 401);
  assert.equal(queue.length, 0, 'too little was given back to look');
  freed(1, 401);
  freed(500, 0);
  assert.equal(queue.length, 1);
  assert.equal(collections, 0);
  queue.shift()?.();
  assert.equal(collections, 1);
  outside = 300;
  freed(10, 100);
  outside = 460;
  freed(10, 101);
  assert.equal(queue.length, 0, 'counted from the least since');
  freed(10, 100);
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
