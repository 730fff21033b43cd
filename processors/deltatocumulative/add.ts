import { wrapCount } from '../../pdata/aggregate/go-numbers.ts';
import {
  type ExponentialPoint,
  type HistogramPoint,
  hasSameBounds,
} from '../../pdata/objects/index.ts';
import { downscale, fittingScale, merge, widenZero } from './exponential-buckets.ts';

/** Buckets of either sign that an exponential histogram has at most. */
const maxBuckets = 160;

interface Summary {
  sum: number | undefined;
  min: number | undefined;
  max: number | undefined;
}

/** Sum, least and largest value: only what both have stays. */
function addSummary(state: Summary, point: Summary): void {
  const both = (
    a: number | undefined,
    b: number | undefined,
    f: (a: number, b: number) => number,
  ) => (a === undefined || b === undefined ? undefined : f(a, b));
  state.sum = both(state.sum, point.sum, (a, b) => a + b);
  state.min = both(state.min, point.min, Math.min);
  state.max = both(state.max, point.max, Math.max);
}

/** Adds a point to what its stream has; other bounds mean that counting begins anew. */
export function addHistogram(state: HistogramPoint, point: HistogramPoint): HistogramPoint {
  if (!hasSameBounds(state, point)) return point;
  const common = Math.min(state.bucketCounts.length, point.bucketCounts.length);
  for (let i = 0; i < common; i += 1) {
    state.bucketCounts[i] = wrapCount(state.bucketCounts[i]! + point.bucketCounts[i]!);
  }
  state.count = wrapCount(state.count + point.count);
  addSummary(state, point);
  return state;
}

function lowerScale(point: ExponentialPoint, to: number): void {
  downscale(point.positive, point.scale, to);
  downscale(point.negative, point.scale, to);
  point.scale = to;
}

/** Adds a point, which is changed, to what its stream has, at the scale that fits both. */
export function addExponential(state: ExponentialPoint, point: ExponentialPoint): void {
  if (state.scale > point.scale) lowerScale(state, point.scale);
  else lowerScale(point, state.scale);
  const fitting = Math.min(
    fittingScale(maxBuckets, state.scale, state.positive, point.positive),
    fittingScale(maxBuckets, state.scale, state.negative, point.negative),
  );
  lowerScale(state, fitting);
  lowerScale(point, fitting);
  if (state.zeroThreshold > point.zeroThreshold) widenZero(point, state.zeroThreshold);
  else if (state.zeroThreshold < point.zeroThreshold) widenZero(state, point.zeroThreshold);
  merge(state.positive, point.positive);
  merge(state.negative, point.negative);
  state.count = wrapCount(state.count + point.count);
  state.zeroCount = wrapCount(state.zeroCount + point.zeroCount);
  addSummary(state, point);
}
