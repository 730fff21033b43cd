import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { curve } from './curve.ts';
import { layoutGraph } from './layout.ts';
import { edgeKey, type LayoutRequest } from './layout-shape.ts';

const size = { nodeWidth: 200, nodeHeight: 60 };

function request(nodes: string[], edges: [string, string][], more: Partial<LayoutRequest> = {}) {
  return { nodes, edges, ...size, direction: 'LR' as const, ...more };
}

test('callers are left of those they call, or above', () => {
  const edges: [string, string][] = [
    ['a', 'b'],
    ['b', 'c'],
    ['a', 'c'],
  ];
  const right = layoutGraph(request(['a', 'b', 'c'], edges)).positions;
  assert.ok(
    right.get('a')!.x + 200 < right.get('b')!.x && right.get('b')!.x + 200 < right.get('c')!.x,
  );
  const down = layoutGraph(request(['a', 'b', 'c'], edges, { direction: 'TB' })).positions;
  assert.ok(down.get('a')!.y + 60 < down.get('b')!.y && down.get('b')!.y + 60 < down.get('c')!.y);
});

test('those without an edge stand in rows below', () => {
  const { positions, isolatedAt } = layoutGraph(request(['a', 'b', 'x', 'y', 'z'], [['a', 'b']]));
  assert.ok(isolatedAt !== null);
  for (const id of ['x', 'y', 'z']) {
    assert.equal(positions.get(id)!.y, isolatedAt.y);
    assert.ok(positions.get(id)!.y > Math.max(positions.get('a')!.y, positions.get('b')!.y) + 60);
  }
  assert.equal(layoutGraph(request(['a', 'b'], [['a', 'b']])).isolatedAt, null);
  assert.deepEqual(layoutGraph(request([], [])), {
    positions: new Map(),
    routes: new Map(),
    isolatedAt: null,
  });
});

test('no two nodes overlap, every edge has a route; cycles and odd names included', () => {
  const names = ['', 'a', 'b\n', '__proto__', 'constructor', '<b>', '\u202e', '7', '8', '9'];
  const id = fc.constantFrom(...names);
  const pair = fc.tuple(id, id).filter(([from, to]) => from !== to);
  fc.assert(
    fc.property(
      fc.uniqueArray(pair, { maxLength: 20, selector: String }),
      fc.constantFrom('LR' as const, 'TB' as const),
      (edges, direction) => {
        const { positions, routes } = layoutGraph(request(names, edges, { direction }));
        const all = names.map((name) => positions.get(name));
        assert.ok(all.every((at) => Number.isFinite(at?.x) && Number.isFinite(at?.y)));
        for (const [i, one] of all.entries()) {
          for (const other of all.slice(i + 1)) {
            const apart = Math.abs(one!.x - other!.x) >= 200 || Math.abs(one!.y - other!.y) >= 60;
            assert.ok(apart, JSON.stringify([...positions]));
          }
        }
        for (const [from, to] of edges) {
          const route = routes.get(edgeKey(from, to));
          assert.ok(Number.isFinite(route?.label.x) && Number.isFinite(route?.label.y));
        }
      },
    ),
    { numRuns: 200 },
  );
});

test('a line goes through its points', () => {
  const points = [
    { x: 0, y: 0 },
    { x: 10, y: 20 },
  ];
  assert.equal(curve(points, false), 'M0 0C5 0 5 20 10 20');
  assert.equal(curve(points, true), 'M0 0C0 10 10 10 10 20');
  assert.equal(curve([], true), '');
});
