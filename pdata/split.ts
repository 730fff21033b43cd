import type { Batch, SplitLimits } from './batch.ts';
import { OtlpBatch } from './otlp-batch.ts';
import { type CutByItems, splitProfiles } from './profiles/split.ts';
import { Cursor, readVarint } from './proto/cursor.ts';
import { Writer } from './proto/writer.ts';
import type { Signal } from './signal.ts';
import { Column, NodeKind, stride, type Tree } from './tree.ts';

/*
 * A unit is what a piece cannot cut: an item, or a message of the path to items that holds none
 * (a metric without points). Pieces are runs of units; what lies between units in a group
 * (resource, scope, schema URL, a metric's name, unknown fields) is repeated in each piece.
 */

/** Bytes that a repeated group may add beyond its own fields: a longer length. */
const lengthSlack = 5;

interface Piece {
  ranges: Uint8Array[];
  counts: number[];
  items: number;
  bytes: number;
}

const emptyPiece = (): Piece => ({ ranges: [], counts: [], items: 0, bytes: 0 });

function isHead(kind: number): boolean {
  return kind === NodeKind.resource || kind === NodeKind.scope;
}

function size(tree: Tree, node: number): number {
  const at = node * stride;
  return tree.nodes[at + Column.end]! - tree.nodes[at + Column.header]!;
}

/** For each node: is it a unit; and the bytes that it repeats when it is a group (upper bound). */
function measure(tree: Tree): { unit: Uint8Array; repeated: Int32Array } {
  const unit = new Uint8Array(tree.count).fill(1);
  const repeated = new Int32Array(tree.count);
  for (let n = 0; n < tree.count; n += 1) {
    const kind = tree.nodes[n * stride]!;
    const parent = tree.nodes[n * stride + Column.parent]!;
    repeated[n]! += size(tree, n) + lengthSlack;
    if (isHead(kind)) {
      unit[n] = 0;
    } else if (parent >= 0) {
      unit[parent] = 0;
      repeated[parent]! -= size(tree, n);
    }
  }
  return { unit, repeated };
}

/** Writes units from..to (node numbers, inclusive) with all that holds them. */
function writeUnits(tree: Tree, bytes: Uint8Array, unit: Uint8Array, from: number, to: number) {
  const { nodes } = tree;
  const span = nodes[to * stride + Column.end]! - nodes[from * stride + Column.header]!;
  const w = new Writer(span + (span >> 3) + 512);
  const c = new Cursor(bytes);

  const write = (first: number, stop: number, begin: number, end: number): void => {
    let cursor = begin;
    for (let n = first; n < stop; n = nodes[n * stride + Column.next]!) {
      const at = n * stride;
      if (isHead(nodes[at]!)) continue;
      const header = nodes[at + Column.header]!;
      const nodeEnd = nodes[at + Column.end]!;
      const next = nodes[at + Column.next]!;
      if (unit[n] === 1 ? n >= from && n <= to : n >= from && next - 1 <= to) continue;
      w.copy(bytes, cursor, header);
      cursor = nodeEnd;
      if (unit[n] === 1 || next <= from || n > to) continue;
      c.pos = header;
      const opened = w.open(readVarint(c) >>> 3, 3);
      write(n + 1, next, nodes[at + Column.body]!, nodeEnd);
      w.close(opened);
    }
    w.copy(bytes, cursor, end);
  };
  write(0, tree.count, 0, bytes.length);
  return w.finish();
}

class Splitter<S extends Signal> {
  readonly pieces: Piece[] = [];
  readonly #batch: OtlpBatch<S>;
  readonly #maxItems: number;
  readonly #maxBytes: number;
  readonly #maxPieces: number;
  #piece = emptyPiece();

  constructor(batch: OtlpBatch<S>, maxItems: number, maxBytes: number, maxPieces: number) {
    this.#batch = batch;
    this.#maxPieces = maxPieces;
    this.#maxItems = maxItems;
    this.#maxBytes = maxBytes;
  }

  #flush(): void {
    if (this.#piece.ranges.length > 0) this.pieces.push(this.#piece);
    this.#piece = emptyPiece();
  }

