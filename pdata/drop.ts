import type { Batch } from './batch.ts';
import { OtlpBatch, otlpBatch } from './otlp-batch.ts';
import type { Part } from './part.ts';
import { asPlain } from './proto/as-buffer.ts';
import { putVarint, varintSize, Writer } from './proto/writer.ts';
import type { Signal } from './signal.ts';
import { Column, NodeKind, stride, type Tree } from './tree.ts';
import { tagAt } from './write-edits.ts';

/** What happens to a node: it stays, it goes, or other bytes stand for it. */
export const Fate = { stays: 0, goes: 1, replaced: 2 } as const;

/** What is taken out of one request or replaced in it. */
export class PartDrops {
  /** A {@link Fate} for each node. */
  readonly nodes: Uint8Array;
  /** Node, start and end of each piece that goes, in the order of the bytes. */
  readonly cuts: number[] = [];
  /** Start and end of what stands for each replaced node, in the order of the bytes. */
  readonly replaced: number[] = [];

  constructor(tree: Tree) {
    this.nodes = new Uint8Array(tree.count);
  }
}

interface Place {
  readonly part: number;
  readonly node: number;
}

/**
 * What a walk over a batch wants to take out or replace. Nodes are named by the views of the walk's
 * reader; replaced items and pieces come in the order of the bytes.
 */
export class Drops {
  readonly parts: (PartDrops | undefined)[] = [];
  /** Holds what is put in place of items: each a whole field. */
  readonly replacements: Writer;
  readonly #batch: OtlpBatch<Signal>;

  /** @param batch without unwritten edits: `batch.plain()` */
  constructor(batch: Batch<Signal>, replacements: Writer = new Writer(0)) {
    this.#batch = otlpBatch(batch);
    this.replacements = replacements;
  }

  #part(i: number): PartDrops {
    return (this.parts[i] ??= new PartDrops(this.#batch.part(i).tree));
  }

  /** Takes out the message that a view stands on, with all that it holds. */
  drop(view: Place): void {
    this.#part(view.part).nodes[view.node] = Fate.goes;
  }

  /** Puts [start, end) of {@link replacements} in place of an item. */
  replace(view: Place, start: number, end: number): void {
    const part = this.#part(view.part);
    part.nodes[view.node] = Fate.replaced;
    part.replaced.push(start, end);
  }

  /** Takes [start, end) out of the item that a view stands on: whole fields. */
  cut(view: Place, start: number, end: number): void {
    this.#part(view.part).cuts.push(view.node, start, end);
  }
}

const untouched = -0x80000000;

/** Bytes that each node's body loses, or {@link untouched}. The last is the whole. */
function losses(tree: Tree, drops: PartDrops): Int32Array {
  const { nodes, count } = tree;
  const loss = new Int32Array(count + 1).fill(untouched);
  const add = (node: number, bytes: number): void => {
    const at = node < 0 ? count : node;
    loss[at] = (loss[at] === untouched ? 0 : loss[at]!) + bytes;
  };
  const { cuts, replaced } = drops;
  for (let i = 0; i < cuts.length; i += 3) add(cuts[i]!, cuts[i + 2]! - cuts[i + 1]!);
  let next = replaced.length;
  for (let n = count - 1; n >= 0; n -= 1) {
    const at = n * stride;
    const size = nodes[at + Column.end]! - nodes[at + Column.header]!;
    const parent = nodes[at + Column.parent]!;
    const fate = drops.nodes[n];
    if (fate === Fate.goes) add(parent, size);
    else if (fate === Fate.replaced) {
      next -= 2;
      add(parent, size - (replaced[next + 1]! - replaced[next]!));
    } else if (loss[n] !== untouched) {
      const body = nodes[at + Column.end]! - nodes[at + Column.body]! - loss[n]!;
      add(parent, size - (1 + varintSize(body) + body));
    }
  }
  if (loss[count] === untouched) loss[count] = 0;
  return loss;
}

/** Writes the new bytes of one request from front to back. */
class DropWriter {
  readonly out: Uint8Array;
  readonly #bytes: Uint8Array;
  readonly #added: Uint8Array;
  /** Where the next byte goes, and the first byte of the request that was not handled. */
  #to = 0;
  #from = 0;
  /** Replacements that were not copied yet: neighbours are copied at once. */
  #addedFrom = 0;
  #addedTo = 0;

