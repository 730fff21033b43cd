import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  bytesOutside,
  collectEvery,
  collections,
  createCollector,
  createIdleShrink,
} from './collector.ts';

function recorded(everyBytes: number) {
  const queue: (() => void)[] = [];
  const runs: string[] = [];
  const state = { outside: 500 };
  const kinds = { minor: () => runs.push('minor'), full: () => runs.push('full') };
  const { freed, wanted } = createCollector(
    everyBytes,
    () => state.outside,
    kinds,
    (run) => queue.push(run),
  );
  const work = (): string[] => {
    queue.shift()?.();
    return runs.splice(0);
  };
  return { queue, runs, state, freed, wanted, work };
}

test('unreserved bytes outside the heap that grow start a minor collection, after the work', () => {
  const { queue, runs, state, freed, work } = recorded(160);
  freed(20, 400);
  state.outside = 620;
  freed(20, 401);
  assert.equal(queue.length, 0, '119 more than at first');
  freed(19, 0);
  assert.equal(queue.length, 0, 'too little was given back to look');
  freed(1, 400);
  freed(500, 0);
  assert.equal(queue.length, 1);
  assert.deepEqual(runs, []);
  assert.deepEqual(work(), ['minor']);
});

test('what a minor collection leaves leads to a full one, counted from the least since', () => {
  const { queue, state, freed, work } = recorded(160);
  freed(20, 500);
  state.outside = 650;
  freed(20, 500);
  assert.deepEqual(work(), ['minor']);
  state.outside = 739;
  freed(20, 500);
  assert.equal(queue.length, 0);
  state.outside = 740;
  freed(20, 500);
  assert.deepEqual(work(), ['full']);
  state.outside = 510;
  freed(20, 500);
  state.outside = 629;
  freed(20, 500);
  assert.equal(queue.length, 0);
  freed(20, 499);
  assert.deepEqual(work(), ['minor']);
});

test('memory that is wanted where garbage fills what is free: a full collection at once', () => {
  const { queue, runs, state, freed, wanted } = recorded(160);
  freed(20, 400);
  state.outside = 659;
  wanted(0, 400);
  assert.deepEqual(runs, [], '159 of garbage are below the bound');
  state.outside = 660;
  wanted(160, 400);
  assert.deepEqual(runs, [], 'free memory has room for the garbage');
  wanted(159, 400);
  assert.deepEqual(runs, ['full']);
  assert.equal(queue.length, 0);
});

test('small budgets are collected sooner', () => {
  assert.equal(collectEvery(64 * 2 ** 20), 8 * 2 ** 20);
  assert.equal(collectEvery(2 ** 30), 64 * 2 ** 20);
});

test('an idle process is shrunk once, a busy one not', () => {
  let runs = 0;
  let tick = (): void => {};
  const busy = createIdleShrink(
    () => runs++,
    (_, run) => {
      tick = run;
    },
  );
  for (const expected of [1, 1]) {
    tick();
    assert.equal(runs, expected);
  }
  for (const expected of [1, 1]) {
    busy();
    tick();
    assert.equal(runs, expected);
  }
  for (const expected of [2, 2]) {
    tick();
    assert.equal(runs, expected);
  }
});

test('collections free memory outside the heap', async () => {
  const { minor, full, shrink } = collections();
  full();
  for (const collect of [minor, full, shrink]) {
    const before = bytesOutside();
    (() => Buffer.allocUnsafeSlow(64 * 2 ** 20).fill(1))();
    collect();
    // V8 frees on another thread
    for (let i = 0; i < 1000 && bytesOutside() - before > 32 * 2 ** 20; i += 1) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    assert.ok(bytesOutside() - before < 32 * 2 ** 20);
  }
});
