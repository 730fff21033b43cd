/**
 * Who is below whom: exact copies left out, ids that several spans share told apart, circles cut,
 * and the rows that stand for parents which are not stored.
 */
import type { StoredSpan } from '../../../storage/traces/model.ts';
import { spanPrint } from './print.ts';

const client = 3;
const server = 2;

/** Nodes 0 to `spans.length - 1` are spans, those after them parents that are not stored. */
export interface Tree {
  /** Exact copies left out. */
  readonly spans: readonly StoredSpan[];
  /** Span ids of the parents that are not stored. */
  readonly missing: readonly string[];
  /** Node above each node, -1 = none. */
  readonly parent: Int32Array;
  /** Nodes below each other, children by start: a node's descendants follow it. */
  readonly order: Int32Array;
  readonly copies: number;
  /** Nodes whose parents led in a circle that was cut at them. */
  readonly cut: ReadonlySet<number>;
  /** Spans with an id that another has too. */
  readonly sharing: ReadonlySet<number>;
}

/**
 * @param all any order; time grows with its length alone, however deep the tree is
 * @param startsOf start of each span by which children are ordered
 */
export function buildTree(
  all: readonly StoredSpan[],
  startsOf: (spans: readonly StoredSpan[]) => readonly bigint[],
): Tree {
  const ids = idsOf(all);
  const { spans } = ids;
  const starts = startsOf(spans);
  const missing: string[] = [];
  const known = new Map<string, number>();
  const above: number[] = [];
  for (const [i, span] of spans.entries()) {
    const own = ids.clientOf.get(i);
    if (own !== undefined) {
      above.push(own);
      continue;
    }
    const { parentSpanId } = span;
    if (parentSpanId === '') {
      above.push(-1);
      continue;
    }
    let node = ids.parents.get(parentSpanId) ?? known.get(parentSpanId);
    if (node === undefined) {
      node = spans.length + missing.length;
      missing.push(parentSpanId);
      known.set(parentSpanId, node);
    }
    above.push(node);
  }
  for (const _ of missing) above.push(-1);
  const parent = Int32Array.from(above);
  const cut = cutCircles(parent, starts);
  const order = preOrder(parent, byStart(starts, parent));
  return {
    spans,
    missing,
    parent,
    order,
    copies: all.length - spans.length,
    cut,
    sharing: ids.sharing,
  };
}

interface Ids {
  readonly spans: readonly StoredSpan[];
  /** Span that children of an id are shown below. */
  readonly parents: Map<string, number>;
  /** Server spans that have the id of their client span, and that client span. */
  readonly clientOf: Map<number, number>;
  readonly sharing: Set<number>;
}

/**
 * Copies are dropped (senders repeat what was not confirmed). A client and a server span that share
 * an id, as Zipkin's do, are parent and child; the children of the id are the server's.
 */
function idsOf(all: readonly StoredSpan[]): Ids {
  const spans: StoredSpan[] = [];
  const parents = new Map<string, number>();
  const repeated = new Map<string, Seen>();
  const shared = new Map<string, number[]>();
  for (const span of all) {
    const { spanId } = span;
    const first = parents.get(spanId);
    if (first === undefined) {
      parents.set(spanId, spans.length);
      spans.push(span);
      continue;
    }
    let seen = repeated.get(spanId);
    if (seen === undefined) {
      repeated.set(spanId, (seen = new Seen()));
      seen.add(spans[first]!);
    }
    if (!seen.add(span)) continue;
    const same = shared.get(spanId) ?? [first];
    same.push(spans.length);
    shared.set(spanId, same);
    spans.push(span);
  }
  const clientOf = new Map<number, number>();
  const sharing = new Set<number>();
  for (const [id, nodes] of shared) {
    const caller = nodes.find((n) => spans[n]!.kind === client);
    const served = nodes.filter((n) => spans[n]!.kind === server);
    if (caller !== undefined && served.length === nodes.length - 1) {
      for (const node of served) clientOf.set(node, caller);
      parents.set(id, served[0]!);
    } else {
      for (const node of nodes) sharing.add(node);
    }
  }
  return { spans, parents, clientOf, sharing };
}

/** Spans of one id that were seen, so that copies are told apart without looking at all of them. */
class Seen {
  /** By times, kind and name: the only one, or what each of several says. */
  readonly #alike = new Map<string, StoredSpan | Set<string>>();

  /** @returns false for what says the same as one before */
  add(span: StoredSpan): boolean {
    const { startUnixNano, endUnixNano, kind, name } = span;
    const key = `${startUnixNano} ${endUnixNano} ${kind} ${name}`;
    let said = this.#alike.get(key);
    if (said === undefined) {
      this.#alike.set(key, span);
      return true;
    }
    if (!(said instanceof Set)) this.#alike.set(key, (said = new Set([spanPrint(said)])));
    const { size } = said;
    return said.add(spanPrint(span)).size > size;
  }
}

/** Each circle of parents loses the parent of its earliest span. */
function cutCircles(parent: Int32Array, starts: readonly bigint[]): Set<number> {
  const cut = new Set<number>();
  const walk = new Int32Array(parent.length);
  for (let from = 0; from < parent.length; from++) {
    let node = from;
    while (node !== -1 && walk[node] === 0) {
      walk[node] = from + 1;
      node = parent[node]!;
    }
    if (node === -1 || walk[node] !== from + 1) continue;
    let earliest = node;
    for (let n = parent[node]!; n !== node; n = parent[n]!) {
      if (starts[n]! < starts[earliest]!) earliest = n;
    }
    parent[earliest] = -1;
    cut.add(earliest);
  }
  return cut;
}

/** All nodes by start; a parent that is not stored begins with its first child. */
function byStart(starts: readonly bigint[], parent: Int32Array): Int32Array {
  const nodes = Int32Array.from(starts.keys());
  nodes.sort((a, b) => {
    const left = starts[a]!;
    const right = starts[b]!;
    return left < right ? -1 : left > right ? 1 : a - b;
  });
  const all = new Int32Array(parent.length);
  const placed = new Uint8Array(parent.length);
  let at = 0;
  for (const node of nodes) {
    const above = parent[node]!;
    if (above >= starts.length && placed[above] === 0) {
      placed[above] = 1;
      all[at++] = above;
    }
    all[at++] = node;
  }
  return all;
}

/** @param sorted all nodes, in the order in which those with one parent are to stand */
function preOrder(parent: Int32Array, sorted: Int32Array): Int32Array {
  const n = parent.length;
  // Children as linked lists, filled from the back so that they come out in order.
  const first = new Int32Array(n + 1).fill(-1);
  const next = new Int32Array(n).fill(-1);
  for (let i = n - 1; i >= 0; i--) {
    const node = sorted[i]!;
    const above = parent[node]! + 1;
    next[node] = first[above]!;
    first[above] = node;
  }
  const order = new Int32Array(n);
  let at = 0;
  let node = first[0]!;
  while (node !== -1) {
    order[at++] = node;
    if (first[node + 1] !== -1) {
      node = first[node + 1]!;
      continue;
    }
    while (node !== -1 && next[node] === -1) node = parent[node]!;
    if (node !== -1) node = next[node]!;
  }
  return order;
}
