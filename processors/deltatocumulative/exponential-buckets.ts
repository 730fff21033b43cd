import { wrapCount } from '../../pdata/aggregate/go-numbers.ts';
import type { Buckets, ExponentialPoint } from '../../pdata/objects/index.ts';

/*
 * Buckets of exponential histograms: bucket i of a scale holds (base^i, base^(i+1)], base =
 * 2^(2^-scale); `bucketCounts[0]` is that of bucket `offset`
 * (https://opentelemetry.io/docs/specs/otel/metrics/data-model/#exponentialhistogram).
 */

function countAt({ offset, bucketCounts }: Buckets, index: number): bigint {
  return bucketCounts[index - offset] ?? 0n;
}

/** First bucket in which either counts something, and the one behind the last such. */
function usedRange(a: Buckets, b: Buckets): [number, number] {
  const used = (index: number): boolean => countAt(a, index) !== 0n || countAt(b, index) !== 0n;
  const end = (buckets: Buckets): number => buckets.offset + buckets.bucketCounts.length;
  let low = Math.min(a.offset, b.offset);
  let high = Math.max(end(a), end(b));
  // what lies between the two may be wide: it is jumped over
  const starts = [a.offset, b.offset];
  const ends = [end(a), end(b)];
  while (low < high && !used(low)) {
    const gap = !starts.some((start, i) => low + 1 >= start && low + 1 < ends[i]!);
    low = gap ? Math.min(high, ...starts.filter((start) => start > low)) : low + 1;
  }
  while (low < high - 1 && !used(high - 1)) {
    const gap = !starts.some((start, i) => high - 2 >= start && high - 2 < ends[i]!);
    high = gap ? Math.max(low + 1, ...ends.filter((one) => one < high)) : high - 1;
  }
  return [low, high];
}

/** The scale at which both together need at most `most` buckets. */
export function fittingScale(most: number, scale: number, a: Buckets, b: Buckets): number {
  let [low, high] = usedRange(a, b);
  let fitting = scale;
  while (high - low > most) {
    low = Math.trunc(low / 2);
    high = Math.trunc(high / 2);
    fitting -= 1;
  }
  return fitting;
}

/** Lowers the scale by one: two neighbours become one bucket. The number of counts stays. */
function collapse(buckets: Buckets): void {
  const { offset, bucketCounts: counts } = buckets;
  const shift = offset % 2 === 0 ? 0 : -1;
  buckets.offset = (offset + shift) / 2;
  const halved = counts.map((_, i) => {
    const at = i * 2 + shift;
    return wrapCount((counts[at] ?? 0n) + (counts[at + 1] ?? 0n));
  });
  buckets.bucketCounts = halved;
}

/** Lowers the scale of buckets from one to another. */
export function downscale(buckets: Buckets, from: number, to: number): void {
  // after 64 halvings nothing changes any more
  for (let i = Math.min(from - to, 64); i > 0; i -= 1) collapse(buckets);
}

/** Adds `b` to `a`. */
export function merge(a: Buckets, b: Buckets): void {
  if (b.bucketCounts.length === 0) return;
  if (a.bucketCounts.length === 0) {
    a.offset = b.offset;
    a.bucketCounts = [...b.bucketCounts];
    return;
  }
  const [low, high] = usedRange(a, b);
  const sum: bigint[] = [];
  for (let i = low; i < high; i += 1) sum.push(wrapCount(countAt(a, i) + countAt(b, i)));
  a.offset = low;
  a.bucketCounts = sum;
}

/** Index of the bucket that holds `value`. */
function indexOf(value: number, scale: number): number {
  const exponent = Math.log2(value);
  if (Number.isInteger(exponent) && 2 ** exponent === value) {
    return scale >= 0 ? exponent * 2 ** scale - 1 : Math.ceil(exponent * 2 ** scale) - 1;
  }
  return Math.floor(Math.log(value) * Math.LOG2E * 2 ** scale);
}

/** Raises the zero threshold of a point to the end of the bucket that holds `threshold`. */
export function widenZero(point: ExponentialPoint, threshold: number): void {
  const last = indexOf(threshold, point.scale);
  for (const buckets of [point.positive, point.negative]) {
    const { offset, bucketCounts: counts } = buckets;
    const taken = Math.min(Math.max(last + 1 - offset, 0), counts.length);
    const zeros = counts.splice(0, taken).reduce((sum, count) => sum + count, 0n);
    point.zeroCount = wrapCount(point.zeroCount + zeros);
    buckets.offset = offset + taken;
  }
  point.zeroThreshold = Math.exp((last + 1) * Math.LN2 * 2 ** -point.scale);
}
