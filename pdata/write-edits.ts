import { Edit, editStride, type PartEdits } from './edits.ts';
import type { Part } from './part.ts';
import { putVarint, varintSize } from './proto/writer.ts';
import { Column, stride, type Tree } from './tree.ts';

/** Copies up to this many bytes one by one: cheaper than a view object. */
const shortCopy = 24;

/** The tag of the message at `header`; tags of nodes are small, however they are written. */
function tagAt(b: Uint8Array, header: number): number {
  let tag = 0;
  let scale = 1;
  for (let p = header; ; p += 1) {
    tag += (b[p]! & 127) * scale;
    if (b[p]! < 128) return tag;
    scale *= 128;
  }
}

/** Writes the new bytes of one request from front to back. */
class EditWriter {
  readonly out: Uint8Array<ArrayBuffer>;
  #at = 0;
  readonly #source: Uint8Array;
  readonly #arena: Uint8Array;
  readonly #ops: Int32Array;
  /** First byte of the source that was not handled yet. */
  #cursor = 0;
  /** Edits of the node at hand in the order of their places. */
  #sorted = new Int32Array(16);
  #sortedCount = 0;
  #sortedNext = 0;

  constructor(size: number, source: Uint8Array, arena: Uint8Array, ops: Int32Array) {
    this.out = new Uint8Array(size);
    this.#source = source;
    this.#arena = arena;
    this.#ops = ops;
  }

  #copy(from: Uint8Array, start: number, end: number): void {
    const { out } = this;
    let p = this.#at;
    this.#at = p + end - start;
    if (end - start > shortCopy) out.set(from.subarray(start, end), p);
    else for (let i = start; i < end; i += 1, p += 1) out[p] = from[i]!;
  }

  /** Copies the source up to `end`. */
  copyTo(end: number): void {
    this.#copy(this.#source, this.#cursor, end);
    this.#cursor = end;
  }

  /** Tag and new length of a node whose body begins at `body`. */
  header(header: number, body: number, size: number): void {
    this.copyTo(header);
    this.out[this.#at] = tagAt(this.#source, header);
    this.#at = putVarint(this.out, this.#at + 1, size);
    this.#cursor = body;
  }

  /** Takes up the edits of a node; the list is newest first. */
  collect(head: number): void {
    const ops = this.#ops;
    let count = 0;
    for (let op = head; op >= 0; op = ops[op]!) {
      if (count === this.#sorted.length) this.#growSorted();
      const place = ops[op + Edit.oldStart]!;
      let i = count;
      // edits come newest first, so equal places keep the order in which they were made
      for (; i > 0 && ops[this.#sorted[i - 1]! + Edit.oldStart]! >= place; i -= 1) {
        this.#sorted[i] = this.#sorted[i - 1]!;
      }
      this.#sorted[i] = op;
      count += 1;
    }
    this.#sortedCount = count;
    this.#sortedNext = 0;
  }

  #growSorted(): void {
    const grown = new Int32Array(this.#sorted.length * 2);
    grown.set(this.#sorted);
    this.#sorted = grown;
  }

  /** Writes the collected edits whose places lie before `end`. */
  apply(end: number): void {
    const ops = this.#ops;
    for (; this.#sortedNext < this.#sortedCount; this.#sortedNext += 1) {
      const op = this.#sorted[this.#sortedNext]!;
      const start = ops[op + Edit.oldStart]!;
      if (start >= end) return;
      this.copyTo(start);
      this.#copy(this.#arena, ops[op + Edit.newStart]!, ops[op + Edit.newEnd]!);
      this.#cursor = ops[op + Edit.oldEnd]!;
    }
  }
}

/** New body length of each node that changes; `touched` marks them. @returns growth of the whole */
function sizes(tree: Tree, edits: PartEdits, touched: Uint8Array, growth: Int32Array): number {
  const { nodes } = tree;
  let total = 0;
  for (let n = tree.count - 1; n >= 0; n -= 1) {
    if (touched[n] === 0 && edits.head[n] === -1) continue;
    touched[n] = 1;
    const at = n * stride;
    const end = nodes[at + Column.end]!;
    const size = end - nodes[at + Column.body]! + growth[n]!;
    const change = 1 + varintSize(size) + size - (end - nodes[at + Column.header]!);
    growth[n] = size;
    const parent = nodes[at + Column.parent]!;
    if (parent < 0) total += change;
    else {
      growth[parent]! += change;
      touched[parent] = 1;
    }
  }
  return total;
}

/**
 * The request with its edits: changed messages get new lengths, everything else is copied in as few
 * pieces as there are.
 */
export function writePart(part: Part, edits: PartEdits, arena: Uint8Array): Uint8Array {
  const { tree, bytes } = part;
  const { nodes, count } = tree;
  const touched = new Uint8Array(count);
  const size = edits.growth.slice();
  const total = sizes(tree, edits, touched, size);
  const w = new EditWriter(
    bytes.length + total,
    bytes,
    arena,
    edits.ops.subarray(0, edits.count * editStride),
  );
  let pendingUntil = -1;
  for (let n = 0; n < count; n += 1) {
    if (touched[n] === 0) continue;
    if (pendingUntil >= 0 && n >= pendingUntil) {
      w.apply(Number.POSITIVE_INFINITY);
      pendingUntil = -1;
    }
    const at = n * stride;
    w.header(nodes[at + Column.header]!, nodes[at + Column.body]!, size[n]!);
    const head = edits.head[n]!;
    if (head < 0) continue;
    w.collect(head);
    const next = nodes[at + Column.next]!;
    if (next === n + 1) w.apply(Number.POSITIVE_INFINITY);
    else {
      w.apply(nodes[at + stride + Column.header]! + 1);
      pendingUntil = next;
    }
  }
  w.apply(Number.POSITIVE_INFINITY);
  w.copyTo(bytes.length);
  return w.out;
}