  #add(range: Uint8Array, items: number): void {
    this.#piece.ranges.push(range);
    this.#piece.counts.push(items);
    this.#piece.items += items;
    this.#piece.bytes += range.length;
  }

  run(): Piece[] {
    const { source, counts } = this.#batch;
    for (let i = 0; i < source.length && !this.#enough; i += 1) {
      const fits =
        this.#piece.items + counts[i]! <= this.#maxItems &&
        this.#piece.bytes + source[i]!.length <= this.#maxBytes;
      if (fits) this.#add(source[i]!, counts[i]!);
      else this.#cut(i);
    }
    if (!this.#enough) this.#flush();
    return this.pieces;
  }

  get #enough(): boolean {
    return this.pieces.length >= this.#maxPieces;
  }

  /** Cuts request `i`: fills the piece at hand, then new ones. */
  #cut(i: number): void {
    const { tree, bytes } = this.#batch.part(i);
    const { unit, repeated } = measure(tree);
    const inPiece = new Int32Array(tree.count);
    const top = topBytes(tree, bytes.length);
    let stamp = 1;
    let from = -1;
    let last = -1;
    let items = 0;
    let size = top;
    const emit = (): void => {
      if (from >= 0) this.#add(writeUnits(tree, bytes, unit, from, last), items);
      this.#flush();
      stamp += 1;
      from = -1;
      items = 0;
      size = top;
    };
    for (let n = 0; n < tree.count; n += 1) {
      if (unit[n] === 0) continue;
      const own = tree.nodes[n * stride] === NodeKind.item ? 1 : 0;
      let cost = addCost(tree, repeated, inPiece, n, stamp);
      const taken = this.#piece.items + items;
      const full = taken + own > this.#maxItems || this.#piece.bytes + size + cost > this.#maxBytes;
      if (full && (from >= 0 || this.#piece.ranges.length > 0)) {
        emit();
        if (this.#enough) return;
        cost = addCost(tree, repeated, inPiece, n, stamp);
      }
      if (from < 0) from = n;
      markPath(tree, inPiece, n, stamp);
      last = n;
      items += own;
      size += cost;
    }
    if (from < 0) this.#add(bytes, 0);
    else this.#add(writeUnits(tree, bytes, unit, from, last), items);
  }
}

/** Bytes outside every group: repeated in each piece. */
function topBytes(tree: Tree, length: number): number {
  let rest = length;
  for (let n = 0; n < tree.count; n = tree.nodes[n * stride + Column.next]!) rest -= size(tree, n);
  return rest;
}

/** Bytes that unit `n` adds to a piece whose nodes carry `stamp`. */
function addCost(
  tree: Tree,
  repeated: Int32Array,
  inPiece: Int32Array,
  n: number,
  stamp: number,
): number {
  let cost = size(tree, n);
  for (let p = tree.nodes[n * stride + Column.parent]!; p >= 0; ) {
    if (inPiece[p] === stamp) break;
    cost += repeated[p]!;
    p = tree.nodes[p * stride + Column.parent]!;
  }
  return cost;
}

function markPath(tree: Tree, inPiece: Int32Array, n: number, stamp: number): void {
  for (let p = n; p >= 0; p = tree.nodes[p * stride + Column.parent]!) {
    if (inPiece[p] === stamp) return;
    inPiece[p] = stamp;
  }
}

/**
 * See {@link Batch.split}; `batch` has no unwritten edits.
 * @param maxPieces stops after so many, whatever is left
 */
export function splitBatch<S extends Signal>(
  batch: OtlpBatch<S>,
  limits: SplitLimits,
  maxPieces = Number.POSITIVE_INFINITY,
): Batch<S>[] {
  const maxItems = limits.maxItems ?? Number.POSITIVE_INFINITY;
  const maxBytes = limits.maxBytes ?? Number.POSITIVE_INFINITY;
  if (!(maxItems >= 1) || !(maxBytes >= 1)) throw new Error('BUG: split limits below 1');
  if (batch.itemCount <= maxItems && batch.byteLength <= maxBytes) return [batch];
  if (batch.signal === 'profiles') return splitRequests(batch, limits, maxPieces);
  return new Splitter(batch, maxItems, maxBytes, maxPieces)
    .run()
    .map((piece) => new OtlpBatch(batch.signal, piece.ranges, piece.counts));
}

/** Profiles: each request by itself, for its dictionary. */
function splitRequests<S extends Signal>(
  batch: OtlpBatch<S>,
  limits: SplitLimits,
  maxPieces: number,
): Batch<S>[] {
  const { signal, source, counts } = batch;
  const cut: CutByItems = (piece, maxItems, most) => {
    if (piece.items <= maxItems) return [piece];
    const whole = new OtlpBatch(signal, [piece.bytes], [piece.items]);
    return new Splitter(whole, maxItems, Number.POSITIVE_INFINITY, most)
      .run()
      .map(({ ranges, items }) => ({ bytes: ranges[0]!, items }));
  };
  return source
    .flatMap((bytes, i) => splitProfiles({ bytes, items: counts[i]! }, limits, maxPieces, cut))
    .slice(0, maxPieces)
    .map(({ bytes, items }) => new OtlpBatch(signal, [bytes], [items]));
}
