import { wrapCount } from '../../pdata/aggregate/go-numbers.ts';
import {
  type ExponentialPoint,
  type HistogramPoint,
  hasSameBounds,
  newExponentialPoint,
  newHistogramPoint,
} from '../../pdata/objects/index.ts';
import { coarsen, difference, trimZeros } from './exponential-buckets.ts';

/** What becomes of a point after the first: its delta, or why there is none. */
export type Outcome = 'delta' | 'bucket_mismatch' | 'reset';

/** A point without what differs from stream to stream or is not compared: what is remembered. */
export function bareHistogram(point: HistogramPoint): HistogramPoint {
  const { count, sum, bucketCounts, explicitBounds } = point;
  return { ...newHistogramPoint(), count, sum, bucketCounts, explicitBounds };
}

/** The same of an exponential histogram. */
export function bareExponential(point: ExponentialPoint): ExponentialPoint {
  const { count, sum, scale, zeroCount, zeroThreshold, positive, negative } = point;
  const counts = { count, sum, zeroCount, positive, negative };
  return { ...newExponentialPoint(), ...counts, scale, zeroThreshold };
}

/**
 * Takes `previous` off `point`, in place. A count that fell means that counting began anew: the
 * point is its own delta then. A sum that is no number is taken to be the previous one.
 * @param keep what will be remembered of the point: its sum is set in that case
 */
export function histogramDelta(
  point: HistogramPoint,
  previous: HistogramPoint,
  keep: HistogramPoint,
): Outcome {
  const before = previous.sum ?? 0;
  const given = point.sum ?? 0;
  const sum = Number.isNaN(given) ? before : given;
  if (Number.isNaN(given)) keep.sum = before;
  if (point.bucketCounts.length !== previous.bucketCounts.length) return 'bucket_mismatch';
  if (!hasSameBounds(point, previous)) return 'bucket_mismatch';
  if (point.count < previous.count) return 'delta';
  point.count -= previous.count;
  point.bucketCounts = point.bucketCounts.map((count, i) =>
    wrapCount(count - previous.bucketCounts[i]!),
  );
  if (point.sum !== undefined && !Number.isNaN(point.sum)) point.sum = sum - before;
  return 'delta';
}

/**
 * Takes `previous`, which is changed, off `point`, in place. Count and zero threshold of a stream
 * only grow and its scale only falls; anything else is a reset.
 */
export function exponentialDelta(point: ExponentialPoint, previous: ExponentialPoint): Outcome {
  const finer = point.scale > previous.scale;
  if (point.count < previous.count || point.zeroThreshold < previous.zeroThreshold || finer) {
    return 'reset';
  }
  if (point.zeroThreshold > previous.zeroThreshold) {
    const scaled = Math.log(point.zeroThreshold) * Math.LOG2E * 2 ** previous.scale;
    const last = Math.ceil(scaled) - 1;
    previous.zeroCount += trimZeros(previous.positive, last) + trimZeros(previous.negative, last);
  }
  if (finerThan(previous, point)) {
    coarsen(previous.positive, previous.scale - point.scale);
    coarsen(previous.negative, previous.scale - point.scale);
  }
  point.count -= previous.count;
  if (point.sum !== undefined && !Number.isNaN(point.sum)) point.sum -= previous.sum ?? 0;
  point.zeroCount = wrapCount(point.zeroCount - previous.zeroCount);
  point.positive = difference(point.positive, previous.positive);
  point.negative = difference(point.negative, previous.negative);
  return 'delta';
}

function finerThan(a: ExponentialPoint, b: ExponentialPoint): boolean {
  return a.scale > b.scale;
}
