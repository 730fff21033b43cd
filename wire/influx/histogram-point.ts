import type { Writer } from '../../pdata/proto/writer.ts';

/** A time in nanoseconds since 1970, as halves. */
export interface Instant {
  readonly lo: number;
  readonly hi: number;
}

/** What a histogram's or summary's lines say. */
export interface Distribution {
  /** Attributes as field 7 of a point. */
  readonly attributes: Uint8Array;
  readonly time: Instant;
  readonly start: Instant | undefined;
  count: number | undefined;
  sum: number | undefined;
  /** Upper bounds with the number of observations at or below each. */
  readonly buckets: [bound: number, atMost: number][];
  readonly quantiles: [quantile: number, value: number][];
}

/** Whether the numbers can be those of a histogram: whole, growing with the bounds, up to count. */
export function isCumulative(
  buckets: readonly (readonly [number, number])[],
  count: number,
): boolean {
  let before = 0;
  for (const [, atMost] of [...buckets].sort(([a], [b]) => a - b)) {
    if (!Number.isInteger(atMost) || atMost < before || atMost > count) return false;
    before = atMost;
  }
  return Number.isInteger(count) && count >= 0;
}

/** Writes the fields of a HistogramDataPoint; where no count came, the largest bucket says it. */
export function writeHistogram(w: Writer, one: Distribution): void {
  const buckets = [...one.buckets].sort(([a], [b]) => a - b);
  const largest = Math.max(0, ...buckets.map(([, atMost]) => atMost));
  const count = Math.max(one.count ?? 0, largest);
  writeHead(w, one, count);
  const finite = buckets.filter(([bound], i) => {
    return Number.isFinite(bound) && bound !== buckets[i + 1]?.[0];
  });
  let before = 0;
  const counts = w.open(6);
  for (const [, atMost] of finite) {
    whole(w, Math.max(0, atMost - before));
    before = Math.max(before, atMost);
  }
  whole(w, count - before);
  w.close(counts);
  if (finite.length > 0) {
    const bounds = w.open(7);
    for (const [bound] of finite) w.double(bound);
    w.close(bounds);
  }
  retag(w, one.attributes, 0x4a);
}

/** Writes the fields of a SummaryDataPoint. */
export function writeSummary(w: Writer, one: Distribution): void {
  writeHead(w, one, one.count ?? 0);
  for (const [quantile, value] of [...one.quantiles].sort(([a], [b]) => a - b)) {
    const at = w.open(6);
    w.doubleField(1, quantile);
    w.doubleField(2, value);
    w.close(at);
  }
  w.raw(one.attributes);
}

function writeHead(w: Writer, one: Distribution, count: number): void {
  if (one.start !== undefined) w.fixed64Field(2, one.start.lo, one.start.hi);
  w.fixed64Field(3, one.time.lo, one.time.hi);
  w.tag(4, 1);
  whole(w, count);
  if (one.sum !== undefined) w.doubleField(5, one.sum);
}

function whole(w: Writer, value: number): void {
  w.fixed64((value % 4294967296) >>> 0, Math.floor(value / 4294967296));
}

/** Writes fields of one byte's tag and bytes with another tag. */
function retag(w: Writer, fields: Uint8Array, tag: number): void {
  const from = w.length;
  w.raw(fields);
  for (let p = from; p < w.length; ) {
    w.bytes[p] = tag;
    let size = 0;
    let shift = 0;
    do {
      p += 1;
      size |= (w.bytes[p]! & 127) << shift;
      shift += 7;
    } while (w.bytes[p]! > 127);
    p += 1 + size;
  }
}
