import type { Batch } from '../../pdata/batch.ts';
import { attributesOf, mapHash } from '../../pdata/hash/map-hash.ts';
import { OtlpBatch, otlpBatch } from '../../pdata/otlp-batch.ts';
import type { Part } from '../../pdata/part.ts';
import { Cursor, readVarint, skipValue } from '../../pdata/proto/cursor.ts';
import { Writer } from '../../pdata/proto/writer.ts';
import { GroupReader } from '../../pdata/readers.ts';
import type { Signal } from '../../pdata/signal.ts';
import { Column, NodeKind, stride } from '../../pdata/tree.ts';

/** What becomes one record, or several when it is too large for one. */
export interface Piece<S extends Signal> {
  /** undefined = records have no key of their own. */
  readonly key: Buffer | undefined;
  readonly batch: Batch<S>;
}

/** Field of the trace id in items. */
const traceIdField = { traces: 1, logs: 9 } as const;

function plain<S extends Signal>(batch: Batch<S>): OtlpBatch<S> {
  return otlpBatch(otlpBatch(batch).plain());
}

/** The batch as it is. */
export function* whole<S extends Signal>(batch: Batch<S>): Generator<Piece<S>> {
  yield { key: undefined, batch };
}

/** A piece for each resource group. @param keyed whether keys are hashes of its attributes */
export function* byResource<S extends Signal>(
  batch: Batch<S>,
  keyed: boolean,
): Generator<Piece<S>> {
  const source = plain(batch);
  for (let i = 0; i < source.source.length; i += 1) {
    const part = source.part(i);
    const { nodes, count } = part.tree;
    const rest = outside(part, -1, 0, part.bytes.length);
    for (let n = 0; n < count; n = nodes[n * stride + Column.next]!) {
      const at = n * stride;
      if (nodes[at] !== NodeKind.group) continue;
      const own = part.bytes.subarray(nodes[at + Column.header]!, nodes[at + Column.end]!);
      const bytes = rest.length === 0 ? own : Buffer.concat([own, rest]);
      const piece = new OtlpBatch(batch.signal, [bytes], [itemsIn(part, n)]);
      yield { key: keyed ? resourceKey(piece) : undefined, batch: piece };
    }
  }
}

function resourceKey<S extends Signal>(piece: Batch<S>): Buffer {
  const reader = new GroupReader(piece);
  if (!reader.nextResource()) return Buffer.alloc(16);
  return Buffer.from(mapHash(attributesOf(reader.resource)));
}

function itemsIn({ tree }: Part, group: number): number {
  let items = 0;
  const stop = tree.nodes[group * stride + Column.next]!;
  for (let n = group + 1; n < stop; n += 1) {
    if (tree.nodes[n * stride] === NodeKind.item) items += 1;
  }
  return items;
}

/** Bytes [from, to) without the nodes whose parent is `parent` and which hold items. */
function outside({ tree, bytes }: Part, parent: number, from: number, to: number): Uint8Array {
  const { nodes } = tree;
  const w = new Writer(64);
  let cursor = from;
  const stop = parent < 0 ? tree.count : nodes[parent * stride + Column.next]!;
  for (let n = parent + 1; n < stop; n = nodes[n * stride + Column.next]!) {
    const kind = nodes[n * stride]!;
    if (kind === NodeKind.resource || kind === NodeKind.scope) continue;
    w.copy(bytes, cursor, nodes[n * stride + Column.header]!);
    cursor = nodes[n * stride + Column.end]!;
  }
  w.copy(bytes, cursor, to);
  return w.take();
}

/** A piece for each trace of each scope, its id as key; '' or none where items have no trace id. */
export function* byTrace<S extends 'traces' | 'logs'>(batch: Batch<S>): Generator<Piece<S>> {
  const source = plain(batch);
  for (let i = 0; i < source.source.length; i += 1) {
    const part = source.part(i);
    const { nodes, count } = part.tree;
    let head: Uint8Array | undefined;
    for (let n = 0; n < count; n += 1) {
      const at = n * stride;
      if (nodes[at] === NodeKind.group) head = inside(part, n);
      if (nodes[at] === NodeKind.scopeGroup) yield* tracesOf(batch.signal, part, n, head!);
    }
  }
}

function inside(part: Part, node: number): Uint8Array {
  const at = node * stride;
  const { nodes } = part.tree;
  return outside(part, node, nodes[at + Column.body]!, nodes[at + Column.end]!);
}

function* tracesOf<S extends 'traces' | 'logs'>(
  signal: S,
  part: Part,
  scopeGroup: number,
  head: Uint8Array,
): Generator<Piece<S>> {
  const { nodes } = part.tree;
  const traces = new Map<string, number[]>();
  const stop = nodes[scopeGroup * stride + Column.next]!;
  for (let n = scopeGroup + 1; n < stop; n += 1) {
    if (nodes[n * stride] !== NodeKind.item) continue;
    const id = traceId(part.bytes, n * stride, nodes, traceIdField[signal]);
    const known = traces.get(id);
    if (known === undefined) traces.set(id, [n]);
    else known.push(n);
  }
  const scope = inside(part, scopeGroup);
  for (const [id, items] of traces) {
    const w = new Writer(1024);
    const group = w.open(1, 3);
    w.copy(head, 0, head.length);
    const inner = w.open(2, 3);
    w.copy(scope, 0, scope.length);
    for (const n of items) {
      const at = n * stride;
      w.copy(part.bytes, nodes[at + Column.header]!, nodes[at + Column.end]!);
    }
    w.close(inner);
    w.close(group);
    const key = id === '' && signal === 'logs' ? undefined : Buffer.from(id);
    yield { key, batch: new OtlpBatch(signal, [w.take()], [items.length]) };
  }
}

/** In lower-case hex; '' for none and for zeros. */
function traceId(bytes: Uint8Array, at: number, nodes: Int32Array, field: number): string {
  const c = new Cursor(bytes);
  c.pos = nodes[at + Column.body]!;
  const end = nodes[at + Column.end]!;
  const wanted = field * 8 + 2;
  let id = '';
  while (c.pos < end) {
    const tag = readVarint(c);
    if (tag !== wanted) {
      skipValue(c, tag);
      continue;
    }
    const length = readVarint(c);
    id = Buffer.from(bytes.buffer, bytes.byteOffset + c.pos, length).toString('hex');
    c.pos += length;
  }
  return /[^0]/.test(id) ? id : '';
}
