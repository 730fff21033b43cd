import type { Batch } from './batch.ts';
import { OtlpBatch, otlpBatch } from './otlp-batch.ts';
import type { Part } from './part.ts';
import { putVarint, varintSize } from './proto/writer.ts';
import type { Signal } from './signal.ts';
import { Column, NodeKind, stride, type Tree } from './tree.ts';

/** What is taken out of one request: whole nodes, and pieces of nodes that stay. */
class PartDrops {
  readonly nodes: Uint8Array;
  /** Node, start and end of each piece, in the order of the bytes. */
  readonly cuts: number[] = [];

  constructor(tree: Tree) {
    this.nodes = new Uint8Array(tree.count);
  }
}

/**
 * What a walk over a batch wants to take out. Nodes and pieces are named by the views of the walk's
 * reader; pieces in the order of the bytes.
 */
export class Drops {
  readonly parts: (PartDrops | undefined)[] = [];
  readonly #batch: OtlpBatch<Signal>;

  /** @param batch without unwritten edits: `batch.plain()` */
  constructor(batch: Batch<Signal>) {
    this.#batch = otlpBatch(batch);
  }

  #part(i: number): PartDrops {
    return (this.parts[i] ??= new PartDrops(this.#batch.part(i).tree));
  }

  /** Takes out the message that a view stands on, with all that it holds. */
  drop(view: { readonly part: number; readonly node: number }): void {
    this.#part(view.part).nodes[view.node] = 1;
  }

  /** Takes [start, end) out of the item that a view stands on: whole fields. */
  cut(view: { readonly part: number; readonly node: number }, start: number, end: number): void {
    this.#part(view.part).cuts.push(view.node, start, end);
  }
}

/** Bytes that each node's body loses, its header too when it becomes shorter. */
function losses(tree: Tree, drops: PartDrops): Int32Array {
  const { nodes, count } = tree;
  const loss = new Int32Array(count + 1);
  for (let i = 0; i < drops.cuts.length; i += 3) {
    loss[drops.cuts[i]!]! += drops.cuts[i + 2]! - drops.cuts[i + 1]!;
  }
  for (let n = count - 1; n >= 0; n -= 1) {
    const at = n * stride;
    const header = nodes[at + Column.header]!;
    const end = nodes[at + Column.end]!;
    const parent = nodes[at + Column.parent]!;
    const up = parent < 0 ? count : parent;
    if (drops.nodes[n] === 1) {
      loss[up]! += end - header;
      continue;
    }
    if (loss[n] === 0) continue;
    const size = end - nodes[at + Column.body]! - loss[n]!;
    loss[up]! += end - header - (1 + varintSize(size) + size);
  }
  return loss;
}

/** The request without what was dropped. */
function writePart({ tree, bytes }: Part, drops: PartDrops): Uint8Array {
  const { nodes, count } = tree;
  const { cuts } = drops;
  const loss = losses(tree, drops);
  const out = Buffer.allocUnsafeSlow(bytes.length - loss[count]!);
  let to = 0;
  let from = 0;
  let cut = 0;
  const copyTo = (end: number): void => {
    out.set(bytes.subarray(from, end), to);
    to += end - from;
    from = end;
  };
  for (let n = 0; n < count; ) {
    const at = n * stride;
    const next = nodes[at + Column.next]!;
    if (drops.nodes[n] === 1) {
      copyTo(nodes[at + Column.header]!);
      from = nodes[at + Column.end]!;
      while (cut < cuts.length && cuts[cut]! < next) cut += 3;
      n = next;
      continue;
    }
    if (loss[n] === 0) {
      n = next;
      continue;
    }
    copyTo(nodes[at + Column.header]!);
    const body = nodes[at + Column.body]!;
    out[to] = nodeTag(bytes, from);
    to = putVarint(out, to + 1, nodes[at + Column.end]! - body - loss[n]!);
    from = body;
    for (; cuts[cut] === n; cut += 3) {
      copyTo(cuts[cut + 1]!);
      from = cuts[cut + 2]!;
    }
    n += 1;
  }
  copyTo(bytes.length);
  if (to !== out.length) throw new Error(`BUG: ${to} bytes written of ${out.length}`);
  return out;
}

/** The tag of a node, which is small however it is written. */
function nodeTag(bytes: Uint8Array, at: number): number {
  let tag = 0;
  let shift = 0;
  for (let p = at; ; p += 1, shift += 7) {
    tag |= (bytes[p]! & 127) << shift;
    if (bytes[p]! < 128) return tag;
  }
}

/** Items inside dropped nodes, and whether a group is left. */
function countPart(tree: Tree, drops: PartDrops): { dropped: number; left: boolean } {
  const { nodes, count } = tree;
  let dropped = 0;
  let left = false;
  let until = 0;
  for (let n = 0; n < count; n += 1) {
    const at = n * stride;
    if (n >= until && drops.nodes[n] === 1) until = nodes[at + Column.next]!;
    if (n >= until) left ||= nodes[at] === NodeKind.group;
    else if (nodes[at] === NodeKind.item) dropped += 1;
  }
  return { dropped, left };
}

/**
 * The batch without what a walk dropped.
 *
 * @param batch what `drops` was made for
 * @returns the batch itself when nothing was dropped, undefined when no group is left
 */
export function withoutDrops<S extends Signal>(
  batch: Batch<S>,
  drops: Drops,
): Batch<S> | undefined {
  if (drops.parts.length === 0) return batch;
  const whole = otlpBatch(batch);
  const ranges: Uint8Array[] = [];
  const counts: number[] = [];
  for (let i = 0; i < whole.source.length; i += 1) {
    const dropped = drops.parts[i];
    if (dropped === undefined) {
      ranges.push(whole.source[i]!);
      counts.push(whole.counts[i]!);
      continue;
    }
    const part = whole.part(i);
    const { dropped: items, left } = countPart(part.tree, dropped);
    if (!left) continue;
    ranges.push(writePart(part, dropped));
    counts.push(whole.counts[i]! - items);
  }
  return ranges.length === 0 ? undefined : new OtlpBatch(batch.signal, ranges, counts);
}
