import type { Buckets } from '../../pdata/objects/index.ts';

/*
 * Buckets of exponential histograms: bucket i of a scale holds (base^i, base^(i+1)], base =
 * 2^(2^-scale); `bucketCounts[0]` is that of bucket `offset`
 * (https://opentelemetry.io/docs/specs/otel/metrics/data-model/#exponentialhistogram).
 */

/** Lowers the scale by `bits`: 2^bits neighbours become one bucket. */
export function coarsen(buckets: Buckets, bits: number): void {
  // an offset has 32 bits: after 31 halvings only its sign is left
  const by = Math.min(bits, 31);
  const { offset, bucketCounts: counts } = buckets;
  const first = offset >> by;
  const merged: bigint[] = [];
  for (const [i, count] of counts.entries()) {
    const at = ((offset + i) >> by) - first;
    merged[at] = (merged[at] ?? 0n) + count;
  }
  buckets.offset = first;
  buckets.bucketCounts = merged;
}

/** Takes the buckets up to number `last` out. @returns what they counted */
export function trimZeros(buckets: Buckets, last: number): bigint {
  const trimmed = Math.min(last - buckets.offset + 1, buckets.bucketCounts.length);
  if (!(trimmed > 0)) return 0n;
  const taken = buckets.bucketCounts.splice(0, trimmed);
  buckets.offset += trimmed;
  return taken.reduce((sum, count) => sum + count, 0n);
}

/**
 * What `now` counts more than `before`, bucket by bucket; one that fell counts as unchanged. The
 * result begins and ends with a bucket that is not zero.
 */
export function difference(now: Buckets, before: Buckets): Buckets {
  const grown = now.bucketCounts.map((count, i) => {
    const old = before.bucketCounts[now.offset + i - before.offset] ?? 0n;
    return count > old ? count - old : 0n;
  });
  const first = grown.findIndex((count) => count > 0n);
  if (first < 0) return { offset: 0, bucketCounts: [] };
  const last = grown.findLastIndex((count) => count > 0n);
  return { offset: now.offset + first, bucketCounts: grown.slice(first, last + 1) };
}
