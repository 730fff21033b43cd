/** Where the nodes of a map stand. Runs in a worker: a large graph takes longer than a frame. */
import { layout as arrange, Graph } from '@dagrejs/dagre';

import {
  edgeKey,
  type Layout,
  type LayoutRequest,
  type Point,
  type Route,
} from './layout-shape.ts';

const gap = { nodes: 26, edges: 18, ranks: 60, ranksDown: 44, isolated: 16, above: 56 };
/** Room for the figures of an edge. */
const label = { width: 84, height: 20, labelpos: 'c' as const };

/** Callers before those they call; nodes without an edge in rows of their own below. */
export function layoutGraph(request: LayoutRequest): Layout {
  const { nodes, edges, nodeWidth: width, nodeHeight: height, direction } = request;
  const connected = new Set(edges.flat());
  const graph = new Graph();
  const ranksep = direction === 'LR' ? gap.ranks : gap.ranksDown;
  graph.setGraph({ rankdir: direction, nodesep: gap.nodes, edgesep: gap.edges, ranksep });
  // By number: the library keeps nodes in plain objects, where names could mean something.
  const numbers = new Map(nodes.map((id, i) => [id, String(i)]));
  for (const [id, n] of numbers) if (connected.has(id)) graph.setNode(n, { width, height });
  for (const [from, to] of edges) {
    graph.setEdge(numbers.get(from) ?? '', numbers.get(to) ?? '', { ...label });
  }
  if (connected.size > 0) arrange(graph);
  const positions = new Map<string, Point>();
  let [right, bottom] = [0, 0];
  for (const n of graph.nodes()) {
    const { x, y } = graph.node(n) as Point;
    positions.set(nodes[Number(n)] ?? '', { x: x - width / 2, y: y - height / 2 });
    right = Math.max(right, x + width / 2);
    bottom = Math.max(bottom, y + height / 2);
  }
  const routes = new Map(
    edges.map(([from, to]) => {
      const drawn = graph.edge(numbers.get(from) ?? '', numbers.get(to) ?? '');
      return [edgeKey(from, to), routeOf(drawn)];
    }),
  );
  const alone = nodes.filter((id) => !connected.has(id));
  if (alone.length === 0) return { positions, routes, isolatedAt: null };
  const top = connected.size === 0 ? 0 : bottom + gap.above;
  const least = direction === 'LR' ? 4 : 1;
  const columns = Math.max(least, Math.floor((right + gap.isolated) / (width + gap.isolated)));
  for (const [i, id] of alone.entries()) {
    const [column, row] = [i % columns, Math.floor(i / columns)];
    const x = column * (width + gap.isolated);
    positions.set(id, { x, y: top + row * (height + gap.isolated) });
  }
  return { positions, routes, isolatedAt: { x: 0, y: top } };
}

function routeOf({
  points = [],
  x,
  y,
}: {
  points?: readonly Point[];
  x?: number;
  y?: number;
}): Route {
  const inner = points.slice(1, -1).map((point) => ({ x: point.x, y: point.y }));
  const middle = inner[Math.floor(inner.length / 2)] ?? { x: 0, y: 0 };
  return { points: inner, label: { x: x ?? middle.x, y: y ?? middle.y } };
}
