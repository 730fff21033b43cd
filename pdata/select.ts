import type { Batch } from './batch.ts';
import { OtlpBatch, otlpBatch } from './otlp-batch.ts';
import type { Part } from './part.ts';
import { Cursor, readVarint } from './proto/cursor.ts';
import { Writer } from './proto/writer.ts';
import type { Signal } from './signal.ts';
import { Column, NodeKind, stride } from './tree.ts';

/**
 * Some items of a batch, with their resources, scopes and metrics, which keep all else that they
 * hold; those that are left without items go. Whole groups are copied as ranges.
 * @param batch without unwritten edits (see `unedited`)
 * @param keep for each item in the order of the readers: 0 = not
 * @returns undefined when no item is left; the batch itself when all are
 */
export function selectItems<S extends Signal>(
  batch: Batch<S>,
  keep: Uint8Array,
): Batch<S> | undefined {
  const source = otlpBatch(batch);
  const ranges: Uint8Array[] = [];
  const counts: number[] = [];
  let first = 0;
  let kept = 0;
  source.source.forEach((bytes, i) => {
    const items = source.counts[i]!;
    const count = countOf(keep, first, first + items);
    if (count > 0) {
      ranges.push(count === items ? bytes : new Selection(source.part(i), keep, first).write());
      counts.push(count);
    }
    kept += count;
    first += items;
  });
  if (kept === batch.itemCount && kept > 0) return batch;
  return kept === 0 ? undefined : new OtlpBatch(batch.signal, ranges, counts);
}

function countOf(keep: Uint8Array, from: number, to: number): number {
  let count = 0;
  for (let i = from; i < to; i += 1) if (keep[i] !== 0) count += 1;
  return count;
}

class Selection {
  readonly #part: Part;
  /** Items inside each node, and those of them that are kept. */
  readonly #items: Int32Array;
  readonly #kept: Int32Array;
  readonly #w: Writer;
  readonly #cursor: Cursor;

  constructor(part: Part, keep: Uint8Array, first: number) {
    this.#part = part;
    const { tree, bytes } = part;
    const { nodes, count } = tree;
    this.#items = new Int32Array(count);
    this.#kept = new Int32Array(count);
    let item = first;
    for (let n = 0; n < count; n += 1) {
      if (nodes[n * stride] !== NodeKind.item) continue;
      this.#items[n] = 1;
      this.#kept[n] = keep[item] === 0 ? 0 : 1;
      item += 1;
    }
    for (let n = count - 1; n >= 0; n -= 1) {
      const parent = nodes[n * stride + Column.parent]!;
      if (parent < 0) continue;
      this.#items[parent]! += this.#items[n]!;
      this.#kept[parent]! += this.#kept[n]!;
    }
    this.#w = new Writer(Math.max(256, bytes.length >> 1));
    this.#cursor = new Cursor(bytes);
  }

  write(): Uint8Array {
    const { tree, bytes } = this.#part;
    this.#writeInside(0, tree.count, 0, bytes.length);
    return this.#w.finish();
  }

  /** Nodes [first, stop) and what stands between them in bytes [from, to). */
  #writeInside(first: number, stop: number, from: number, to: number): void {
    const { tree, bytes } = this.#part;
    const { nodes } = tree;
    let cursor = from;
    for (let n = first; n < stop; n = nodes[n * stride + Column.next]!) {
      const at = n * stride;
      const kind = nodes[at]!;
      if (kind === NodeKind.resource || kind === NodeKind.scope) continue; // as all between nodes
      const header = nodes[at + Column.header]!;
      const end = nodes[at + Column.end]!;
      if (this.#kept[n]! > 0 && this.#kept[n] === this.#items[n]) continue;
      this.#w.copy(bytes, cursor, header);
      cursor = end;
      if (this.#kept[n] === 0) continue;
      const c = this.#cursor;
      c.pos = header;
      const opened = this.#w.open(readVarint(c) >>> 3, kind <= NodeKind.scopeGroup ? 3 : 2);
      this.#writeInside(n + 1, nodes[at + Column.next]!, nodes[at + Column.body]!, end);
      this.#w.close(opened);
    }
    this.#w.copy(bytes, cursor, to);
  }
}
