import type {
  Buckets,
  ExponentialPoint,
  HistogramPoint,
  MetricData,
  NumberPoint,
  Point,
} from '../objects/index.ts';
import { int64Of, wrapCount, wrapInt } from './go-numbers.ts';

/** How numbers become one; '' = the first stays. */
export type Aggregation = 'sum' | 'mean' | 'min' | 'max' | 'median' | 'count' | '';

/** Makes each group one point, the first of it, and gives them to `to`. */
export function mergeInto(to: MetricData, groups: readonly Point[][], how: Aggregation): void {
  const points = to.points as Point[];
  for (const group of groups) {
    if (to.kind === 'gauge' || to.kind === 'sum') mergeNumbers(group as NumberPoint[], how);
    else if (to.kind === 'histogram') mergeHistograms(group as HistogramPoint[]);
    else if (to.kind === 'exponential') mergeExponentials(group as ExponentialPoint[]);
    points.push(group[0]!);
  }
}

function earliestStart(first: Point, other: Point): void {
  if (other.startTimeUnixNano < first.startTimeUnixNano) {
    first.startTimeUnixNano = other.startTimeUnixNano;
  }
}

function mergeNumbers(group: readonly NumberPoint[], how: Aggregation): void {
  const first = group[0]!;
  if (first.value === undefined) return;
  if (group.length > 1) {
    for (const other of group) earliestStart(first, other);
    first.value =
      typeof first.value === 'number' ? joinDoubles(group, how) : joinIntegers(group, how);
  }
}

const doubleOf = ({ value }: NumberPoint): number => Number(value ?? 0);

function joinDoubles(group: readonly NumberPoint[], how: Aggregation): number {
  const values = group.map(doubleOf);
  const sum = (): number => values.reduce((total, value) => total + value);
  switch (how) {
    case 'sum':
      return sum();
    case 'mean':
      return sum() / values.length;
    case 'min':
      return Math.min(...values);
    case 'max':
      return Math.max(...values);
    case 'count':
      return values.length;
    case 'median': {
      const sorted = Float64Array.from(values).sort();
      const middle = sorted.length >> 1;
      if (sorted.length % 2 === 1) return sorted[middle]!;
      return (sorted[middle - 1]! + sorted[middle]!) / 2;
    }
    default:
      return values[0]!;
  }
}

function integerOf({ value }: NumberPoint): bigint {
  return typeof value === 'number' ? int64Of(value) : (value ?? 0n);
}

function joinIntegers(group: readonly NumberPoint[], how: Aggregation): bigint {
  const values = group.map(integerOf);
  // sums leave doubles among integers out, as the Go collector does
  const added = group.map(({ value }) => (typeof value === 'bigint' ? value : 0n));
  const sum = (): bigint => wrapInt(added.reduce((total, value) => total + value));
  switch (how) {
    case 'sum':
      return sum();
    case 'mean':
      return sum() / BigInt(values.length);
    case 'min':
      return BigInt64Array.from(values).sort()[0]!;
    case 'max':
      return BigInt64Array.from(values).sort().at(-1)!;
    case 'count':
      return BigInt(values.length);
    case 'median': {
      const sorted = BigInt64Array.from(values).sort();
      const middle = sorted.length >> 1;
      if (sorted.length % 2 === 1) return sorted[middle]!;
      return wrapInt(sorted[middle - 1]! + sorted[middle]!) / 2n;
    }
    default:
      return values[0]!;
  }
}

/** Adds what histograms of both kinds have. */
function addCommon<P extends HistogramPoint | ExponentialPoint>(first: P, other: P): void {
  first.count = wrapCount(first.count + other.count);
  first.sum = (first.sum ?? 0) + (other.sum ?? 0);
  if (first.min !== undefined && first.min > (other.min ?? 0)) first.min = other.min ?? 0;
  if (first.max !== undefined && first.max < (other.max ?? 0)) first.max = other.max ?? 0;
  for (const exemplar of other.exemplars) first.exemplars.push(exemplar);
  earliestStart(first, other);
}

function mergeHistograms(group: readonly HistogramPoint[]): void {
  const [first, ...others] = group as [HistogramPoint, ...HistogramPoint[]];
  for (const other of others) {
    if (other.count === 0n) continue;
    for (const [i, count] of other.bucketCounts.entries()) {
      first.bucketCounts[i] = wrapCount((first.bucketCounts[i] ?? 0n) + count);
    }
    addCommon(first, other);
  }
}

function mergeExponentials(group: readonly ExponentialPoint[]): void {
  const [first, ...others] = group as [ExponentialPoint, ...ExponentialPoint[]];
  for (const other of others) {
    if (other.count === 0n) continue;
    first.zeroCount = wrapCount(first.zeroCount + other.zeroCount);
    addBuckets(first.negative, other.negative);
    addBuckets(first.positive, other.positive);
    addCommon(first, other);
  }
}

/**
 * Adds buckets of one scale with the Go collector's outcome. Counts of buckets that begin further
 * down are put before the others, without their zeros, also where the two overlap.
 */
function addBuckets(to: Buckets, from: Buckets): void {
  if (from.bucketCounts.length === 0) return;
  const { offset } = to;
  if (from.offset < offset) {
    to.bucketCounts.unshift(...from.bucketCounts.filter((count) => count > 0n));
    to.offset = from.offset;
  } else {
    const by = from.offset - offset;
    const last = from.bucketCounts.findLastIndex((count) => by === 0 || count > 0n);
    const length = last < 0 ? 0 : by + last + 1;
    checkSize(length);
    while (to.bucketCounts.length < length) to.bucketCounts.push(0n);
    for (let i = 0; i <= last; i += 1) {
      const at = by + i;
      to.bucketCounts[at] = wrapCount(to.bucketCounts[at]! + from.bucketCounts[i]!);
    }
  }
  if (from.offset === offset) return;
  const used = to.bucketCounts.findIndex((count) => count !== 0n);
  to.bucketCounts.splice(0, used < 0 ? to.bucketCounts.length : used);
}

/** Buckets far apart would fill memory with zeros between them. */
function checkSize(buckets: number): void {
  const most = 1_000_000;
  if (buckets > most) {
    throw new Error(`cannot join exponential histograms: ${buckets} buckets, at most ${most}`);
  }
}
