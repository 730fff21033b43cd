import { defineFunction, literalOf } from '../../../ottl/functions/types.ts';
import { OttlError, OttlRuntimeError } from '../../../ottl/index.ts';
import type { ExponentialPoint, HistogramPoint } from '../../../pdata/objects/index.ts';
import { distributions } from './distribute.ts';
import { changeMetric } from './metric.ts';

/** Counts of explicit buckets from those of exponential ones. */
function bucketCounts(
  { positive, scale, zeroCount }: ExponentialPoint,
  bounds: readonly number[],
  distribute: (typeof distributions)[string],
  random: () => number,
): bigint[] {
  const counts = bounds.map(() => 0n);
  const factor = Math.LN2 * 2 ** -scale;
  const last = bounds.length - 1;
  if (zeroCount > 0n && bounds[0] === 0) counts[0]! += zeroCount;
  positive.bucketCounts.forEach((count, i) => {
    const index = positive.offset + i;
    const upper = Math.exp((index + 1) * factor);
    const lower = Math.exp(index * factor);
    if (lower > bounds[last]!) {
      counts[last]! += count;
      return;
    }
    const inside = bounds.findIndex(
      (bound, j) => j > 0 && lower > bounds[j - 1]! && upper <= bound,
    );
    if (inside > 0) counts[inside - 1]! += count;
    else distribute!({ count, upper, lower, bounds, counts, random });
  });
  return counts;
}

function asHistogram(
  point: ExponentialPoint,
  bounds: readonly number[],
  counts: bigint[],
): HistogramPoint {
  const { attributes, startTimeUnixNano, timeUnixNano, count, sum, min, max, exemplars } = point;
  return {
    attributes,
    startTimeUnixNano,
    timeUnixNano,
    flags: 0,
    count,
    sum: sum ?? 0,
    min: min ?? 0,
    max: max ?? 0,
    bucketCounts: counts,
    explicitBounds: [...bounds],
    exemplars,
  };
}

/** Editor: makes explicit buckets of exponential ones; how counts are spread is an argument. */
export const convertExponentialHistogram = defineFunction({
  name: 'convert_exponential_histogram_to_histogram',
  parameters: [
    { name: 'distribution_fn', type: 'literalString' },
    { name: 'explicit_bounds', type: 'literalFloatList' },
  ],
  make({ distribution_fn: given, explicit_bounds: bounds }, environment) {
    const name = given === '' ? 'random' : given;
    const distribute = Object.hasOwn(distributions, name) ? distributions[name] : undefined;
    if (distribute === undefined) {
      throw new OttlError(
        `invalid conversion function: ${name}, must be one of [upper, midpoint, random, uniform]`,
      );
    }
    if (bounds.length === 0) throw new OttlError('explicit bounds cannot be empty: []');
    const random = (): number =>
      Buffer.from(environment.random.bytes(6)).readUIntBE(0, 6) / 2 ** 48;
    return changeMetric((metric) => {
      const { data } = metric;
      if (data.kind !== 'exponential') return;
      const { aggregationTemporality } = data;
      const points = data.points.map((point) =>
        asHistogram(point, bounds, bucketCounts(point, bounds, distribute, random)),
      );
      metric.data = { kind: 'histogram', points, aggregationTemporality };
      metric.metadata = new Map();
    });
  },
});

function removeBound(point: HistogramPoint, bound: number): void {
  const { explicitBounds: bounds, bucketCounts: counts } = point;
  if (bounds.length + 1 !== counts.length || counts.length === 1) return;
  const at = bounds.findIndex((known) => Math.abs(known - bound) < 1e-12);
  if (at < 0) return;
  counts[at + 1] = BigInt.asUintN(64, counts[at + 1]! + counts[at]!);
  counts.splice(at, 1);
  bounds.splice(at, 1);
}

function limitBuckets(point: HistogramPoint, most: number): void {
  const { explicitBounds: bounds, bucketCounts: counts } = point;
  if (bounds.length + 1 !== counts.length) return;
  if (counts.length <= most || counts.length <= 1) return;
  if (bounds.some((bound, i) => i > 0 && !(bound > bounds[i - 1]!))) return;
  const width = Math.ceil(counts.length / most);
  const merged: bigint[] = [];
  counts.forEach((count, i) => {
    const at = Math.floor(i / width);
    merged[at] = BigInt.asUintN(64, (merged[at] ?? 0n) + count);
  });
  point.bucketCounts = merged;
  point.explicitBounds = bounds.filter((_, i) => (i + 1) % width === 0);
}

function bucketLimit(value: number): number {
  if (value >= 1 && Number.isInteger(value) && value <= 2 ** 63) return value;
  throw new OttlRuntimeError(
    `target_value must be a positive integer when method is "limit_buckets", got ${value}`,
  );
}

/** Editor `merge_histogram_buckets`: takes a bound away, or leaves so many buckets at most. */
export const mergeHistogramBuckets = defineFunction({
  name: 'merge_histogram_buckets',
  parameters: [
    { name: 'target_value', type: 'floatLike' },
    { name: 'method', type: 'literalString', optional: true },
  ],
  make({ target_value: target, method = 'remove_explicit_bound' }) {
    if (method !== 'remove_explicit_bound' && method !== 'limit_buckets') {
      throw new OttlError(
        `unsupported method "${method}", expected "remove_explicit_bound" or "limit_buckets"`,
      );
    }
    const literal = literalOf(target);
    if (literal === null) throw new OttlError('target_value must not be nil');
    if (literal !== undefined && method === 'limit_buckets') bucketLimit(literal);
    return changeMetric((metric, _all, at, place) => {
      const { data } = metric;
      const point = data.kind === 'histogram' ? data.points[at] : undefined;
      if (point === undefined) return;
      const value = target.get(place);
      if (value === null) throw new OttlRuntimeError('target_value must not be nil');
      if (method === 'limit_buckets') limitBuckets(point, bucketLimit(value));
      else removeBound(point, value);
    });
  },
});
