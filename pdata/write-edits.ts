import { EditList } from './edit-list.ts';
import { Edit, editStride, type PartEdits } from './edits.ts';
import type { Part } from './part.ts';
import { asPlain } from './proto/as-buffer.ts';
import { putVarint, varintSize, type Writer } from './proto/writer.ts';
import { Column, stride, type Tree } from './tree.ts';

/** Copies up to this many bytes one by one: cheaper than a view object. */
const shortCopy = 48;

/** The tag of the message at `header`; tags of nodes are small, however they are written. */
export function tagAt(b: Uint8Array, header: number): number {
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
  readonly out: Uint8Array;
  #at = 0;
  readonly #source: Uint8Array;
  readonly #arena: Uint8Array;
  readonly #ops: Int32Array;
  /** First byte of the source that was not handled yet. */
  #cursor = 0;

  constructor(size: number, source: Uint8Array, arena: Uint8Array, ops: Int32Array) {
    this.out = Buffer.allocUnsafeSlow(size);
    this.#source = asPlain(source);
    this.#arena = asPlain(arena);
    this.#ops = ops;
  }

  #copy(from: Uint8Array, start: number, end: number): void {
    const { out } = this;
    let p = this.#at;
    this.#at = p + end - start;
    if (end - start > shortCopy) out.set(from.subarray(start, end), p);
    else for (let i = start; i < end; i += 1, p += 1) out[p] = from[i]!;
  }

  /** What was written; every byte of it must have been. */
  finish(): Uint8Array {
    if (this.#at !== this.out.length) {
      throw new Error(`BUG: ${this.#at} bytes written of ${this.out.length} with edits`);
    }
    return this.out;
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

  /** Writes the edits of `list` whose places lie before `end`. */
  apply(list: EditList, end: number): void {
    const ops = this.#ops;
    for (; list.next < list.count; list.next += 1) {
      const op = list.ops[list.next]!;
      const start = ops[op + Edit.oldStart]!;
      if (start >= end) return;
      this.copyTo(start);
      this.#copy(this.#arena, ops[op + Edit.newStart]!, ops[op + Edit.newEnd]!);
      this.#cursor = ops[op + Edit.oldEnd]!;
    }
  }
}

const single = new EditList();

/**
 * Appends one message with its edits: tag, new length, body.
 *
 * @param header first byte of its tag in `bytes`; `body` and `end` bound its fields
 * @param edits those of node 0
 */
export function writeMessage(
  w: Writer,
  bytes: Uint8Array,
  header: number,
  body: number,
  end: number,
  edits: PartEdits,
  arena: Uint8Array,
): void {
  w.need(12 + end - body + edits.growth[0]!);
  w.bytes[w.length] = tagAt(bytes, header);
  w.length = putVarint(w.bytes, w.length + 1, end - body + edits.growth[0]!);
  const { ops } = edits;
  const list = single;
  list.collect(ops, edits.head[0]!);
  let from = body;
  for (let i = 0; i < list.count; i += 1) {
    const op = list.ops[i]!;
    w.copy(bytes, from, ops[op + Edit.oldStart]!);
    w.copy(arena, ops[op + Edit.newStart]!, ops[op + Edit.newEnd]!);
    from = ops[op + Edit.oldEnd]!;
  }
  w.copy(bytes, from, end);
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
  const ops = edits.ops.subarray(0, edits.count * editStride);
  const w = new EditWriter(bytes.length + total, bytes, arena, ops);
  const leaf = new EditList();
  // edits of messages around the one at hand: some lie between and behind what is inside them
  const outer: EditList[] = [];
  const until: number[] = [];
  for (let n = 0; n < count; n += 1) {
    if (touched[n] === 0) continue;
    while (until.length > 0 && n >= until.at(-1)!) {
      w.apply(outer.pop()!, Number.POSITIVE_INFINITY);
      until.pop();
    }
    const at = n * stride;
    if (until.length > 0) w.apply(outer.at(-1)!, nodes[at + Column.header]! + 1);
    w.header(nodes[at + Column.header]!, nodes[at + Column.body]!, size[n]!);
    const head = edits.head[n]!;
    if (head < 0) continue;
    const next = nodes[at + Column.next]!;
    if (next === n + 1) {
      leaf.collect(ops, head);
      w.apply(leaf, Number.POSITIVE_INFINITY);
      continue;
    }
    const list = new EditList();
    list.collect(ops, head);
    outer.push(list);
    until.push(next);
  }
  while (outer.length > 0) w.apply(outer.pop()!, Number.POSITIVE_INFINITY);
  w.copyTo(bytes.length);
  return w.finish();
}
