import { Cursor, readVarint, skipValue } from './proto/cursor.ts';
import type { Signal } from './signal.ts';

/** What a node of a {@link Tree} is. */
export const NodeKind = {
  /** ResourceSpans, ResourceLogs, ResourceMetrics, ResourceProfiles. */
  group: 0,
  resource: 1,
  /** ScopeSpans and its kin. */
  scopeGroup: 2,
  scope: 3,
  /** Metric or Profile. */
  container: 4,
  /** Gauge, Sum, Histogram, ExponentialHistogram or Summary of a metric. */
  data: 5,
  /** Span, log record, data point or sample. */
  item: 6,
} as const;

/** Columns of a node in {@link Tree.nodes}. */
export const Column = {
  kind: 0,
  /** First byte of the tag. */
  header: 1,
  /** First byte after the length. */
  body: 2,
  end: 3,
  /** Node that holds it, -1 at the top. */
  parent: 4,
  /** First node that is not inside it. */
  next: 5,
} as const;

/** Numbers of a node. */
export const stride = 6;

/**
 * Where the messages of one request are: nodes in the order of the bytes, parents before children,
 * six numbers each ({@link Column}). Made by a shallow walk when somebody needs it.
 */
export class Tree {
  nodes: Int32Array;
  count = 0;

  constructor(capacity: number) {
    this.nodes = new Int32Array(capacity * stride);
  }

  add(kind: number, header: number, body: number, end: number, parent: number): number {
    if ((this.count + 1) * stride > this.nodes.length) {
      const grown = new Int32Array(this.nodes.length * 2);
      grown.set(this.nodes);
      this.nodes = grown;
    }
    const n = this.nodes;
    const at = this.count * stride;
    n[at] = kind;
    n[at + 1] = header;
    n[at + 2] = body;
    n[at + 3] = end;
    n[at + 4] = parent;
    n[at + 5] = this.count + 1;
    this.count += 1;
    return this.count - 1;
  }
}

/** Wire tags of the fields that make nodes, and what they make, for each level of a signal. */
const dataTags: ReadonlySet<number> = new Set([42, 58, 74, 82, 90]);

function listKind(kind: number, signal: Signal): number {
  if (kind === NodeKind.group) return NodeKind.scopeGroup;
  if (kind === NodeKind.scopeGroup) {
    return signal === 'traces' || signal === 'logs' ? NodeKind.item : NodeKind.container;
  }
  return NodeKind.item;
}

/** Kind of the child that field `tag` of a node of `kind` makes, -1 for none. */
function childKind(signal: Signal, kind: number, tag: number): number {
  switch (kind) {
    case NodeKind.group:
      return tag === 10 ? NodeKind.resource : tag === 18 ? NodeKind.scopeGroup : -1;
    case NodeKind.scopeGroup:
      return tag === 10 ? NodeKind.scope : tag === 18 ? listKind(kind, signal) : -1;
    case NodeKind.container:
      if (signal === 'profiles') return tag === 18 ? NodeKind.item : -1;
      return dataTags.has(tag) ? NodeKind.data : -1;
    case NodeKind.data:
      return tag === 10 ? NodeKind.item : -1;
    default:
      return -1;
  }
}

function walk(tree: Tree, c: Cursor, signal: Signal, parent: number, end: number): void {
  const kind = parent < 0 ? -1 : tree.nodes[parent * stride]!;
  while (c.pos < end) {
    const header = c.pos;
    const tag = readVarint(c);
    const child = kind < 0 ? (tag === 10 ? NodeKind.group : -1) : childKind(signal, kind, tag);
    if (child < 0) {
      skipValue(c, tag);
      continue;
    }
    const length = readVarint(c);
    const stop = c.pos + length;
    const node = tree.add(child, header, c.pos, stop, parent);
    if (child === NodeKind.item || child === NodeKind.resource || child === NodeKind.scope) {
      c.pos = stop;
      continue;
    }
    walk(tree, c, signal, node, stop);
    tree.nodes[node * stride + Column.next] = tree.count;
  }
}

/**
 * @param bytes a request that passed the structural check
 * @param items how many items it has: sizes the index
 */
export function buildTree(signal: Signal, bytes: Uint8Array, items: number): Tree {
  const tree = new Tree(items + (items >> 2) + 8);
  walk(tree, new Cursor(bytes), signal, -1, bytes.length);
  return tree;
}
