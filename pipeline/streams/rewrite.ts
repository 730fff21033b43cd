import type { Metrics } from '../../pdata/batch.ts';
import { OtlpBatch, otlpBatch } from '../../pdata/otlp-batch.ts';
import { Cursor, noBytes, readVarint, skipValue } from '../../pdata/proto/cursor.ts';
import { Writer } from '../../pdata/proto/writer.ts';
import { DataKind, MessageView } from '../../pdata/readers.ts';
import { Column, NodeKind, stride, type Tree } from '../../pdata/tree.ts';

/** A metric in its place. Views are moved, never made anew. */
export interface MetricPlace {
  readonly resource: MessageView;
  readonly scope: MessageView;
  readonly metric: MessageView;
  /** Gauge, Sum ...: field 2 temporality, 3 is monotonic. */
  readonly data: MessageView;
  /** One of DataKind; 0 = a metric without data. */
  readonly dataKind: number;
  readonly pointCount: number;
}

/** Whether data of this kind say over what time their points count. */
export function hasTemporality(dataKind: number): boolean {
  return (
    dataKind === DataKind.sum ||
    dataKind === DataKind.histogram ||
    dataKind === DataKind.exponentialHistogram
  );
}

/** What happens to the metrics of a batch. */
export interface MetricVisitor {
  /** Called at each resource before its metrics. */
  resource?(place: MetricPlace): void;
  /** Whether a metric's points are visited; the others stay as they are. */
  visits(place: MetricPlace): boolean;
  /**
   * Writes what becomes of the point whose fields are at [start, end).
   * @returns false = it is left out, whatever was written
   */
  point(bytes: Uint8Array, start: number, end: number, w: Writer): boolean;
}

const pointTag = 10;
const temporalityTag = 16;

/** The field of Metric in which the data is says of what kind it is. */
function dataKindOf(bytes: Uint8Array, header: number): number {
  return (bytes[header]! & 127) >>> 3;
}

class Rewriter implements MetricPlace {
  readonly resource = new MessageView();
  readonly scope = new MessageView();
  readonly metric = new MessageView();
  readonly data = new MessageView();
  dataKind = 0;
  pointCount = 0;
  items = 0;
  readonly #visitor: MetricVisitor;
  readonly #temporality: number;
  readonly #w: Writer;
  #bytes: Uint8Array = noBytes;
  #tree: Tree | undefined;
  readonly #cursor = new Cursor(noBytes);

  constructor(visitor: MetricVisitor, temporality: number, w: Writer) {
    this.#visitor = visitor;
    this.#temporality = temporality;
    this.#w = w;
    this.resource.attributeField = 1;
    this.scope.attributeField = 3;
    this.metric.attributeField = 12;
  }

  /** Writes a request; groups that hold no metric are left out. */
  write(bytes: Uint8Array, tree: Tree): void {
    this.#bytes = bytes;
    this.#tree = tree;
    this.#children(0, tree.count, 0, bytes.length, -1);
  }

