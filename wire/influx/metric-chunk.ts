import { putVarint, varintSize, Writer } from '../../pdata/proto/writer.ts';
import type { Field, MetricName } from './names.ts';
import type { Group, Series } from './series-table.ts';

/** What a metric is. */
export const Shape = {
  gauge: 0,
  cumulativeSum: 1,
  deltaSum: 2,
  cumulativeHistogram: 3,
  deltaHistogram: 4,
  summary: 5,
} as const;
/** Type and temporality of an OTLP metric in one number. */
export type Shape = (typeof Shape)[keyof typeof Shape];

/** Number and wire type of a shape's field in a Metric, and the fields that follow its points. */
const shapes: readonly (readonly [tag: number, after: readonly number[]])[] = [
  [0x2a, []],
  [0x3a, [0x10, 2, 0x18, 1]],
  [0x3a, [0x10, 1, 0x18, 1]],
  [0x4a, [0x10, 2]],
  [0x4a, [0x10, 1]],
  [0x5a, []],
];

/** Points that a chunk holds at most. */
export const chunkPoints = 65_536;

const value = { double: 0, int: 1, encoded: 2 } as const;

interface Metric {
  readonly name: MetricName;
  readonly group: Group;
  readonly shape: Shape;
  points: number;
  /** Bytes of its points, tags and lengths included. */
  bytes: number;
  /** Where its points begin in the order of writing. */
  first: number;
}

/**
 * Points of many metrics, gathered in the order of lines and written metric by metric as one OTLP
 * request. A point is a place in the columns: its metric, its series, times, value. Points that are
 * no numbers come encoded. All sizes are known before the output's buffer is made.
 */
export class MetricChunk {
  points = 0;
  #series: readonly Series[] = [];
  #metrics: Metric[] = [];
  /** Places of metrics by group, shape and name. */
  #groups = new Map<Group, (Map<MetricName, number> | undefined)[]>();
  #epoch = 0;
  #metric = new Int32Array(1024);
  #of = new Int32Array(1024);
  #kind = new Uint8Array(1024);
  /** Four halves a point: time, value. */
  #words = new Uint32Array(1024 * 4);
  /** Start times, where a point has one. */
  #starts = new Map<number, readonly [lo: number, hi: number]>();
  #size = new Int32Array(1024);
  #encoded = new Writer(1024);

  /** @param series what numbers of series stand for */
  begin(series: readonly Series[]): void {
    this.#series = series;
    this.#epoch += 1;
    this.points = 0;
    this.#metrics = [];
    this.#groups.clear();
    this.#starts.clear();
    this.#encoded.length = 0;
    if (this.#encoded.bytes.length > 1 << 20) this.#encoded = new Writer(1024);
  }

  /** Place of the metric `field.metric` of a group. */
  fieldMetric(field: Field, group: Group): number {
    if (field.epoch === this.#epoch && field.group === group.id) return field.place;
    field.epoch = this.#epoch;
    field.group = group.id;
    field.place = this.metric(field.metric, group, Shape.gauge);
    return field.place;
  }

  /** Place of a metric; names of one group that differ in shape are metrics of their own. */
  metric(name: MetricName, group: Group, shape: Shape): number {
    let byShape = this.#groups.get(group);
    if (byShape === undefined) {
      byShape = [];
      this.#groups.set(group, byShape);
    }
    const byName = byShape[shape] ?? new Map<MetricName, number>();
    const known = byName.get(name);
    if (known !== undefined) return known;
    byShape[shape] = byName;
    const place = this.#metrics.length;
    this.#metrics.push({ name, group, shape, points: 0, bytes: 0, first: 0 });
    byName.set(name, place);
    return place;
  }

  /** Adds a point of a number: `lo` and `hi` are the halves of a double or of an integer. */
  add(
    metric: number,
    series: number,
    integer: boolean,
    lo: number,
    hi: number,
    timeLo: number,
    timeHi: number,
  ): void {
    const at = this.#open(metric);
    this.#of[at] = series;
    this.#kind[at] = integer ? value.int : value.double;
    const words = this.#words;
    words[at * 4] = timeLo;
    words[at * 4 + 1] = timeHi;
    words[at * 4 + 2] = lo;
    words[at * 4 + 3] = hi;
    this.#close(at, metric, 18 + this.#series[series]!.attributes.length);
  }

  /** The last point began at a time. */
  startAt(lo: number, hi: number): void {
    const at = this.points - 1;
    this.#starts.set(at, [lo, hi]);
    const size = this.#size[at]!;
    const metric = this.#metrics[this.#metric[at]!]!;
    metric.bytes += varintSize(size + 9) - varintSize(size) + 9;
    this.#size[at] = size + 9;
  }

  /** Adds a point whose fields `write` writes. */
  addEncoded(metric: number, write: (w: Writer) => void): void {
    const at = this.#open(metric);
    const from = this.#encoded.length;
    write(this.#encoded);
    this.#kind[at] = value.encoded;
    this.#words[at * 4] = from;
    this.#close(at, metric, this.#encoded.length - from);
  }

  #open(metric: number): number {
    const at = this.points;
    if (at === this.#metric.length) this.#grow();
    this.#metric[at] = metric;
    return at;
  }

  #close(at: number, metric: number, size: number): void {
    this.#size[at] = size;
    const one = this.#metrics[metric]!;
    one.points += 1;
    one.bytes += 1 + varintSize(size) + size;
    this.points = at + 1;
  }

  #grow(): void {
    const length = this.#metric.length * 2;
    const grown = <T extends Int32Array | Uint8Array | Uint32Array>(from: T, to: T): T => {
      to.set(from);
      return to;
    };
    this.#metric = grown(this.#metric, new Int32Array(length));
    this.#of = grown(this.#of, new Int32Array(length));
    this.#size = grown(this.#size, new Int32Array(length));
    this.#kind = grown(this.#kind, new Uint8Array(length));
    this.#words = grown(this.#words, new Uint32Array(length * 4));
  }

  /** Metrics of each group, in the order in which they came. */
  #grouped(): Map<Group, Metric[]> {
    const grouped = new Map<Group, Metric[]>();
    for (const metric of this.#metrics) {
      if (metric.points === 0) continue;
      const list = grouped.get(metric.group);
      if (list === undefined) grouped.set(metric.group, [metric]);
      else list.push(metric);
    }
    return grouped;
  }

