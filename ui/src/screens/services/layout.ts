/** Where the nodes of a map stand. Runs in a worker: a large graph takes longer than a frame. */
import { layout as arrange, Graph } from '@dagrejs/dagre';

export interface LayoutRequest {
  readonly nodes: readonly string[];
  /** Pairs of nodes. */
  readonly edges: readonly (readonly [from: string, to: string])[];
  /** Of every node, pixels. */
  readonly nodeWidth: number;
  readonly nodeHeight: number;
  /** From left to right, or from top to bottom where there is little width. */
  readonly direction: 'LR' | 'TB';
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Layout {
  /** Top left corner of each node. */
  readonly positions: Readonly<Record<string, Point>>;
  /** Where the row of those without an edge begins; null where there are none. */
  readonly isolatedAt: Point | null;
}

const gap = { nodes: 28, ranks: 110, ranksDown: 64, isolated: 16, above: 72 };

/** Callers before those they call; nodes without an edge in rows of their own below. */
export function layoutGraph(request: LayoutRequest): Layout {
  const { nodes, edges, nodeWidth: width, nodeHeight: height, direction } = request;
  const connected = new Set(edges.flat());
  const graph = new Graph();
  const ranksep = direction === 'LR' ? gap.ranks : gap.ranksDown;
  graph.setGraph({ rankdir: direction, nodesep: gap.nodes, ranksep });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const id of nodes) if (connected.has(id)) graph.setNode(id, { width, height });
  for (const [from, to] of edges) graph.setEdge(from, to);
  if (connected.size > 0) arrange(graph);
  const positions: Record<string, Point> = {};
  let [right, bottom] = [0, 0];
  for (const id of graph.nodes()) {
    const { x, y } = graph.node(id) as Point;
    positions[id] = { x: x - width / 2, y: y - height / 2 };
    right = Math.max(right, x + width / 2);
    bottom = Math.max(bottom, y + height / 2);
  }
  const alone = nodes.filter((id) => !connected.has(id));
  if (alone.length === 0) return { positions, isolatedAt: null };
  const top = connected.size === 0 ? 0 : bottom + gap.above;
  const least = direction === 'LR' ? 4 : 1;
  const columns = Math.max(least, Math.floor((right + gap.isolated) / (width + gap.isolated)));
  for (const [i, id] of alone.entries()) {
    const [column, row] = [i % columns, Math.floor(i / columns)];
    const x = column * (width + gap.isolated);
    positions[id] = { x, y: top + row * (height + gap.isolated) };
  }
  return { positions, isolatedAt: { x: 0, y: top } };
}
