import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { RedSum } from '../../../storage/services/bands.ts';
import type { ServiceEdge, ServiceNode } from '../../../storage/services/model.ts';
import { type PartOptions, partOf } from './neighbourhood.ts';

function red(calls: number, errors: number): RedSum {
  const sum = new RedSum();
  sum.addBands(calls, errors, [], []);
  return sum;
}

const node = (id: string, calls = 1, errors = 0): ServiceNode => ({
  id,
  type: 'service',
  name: id,
  system: '',
  instrumented: true,
  measure: 'requests',
  red: red(calls, errors),
});

const edge = (from: string, to: string, errors = 0): ServiceEdge => ({
  from,
  to,
  source: 'trace',
  red: red(1, errors),
  protocols: [],
});

const usual: PartOptions = { focus: '', hops: 2, limit: 60, errorsOnly: false };

/** a -> b -> c -> d, x -> c, and alone. */
const chain = {
  nodes: ['c', 'b', 'a', 'd', 'x', 'alone'].map((id, i) => node(id, 9 - i)),
  edges: [edge('a', 'b'), edge('b', 'c', 1), edge('c', 'd'), edge('x', 'c')],
};

const shown = (options: Partial<PartOptions>) => {
  const { nodes, edges, cut } = partOf(chain, { ...usual, ...options });
  const arrows = edges.map(({ from, to }) => from + to);
  return [nodes.map(({ id }) => id).join(' '), arrows.join(' '), cut];
};

test('without a focus everything, as it was ordered', () => {
  assert.deepEqual(shown({}), ['c b a d x alone', 'ab bc cd xc', 0]);
  assert.deepEqual(shown({ limit: 3 }), ['c b a', 'ab bc', 3]);
});

test('around a node both ways, so many hops, nearest first', () => {
  assert.deepEqual(shown({ focus: 'a', hops: 1 }), ['a b', 'ab', 0]);
  assert.deepEqual(shown({ focus: 'b', hops: 1 }), ['b c a', 'ab bc', 0]);
  assert.deepEqual(shown({ focus: 'a', hops: 3 }), ['a b c d x', 'ab bc cd xc', 0]);
  assert.deepEqual(shown({ focus: 'a', hops: 3, limit: 3 }), ['a b c', 'ab bc', 2]);
  assert.deepEqual(shown({ focus: 'alone' }), ['alone', '', 0]);
  assert.deepEqual(shown({ focus: 'nobody' }), ['', '', 0]);
});

test('only errors: edges with errors, and who has errors', () => {
  assert.deepEqual(shown({ errorsOnly: true }), ['c b', 'bc', 0]);
  assert.deepEqual(shown({ errorsOnly: true, focus: 'b' }), ['b c', 'bc', 0]);
  assert.deepEqual(shown({ errorsOnly: true, focus: 'a' }), ['a', '', 0]);
  const failing = { nodes: [node('f', 2, 2), node('g')], edges: [] };
  const { nodes } = partOf(failing, { ...usual, errorsOnly: true });
  assert.deepEqual(
    nodes.map(({ id }) => id),
    ['f'],
  );
});

test('any part is within its limit, and its edges end on it', () => {
  const id = fc.integer({ min: 0, max: 30 }).map(String);
  const options = fc.record({
    focus: fc.oneof(fc.constant(''), id),
    hops: fc.integer({ min: 1, max: 3 }),
    limit: fc.integer({ min: 1, max: 20 }),
    errorsOnly: fc.boolean(),
  });
  const edges = fc.array(fc.tuple(id, id, fc.integer({ min: 0, max: 1 })), { maxLength: 60 });
  const nodes = Array.from({ length: 31 }, (_, i) => node(String(i)));
  fc.assert(
    fc.property(edges, options, (pairs, given) => {
      const graph = { nodes, edges: pairs.map(([from, to, errors]) => edge(from, to, errors)) };
      const part = partOf(graph, given);
      const ids = new Set(part.nodes.map((one) => one.id));
      assert.ok(part.nodes.length <= given.limit && part.cut >= 0);
      assert.equal(ids.size, part.nodes.length);
      assert.ok(part.edges.every(({ from, to }) => ids.has(from) && ids.has(to)));
      if (given.focus !== '') assert.equal(part.nodes[0]?.id, given.focus);
    }),
    { numRuns: 300 },
  );
});