  /** Bytes that {@link write} will make. @param more further fields of every Resource */
  byteLength(more: Uint8Array): number {
    let total = 0;
    for (const [group, metrics] of this.#grouped()) total += groupSizes(group, metrics, more).field;
    return total;
  }

  /** One ExportMetricsServiceRequest, into a buffer of its own. */
  write(more: Uint8Array): Buffer {
    const out = Buffer.allocUnsafeSlow(this.byteLength(more));
    const order = this.#order();
    const view = new DataView(out.buffer, out.byteOffset, out.length);
    let p = 0;
    for (const [group, metrics] of this.#grouped()) {
      const sizes = groupSizes(group, metrics, more);
      p = putHead(out, p, 0x0a, sizes.group);
      p = putHead(out, p, 0x0a, group.resource.length + more.length);
      p = putBytes(out, p, group.resource);
      p = putBytes(out, p, more);
      p = putHead(out, p, 0x12, sizes.scope);
      p = putHead(out, p, 0x0a, group.scope.length);
      p = putBytes(out, p, group.scope);
      for (const metric of metrics) p = this.#writeMetric(out, view, p, metric, order);
    }
    if (p !== out.length) throw new Error(`BUG: ${p} bytes written, ${out.length} counted`);
    return out;
  }

  /** Numbers of points, metric by metric. */
  #order(): Int32Array {
    let first = 0;
    for (const metric of this.#metrics) {
      metric.first = first;
      first += metric.points;
    }
    const order = new Int32Array(this.points);
    const next = Int32Array.from(this.#metrics, (metric) => metric.first);
    for (let at = 0; at < this.points; at += 1) {
      const metric = this.#metric[at]!;
      order[next[metric]!] = at;
      next[metric]! += 1;
    }
    return order;
  }

  #writeMetric(out: Buffer, view: DataView, at: number, metric: Metric, order: Int32Array): number {
    const sizes = metricSizes(metric);
    const [tag, after] = shapes[metric.shape]!;
    let p = putHead(out, at, 0x12, sizes.metric);
    p = putHead(out, p, 0x0a, metric.name.bytes.length);
    p = putBytes(out, p, metric.name.bytes);
    p = putHead(out, p, tag, sizes.data);
    const last = metric.first + metric.points;
    for (let i = metric.first; i < last; i += 1) p = this.#writePoint(out, view, p, order[i]!);
    for (const byte of after) {
      out[p] = byte;
      p += 1;
    }
    return p;
  }

  #writePoint(out: Buffer, view: DataView, start: number, at: number): number {
    const size = this.#size[at]!;
    let p = putHead(out, start, 0x0a, size);
    const words = this.#words;
    const word = at * 4;
    const kind = this.#kind[at];
    if (kind === value.encoded) {
      const from = words[word]!;
      return putBytes(out, p, this.#encoded.bytes.subarray(from, from + size));
    }
    const from = this.#starts.size === 0 ? undefined : this.#starts.get(at);
    if (from !== undefined) p = putFixed64(out, view, p, 0x11, from[0], from[1]);
    p = putFixed64(out, view, p, 0x19, words[word]!, words[word + 1]!);
    const tag = kind === value.int ? 0x31 : 0x21;
    p = putFixed64(out, view, p, tag, words[word + 2]!, words[word + 3]!);
    return putBytes(out, p, this.#series[this.#of[at]!]!.attributes);
  }
}

/** Lengths of the messages of a group, and of its field in the request. */
function groupSizes(group: Group, metrics: readonly Metric[], more: Uint8Array) {
  let scope = fieldSize(group.scope.length);
  for (const metric of metrics) scope += fieldSize(metricSizes(metric).metric);
  const whole = fieldSize(group.resource.length + more.length) + fieldSize(scope);
  return { scope, group: whole, field: fieldSize(whole) };
}

function metricSizes(metric: Metric) {
  const data = metric.bytes + shapes[metric.shape]![1].length;
  return { data, metric: fieldSize(metric.name.bytes.length) + fieldSize(data) };
}

/** A field of `length` bytes with a tag of one byte. */
function fieldSize(length: number): number {
  return 1 + varintSize(length) + length;
}

function putHead(out: Buffer, at: number, tag: number, length: number): number {
  out[at] = tag;
  return putVarint(out, at + 1, length);
}

function putBytes(out: Buffer, at: number, bytes: Uint8Array): number {
  if (bytes.length > 24) out.set(bytes, at);
  else for (let i = 0; i < bytes.length; i += 1) out[at + i] = bytes[i]!;
  return at + bytes.length;
}

function putFixed64(
  out: Buffer,
  view: DataView,
  at: number,
  tag: number,
  lo: number,
  hi: number,
): number {
  out[at] = tag;
  view.setUint32(at + 1, lo, true);
  view.setUint32(at + 5, hi, true);
  return at + 9;
}
