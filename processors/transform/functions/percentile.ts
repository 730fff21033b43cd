import { OttlRuntimeError } from '../../../ottl/index.ts';
import type { ExponentialPoint, HistogramPoint } from '../../../pdata/objects/index.ts';

/*
 * Percentiles from the buckets of histograms: linear inside a bucket of explicit bounds,
 * logarithmic inside an exponential one.
 */

function linear(lower: number, upper: number, ratio: number): number {
  if (ratio < 0 || ratio > 1) {
    const text = `invalid ratio ${ratio.toFixed(6)}, must be between 0 and 1`;
    throw new OttlRuntimeError(`linear interpolation: ${text}`);
  }
  return lower + ratio * (upper - lower);
}

function logarithmic(lower: number, upper: number, ratio: number): number {
  if (ratio < 0 || ratio > 1 || lower <= 0 || upper <= 0) {
    throw new OttlRuntimeError('logarithmic interpolation: bounds must be positive');
  }
  const from = log2(lower);
  return exp2(from + (log2(upper) - from) * ratio);
}

/** Logarithm to base 2 by way of the natural one of the fraction, to the same last digit as Go. */
function log2(x: number): number {
  let exponent = Math.max(-1022, Math.ceil(Math.log2(x)) - 1);
  let fraction = x / 2 ** exponent;
  for (; fraction >= 1; exponent += 1) fraction /= 2;
  for (; fraction < 0.5; exponent -= 1) fraction *= 2;
  return fraction === 0.5 ? exponent - 1 : Math.log(fraction) * (1 / Math.LN2) + exponent;
}

/** 2 to the power of x by the rational approximation of FreeBSD's exp, as Go has it. */
function exp2(x: number): number {
  const k = Math.trunc(x > 0 ? x + 0.5 : x - 0.5);
  const t = x - k;
  const hi = t * 0.6931471803691238;
  const lo = -t * 1.9082149292705877e-10;
  const r = hi - lo;
  const q = r * r;
  const p =
    0.16666666666666666 +
    q *
      (-0.0027777777777015593 +
        q * (6.613756321437934e-5 + q * (-1.6533902205465252e-6 + q * 4.1381367970572385e-8)));
  const c = r - q * p;
  return (1 - (lo - (r * c) / (2 - c) - hi)) * 2 ** k;
}

/** How many observations lie at or below the percentile. */
function targetOf(count: bigint, percentile: number): bigint {
  return BigInt(Math.ceil(Number(count) * (percentile / 100)));
}

function share(target: bigint, before: bigint, count: bigint): number {
  return Number(target - before) / Number(count);
}

const malformed = (text: string): OttlRuntimeError =>
  new OttlRuntimeError(`calculating histogram percentile: malformed data: ${text}`);

/** @returns undefined for a point that says nothing. @throws OttlRuntimeError for a faulty one */
export function histogramPercentile(point: HistogramPoint, percentile: number): number | undefined {
  const { bucketCounts: counts, explicitBounds: bounds, min, max, count } = point;
  if (count === 0n || counts.length === 0) return undefined;
  const target = targetOf(count, percentile);
  if (counts.length !== bounds.length + 1) {
    throw malformed(
      `bucketCounts length (${counts.length}) != explicitBounds length (${bounds.length}) + 1`,
    );
  }
  if (bounds.length === 0) {
    if (min === undefined || max === undefined) return undefined;
    return linear(min, max, share(target, 0n, counts[0]!));
  }
  let sum = 0n;
  for (let i = 0; i < counts.length; i += 1) {
    const before = sum;
    sum += counts[i]!;
    if (sum < target) continue;
    const range = bucketRange(point, i);
    if (typeof range === 'number') return range;
    return linear(range[0], range[1], share(target, before, counts[i]!));
  }
  throw malformed(
    `cumulative count doesn't reach target count corresponding to percentile. targetCount=${target}, total count=${sum}`,
  );
}

/** The ends of a bucket, or the one value that stands for it. */
function bucketRange(point: HistogramPoint, i: number): readonly [number, number] | number {
  const { explicitBounds: bounds, min, max } = point;
  if (i === 0) {
    const upper = bounds[0]!;
    if (min !== undefined && min < upper) return [min, upper];
    return upper < 0 ? upper : [0, upper];
  }
  const lower = bounds[i - 1]!;
  if (i < bounds.length) return [lower, bounds[i]!];
  return max === undefined || max <= lower ? lower : [lower, max];
}

function bucketBound(index: number, scale: number): number {
  if (scale <= 0) return 2 ** (index * 2 ** -scale);
  return Math.exp(index * Math.LN2 * 2 ** -scale);
}

/** @returns undefined for a point that says nothing. @throws OttlRuntimeError for a faulty one */
export function exponentialPercentile(
  point: ExponentialPoint,
  percentile: number,
): number | undefined {
  const { positive, negative, zeroCount, scale, count } = point;
  const empty = negative.bucketCounts.length === 0 && positive.bucketCounts.length === 0;
  if (count === 0n || (empty && zeroCount === 0n)) return undefined;
  const target = targetOf(count, percentile);
  let sum = 0n;
  for (let i = negative.bucketCounts.length - 1; i >= 0; i -= 1) {
    const before = sum;
    sum += negative.bucketCounts[i]!;
    if (sum < target) continue;
    const index = negative.offset + i;
    const ratio = share(target, before, negative.bucketCounts[i]!);
    return -logarithmic(bucketBound(index, scale), bucketBound(index + 1, scale), 1 - ratio);
  }
  if (sum + zeroCount >= target) return fromZero(point, share(target, sum, zeroCount));
  sum += zeroCount;
  for (let i = 0; i < positive.bucketCounts.length; i += 1) {
    const before = sum;
    sum += positive.bucketCounts[i]!;
    if (sum < target) continue;
    const index = positive.offset + i;
    const ratio = share(target, before, positive.bucketCounts[i]!);
    return logarithmic(bucketBound(index, scale), bucketBound(index + 1, scale), ratio);
  }
  throw malformed(
    `cumulative count doesn't reach target count corresponding to percentile. targetCount=${target}, total count=${sum}`,
  );
}

function fromZero(point: ExponentialPoint, ratio: number): number {
  const { positive, negative, zeroThreshold } = point;
  const hasNegative = negative.bucketCounts.length > 0;
  const hasPositive = positive.bucketCounts.length > 0;
  const lower = !hasNegative && hasPositive ? 0 : -zeroThreshold;
  const upper = !hasPositive && hasNegative ? 0 : zeroThreshold;
  return linear(lower, upper, ratio);
}