  #at(node: number, column: number): number {
    return this.#tree!.nodes[node * stride + column]!;
  }

  /**
   * Writes [begin, end) with the nodes first to stop in it, each by its kind.
   * @returns how many groups or metrics among them were written
   */
  #children(first: number, stop: number, begin: number, end: number, parent: number): number {
    const w = this.#w;
    let cursor = begin;
    let written = 0;
    if (parent >= 0) this.#bindHead(parent, first, stop);
    for (let n = first; n < stop; n = this.#at(n, Column.next)) {
      const kind = this.#at(n, Column.kind);
      if (kind === NodeKind.resource || kind === NodeKind.scope) continue;
      w.copy(this.#bytes, cursor, this.#at(n, Column.header));
      cursor = this.#at(n, Column.end);
      if (kind === NodeKind.container ? this.#metric(n) : this.#group(n)) written += 1;
    }
    w.copy(this.#bytes, cursor, end);
    return written;
  }

  /** Puts the view of a group's resource or scope on it. */
  #bindHead(group: number, first: number, stop: number): void {
    const isScope = this.#at(group, Column.kind) === NodeKind.scopeGroup;
    const view = isScope ? this.scope : this.resource;
    const kind = isScope ? NodeKind.scope : NodeKind.resource;
    if (first < stop && this.#at(first, Column.kind) === kind) {
      view.bind(this.#bytes, this.#tree!, first, 0);
    } else view.bindBytes(this.#bytes, 0, 0);
    if (!isScope) this.#visitor.resource?.(this);
  }

  #group(n: number): boolean {
    const w = this.#w;
    const before = w.length;
    const opened = w.open(this.#at(n, Column.kind) === NodeKind.group ? 1 : 2, 3);
    const [from, to] = [this.#at(n, Column.body), this.#at(n, Column.end)];
    const written = this.#children(n + 1, this.#at(n, Column.next), from, to, n);
    if (written === 0) w.length = before;
    else w.close(opened);
    return written > 0;
  }

  #metric(n: number): boolean {
    const w = this.#w;
    const next = this.#at(n, Column.next);
    const header = this.#at(n, Column.header);
    const body = this.#at(n, Column.body);
    const end = this.#at(n, Column.end);
    this.metric.bind(this.#bytes, this.#tree!, n, 0);
    const data = n + 1;
    const hasData = data < next;
    this.dataKind = hasData ? dataKindOf(this.#bytes, this.#at(data, Column.header)) : 0;
    this.pointCount = hasData ? next - data - 1 : 0;
    if (hasData) this.data.bind(this.#bytes, this.#tree!, data, 0);
    if (!hasData || !this.#visitor.visits(this)) {
      w.copy(this.#bytes, header, end);
      this.items += this.pointCount;
      return true;
    }
    const before = w.length;
    const opened = w.open(2, 2);
    w.copy(this.#bytes, body, this.#at(data, Column.header));
    const points = this.#data(data);
    w.copy(this.#bytes, this.#at(data, Column.end), end);
    if (points === 0) w.length = before;
    else w.close(opened);
    this.items += points;
    return points > 0;
  }

  /** Writes the data with what becomes of its points. @returns how many there are */
  #data(data: number): number {
    const w = this.#w;
    const bytes = this.#bytes;
    const c = this.#cursor;
    const end = this.#at(data, Column.end);
    const opened = w.open(this.dataKind, 2);
    let points = 0;
    for (let pos = this.#at(data, Column.body); pos < end; pos = c.pos) {
      c.bytes = bytes;
      c.pos = pos;
      const tag = readVarint(c);
      if (tag !== pointTag) {
        skipValue(c, tag);
        if (tag !== temporalityTag) w.copy(bytes, pos, c.pos);
        continue;
      }
      const length = readVarint(c);
      const start = c.pos;
      c.pos += length;
      const before = w.length;
      const at = w.open(1);
      if (this.#visitor.point(bytes, start, c.pos, w)) {
        w.close(at);
        points += 1;
      } else w.length = before;
    }
    w.uintField(2, this.#temporality);
    w.close(opened);
    return points;
  }
}

/**
 * The batch with the points of some metrics written anew, in order, and `temporality` in place of
 * theirs. Metrics without a point left, and groups without a metric, are left out.
 * @returns undefined when nothing is left at all
 */
export function rewriteMetrics(
  batch: Metrics,
  visitor: MetricVisitor,
  temporality: number,
): Metrics | undefined {
  const source = otlpBatch(batch.plain());
  const w = new Writer(source.byteLength + (source.byteLength >> 3) + 64);
  const rewriter = new Rewriter(visitor, temporality, w);
  for (let i = 0; i < source.source.length; i += 1) {
    const part = source.part(i);
    rewriter.write(part.bytes, part.tree);
  }
  if (w.length === 0) return undefined;
  return new OtlpBatch('metrics', [w.finish()], [rewriter.items]);
}
