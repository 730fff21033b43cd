import assert from 'node:assert/strict';
import { test } from 'node:test';
import { layOut } from './layout.ts';
import { type Sketch, sketches, traceId } from './testing/spans.ts';

/** `name:from-to` of each stretch, by time. */
function path(list: readonly Sketch[]): string {
  const { layout } = layOut({ traceId, spans: sketches(list), truncated: false }, false);
  const { critical, texts, name } = layout;
  return Array.from(critical.row, (row, i) => {
    return `${texts[name[row]!]}:${critical.startNs[i]}-${critical.endNs[i]}`;
  }).join(' ');
}

const root: Sketch = { id: 1, from: 0, to: 100, name: 'r' };
const child = (name: string, from: number, to: number, parent = 1): Sketch => {
  return { id: Number.parseInt(name, 36), parent, from, to, name };
};

test('one after the other: all of them, and what lies between', () => {
  assert.equal(path([root]), 'r:0-100');
  assert.equal(
    path([root, child('b', 10, 40), child('c', 50, 90)]),
    'r:0-10 b:10-40 r:40-50 c:50-90 r:90-100',
  );
  assert.equal(path([root, child('b', 0, 50), child('c', 50, 100)]), 'b:0-50 c:50-100');
});

test('side by side: the one that finished last', () => {
  assert.equal(path([root, child('b', 10, 70), child('c', 20, 90)]), 'r:0-20 c:20-90 r:90-100');
  const three = [root, child('b', 5, 15), child('c', 10, 60), child('d', 30, 90)];
  assert.equal(path(three), 'r:0-5 b:5-15 r:15-30 d:30-90 r:90-100');
});

test('children of children', () => {
  const list = [root, child('b', 10, 90), child('c', 20, 80, 11), child('d', 85, 95, 11)];
  assert.equal(path(list), 'r:0-10 b:10-20 c:20-80 b:80-85 d:85-90 r:90-100');
});

test('only what lies within the parent counts', () => {
  assert.equal(path([root, child('b', -20, 30), child('c', 60, 150)]), 'b:20-50 r:50-80 c:80-120');
  assert.equal(path([root, child('b', 100, 150), child('c', 40, 40)]), 'r:0-100');
});
