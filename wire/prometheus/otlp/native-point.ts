import type { Writer } from '../../../pdata/proto/writer.ts';
import type { NativeHistogram } from '../remote-write/native-histogram.ts';

/** Buckets that one side of a point is written with; wider ones are merged two by two. */
const bucketsMax = 4096;

/** Writes count, sum and buckets of a histogram with listed bounds as HistogramDataPoint's. */
export function putNativeCustom(w: Writer, histogram: NativeHistogram): void {
  const { customValues, positiveSpans, positive, stale } = histogram;
  putTotals(w, histogram);
  const counts = new Array<number>(customValues.length + 1).fill(0);
  let bucket = 0;
  let next = 0;
  for (let i = 0; !stale && i < positiveSpans.length; i += 2) {
    bucket += positiveSpans[i]!;
    for (let n = positiveSpans[i + 1]!; n > 0; n -= 1) {
      counts[bucket] = positive[next]!;
      bucket += 1;
      next += 1;
    }
  }
  const at = w.open(6);
  for (const count of counts) putFixed(w, count);
  w.close(at);
  if (customValues.length === 0) return;
  const bounds = w.open(7);
  for (const bound of customValues) w.double(bound);
  w.close(bounds);
}

/**
 * Writes the fields of an ExponentialHistogramDataPoint. Buckets of Prometheus are named by their
 * upper bound, those of OTLP by the lower one: indexes differ by one.
 */
export function putNativeExponential(w: Writer, histogram: NativeHistogram): void {
  const { stale, zeroCount, zeroThreshold } = histogram;
  putTotals(w, histogram);
  if (stale) {
    putScale(w, histogram.schema);
    return;
  }
  const shift = Math.max(shiftFor(histogram.positiveSpans), shiftFor(histogram.negativeSpans));
  putScale(w, histogram.schema - shift);
  if (zeroCount > 0) {
    w.tag(7, 1);
    putFixed(w, zeroCount);
  }
  putSide(w, 8, histogram.positiveSpans, histogram.positive, shift);
  putSide(w, 9, histogram.negativeSpans, histogram.negative, shift);
  if (zeroThreshold !== 0) w.doubleField(14, zeroThreshold);
}

function putScale(w: Writer, scale: number): void {
  if (scale !== 0) w.sint32Field(6, scale);
}

function putTotals(w: Writer, histogram: NativeHistogram): void {
  const { stale, count, sumLo, sumHi } = histogram;
  w.tag(4, 1);
  putFixed(w, stale ? 0 : count);
  if (!stale) w.fixed64Field(5, sumLo, sumHi);
}

/** How often buckets are merged two by two until a side is narrow enough. */
function shiftFor(spans: readonly number[]): number {
  const first = (spans[0] ?? 0) - 1;
  let end = first;
  for (let i = 0; i < spans.length; i += 2) end += (i === 0 ? 0 : spans[i]!) + spans[i + 1]!;
  let shift = 0;
  while (Math.floor((end - 1) / 2 ** shift) - Math.floor(first / 2 ** shift) >= bucketsMax) {
    shift += 1;
  }
  return shift;
}

/** Writes one side as Buckets: offset and dense counts. */
function putSide(
  w: Writer,
  field: number,
  spans: readonly number[],
  buckets: readonly number[],
  shift: number,
): void {
  if (spans.length === 0) return;
  const counts: number[] = [];
  const scale = 2 ** shift;
  const offset = Math.floor((spans[0]! - 1) / scale);
  let index = -1;
  let next = 0;
  for (let i = 0; i < spans.length; i += 2) {
    index += spans[i]!;
    for (let n = spans[i + 1]!; n > 0; n -= 1) {
      const at = Math.floor(index / scale) - offset;
      while (counts.length <= at) counts.push(0);
      counts[at]! += Math.trunc(buckets[next]!);
      index += 1;
      next += 1;
    }
  }
  const at = w.open(field);
  if (offset !== 0) w.sint32Field(1, offset);
  if (counts.length > 0) {
    const list = w.open(2);
    for (const count of counts) w.varint(Math.min(count, Number.MAX_SAFE_INTEGER));
    w.close(list);
  }
  w.close(at);
}

/** Float histograms have fractions, which OTLP has no place for. */
function putFixed(w: Writer, value: number): void {
  const whole = Math.min(Math.trunc(value), Number.MAX_SAFE_INTEGER);
  w.fixed64(whole % 4294967296, Math.floor(whole / 4294967296));
}
