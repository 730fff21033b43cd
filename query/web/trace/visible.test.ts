import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { layOut } from './layout.ts';
import { type Sketch, sketches, traceId } from './testing/spans.ts';
import { locate, nearestMatches, visibleRows } from './visible.ts';

//  0 root
//  1   a
//  2     b
//  3     c
//  4   d
//  5     e
const list: Sketch[] = [
  { id: 1, from: 0, to: 100 },
  { id: 2, parent: 1, from: 1, to: 40 },
  { id: 3, parent: 2, from: 2, to: 20 },
  { id: 4, parent: 2, from: 21, to: 39 },
  { id: 5, parent: 1, from: 50, to: 95 },
  { id: 6, parent: 5, from: 51, to: 52 },
];
const { layout } = layOut({ traceId, spans: sketches(list), truncated: false }, false);
const matches = (...rows: number[]) => {
  const row = new Uint8Array(layout.count);
  for (const i of rows) row[i] = 1;
  return { row, total: rows.length };
};
const tree = (collapse: { depth?: number; toggled: number[] }, ...only: number[]) =>
  visibleRows(layout, {
    order: 'tree',
    collapse,
    only: only.length === 0 ? undefined : matches(...only),
  });

test('what is shut hides what is below', () => {
  assert.deepEqual([...tree({ toggled: [] }).rows], [0, 1, 2, 3, 4, 5]);
  assert.deepEqual([...tree({ toggled: [1] }).rows], [0, 1, 4, 5]);
  assert.deepEqual([...tree({ depth: 1, toggled: [] }).rows], [0, 1, 4]);
  assert.deepEqual([...tree({ depth: 1, toggled: [4, 5, 99] }).rows], [0, 1, 4, 5]);
  assert.deepEqual([...tree({ toggled: [0] }).rows], [0]);
});

test('only matches, with what is above them', () => {
  assert.deepEqual([...tree({ toggled: [] }, 5).rows], [0, 4, 5]);
  assert.deepEqual([...tree({ toggled: [4] }, 5, 3).rows], [0, 1, 3, 4]);
});

test('flat orders', () => {
  const flat = (order: 'duration' | 'self' | 'start', only?: ReturnType<typeof matches>) => [
    ...visibleRows(layout, { order, collapse: { toggled: [0] }, only }).rows,
  ];
  assert.deepEqual(flat('duration'), [0, 4, 1, 2, 3, 5]);
  assert.deepEqual(flat('start'), [0, 1, 2, 3, 4, 5]);
  assert.deepEqual(flat('self')[0], 4);
  assert.deepEqual(flat('duration', matches(3, 5)), [3, 5]);
});

test('where a row is, or what hides it', () => {
  const shut = tree({ depth: 0, toggled: [] });
  assert.deepEqual(locate(layout, shut, 0), { position: 0, hiddenBy: [] });
  assert.deepEqual(locate(layout, shut, 3), { position: -1, hiddenBy: [0, 1] });
  assert.deepEqual(locate(layout, tree({ toggled: [1] }), 5), { position: 3, hiddenBy: [] });
});

test('matches outside of a window, seen or hidden', () => {
  const near = (visible: ReturnType<typeof tree>, from: number, to: number) =>
    nearestMatches(layout, visible, matches(0, 3, 5), { from, to });
  assert.deepEqual(near(tree({ toggled: [] }), 1, 2), { previous: 0, next: 3 });
  assert.deepEqual(near(tree({ toggled: [] }), 4, 6), { previous: 3, next: null });
  assert.deepEqual(near(tree({ toggled: [1] }), 2, 3), { previous: 1, next: 3 });
});

test('any collapse: a row is seen just when nothing above it is shut', () => {
  const collapse = fc.record({
    depth: fc.integer({ min: 0, max: 4 }),
    toggled: fc.uniqueArray(fc.integer({ min: 0, max: 6 })),
  });
  fc.assert(
    fc.property(collapse, (given) => {
      const visible = tree(given);
      for (let i = 0; i < layout.count; i++) {
        const { position, hiddenBy } = locate(layout, visible, i);
        assert.equal(position === -1, hiddenBy.length > 0);
      }
    }),
    { numRuns: 200 },
  );
});