  constructor(size: number, bytes: Uint8Array, added: Uint8Array) {
    this.out = Buffer.allocUnsafeSlow(size);
    this.#bytes = asPlain(bytes);
    this.#added = added;
  }

  #flush(): void {
    if (this.#addedTo === this.#addedFrom) return;
    this.out.set(this.#added.subarray(this.#addedFrom, this.#addedTo), this.#to);
    this.#to += this.#addedTo - this.#addedFrom;
    this.#addedFrom = this.#addedTo;
  }

  copyTo(end: number): void {
    this.#flush();
    if (end === this.#from) return;
    this.out.set(this.#bytes.subarray(this.#from, end), this.#to);
    this.#to += end - this.#from;
    this.#from = end;
  }

  skipTo(end: number): void {
    this.#from = end;
  }

  replace(header: number, end: number, start: number, stop: number): void {
    if (header !== this.#from || start !== this.#addedTo) {
      this.copyTo(header);
      this.#addedFrom = start;
    }
    this.#addedTo = stop;
    this.#from = end;
  }

  /** Tag and new length of a node whose body begins at `body`. */
  open(header: number, body: number, size: number): void {
    this.copyTo(header);
    this.out[this.#to] = tagAt(this.#bytes, header);
    this.#to = putVarint(this.out, this.#to + 1, size);
    this.#from = body;
  }

  finish(): Uint8Array {
    this.copyTo(this.#bytes.length);
    if (this.#to === this.out.length) return this.out;
    throw new Error(`BUG: ${this.#to} bytes written of ${this.out.length}`);
  }
}

/** The request without what was dropped. @param added what `drops.replaced` is bytes of */
export function writePart({ tree, bytes }: Part, drops: PartDrops, added: Uint8Array): Uint8Array {
  const { nodes, count } = tree;
  const { cuts, replaced } = drops;
  const loss = losses(tree, drops);
  const w = new DropWriter(bytes.length - loss[count]!, bytes, added);
  let cut = 0;
  let change = 0;
  for (let n = 0; n < count; ) {
    const at = n * stride;
    const header = nodes[at + Column.header]!;
    const end = nodes[at + Column.end]!;
    const next = nodes[at + Column.next]!;
    const fate = drops.nodes[n];
    if (fate === Fate.goes) {
      w.copyTo(header);
      w.skipTo(end);
      while (cut < cuts.length && cuts[cut]! < next) cut += 3;
      n = next;
    } else if (fate === Fate.replaced) {
      w.replace(header, end, replaced[change]!, replaced[change + 1]!);
      change += 2;
      n = next;
    } else if (loss[n] === untouched) n = next;
    else {
      w.open(header, nodes[at + Column.body]!, end - nodes[at + Column.body]! - loss[n]!);
      for (; cuts[cut] === n; cut += 3) {
        w.copyTo(cuts[cut + 1]!);
        w.skipTo(cuts[cut + 2]!);
      }
      n += 1;
    }
  }
  return w.finish();
}

/** Items inside dropped nodes, and whether a group is left. */
function countPart(tree: Tree, drops: PartDrops): { dropped: number; left: boolean } {
  const { nodes, count } = tree;
  let dropped = 0;
  let left = false;
  let until = 0;
  for (let n = 0; n < count; n += 1) {
    const at = n * stride;
    if (n >= until && drops.nodes[n] === Fate.goes) until = nodes[at + Column.next]!;
    if (n >= until) left ||= nodes[at] === NodeKind.group;
    else if (nodes[at] === NodeKind.item) dropped += 1;
  }
  return { dropped, left };
}

/**
 * The batch without what a walk dropped, and with what it replaced.
 *
 * @param batch what `drops` was made for
 * @returns the batch itself when nothing changes, undefined when no group is left
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
    ranges.push(writePart(part, dropped, drops.replacements.bytes));
    counts.push(whole.counts[i]! - items);
  }
  return ranges.length === 0 ? undefined : new OtlpBatch(batch.signal, ranges, counts);
}
