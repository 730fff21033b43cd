import {
  type ExponentialPoint,
  type HistogramPoint,
  hasSameBounds,
  type NumberPoint,
} from '../../pdata/objects/index.ts';

/** A delta added to what was there. */
export function addNumbers(before: NumberPoint, delta: NumberPoint): NumberPoint {
  const { startTimeUnixNano } = before;
  const sum =
    typeof delta.value === 'bigint'
      ? delta.value + (typeof before.value === 'bigint' ? before.value : 0n)
      : (delta.value ?? 0) + (typeof before.value === 'number' ? before.value : 0);
  return { ...delta, startTimeUnixNano, value: sum };
}

/** A delta added to a histogram; with other bounds it takes its place. */
export function addHistograms(before: HistogramPoint, delta: HistogramPoint): HistogramPoint {
  const late = delta.timeUnixNano < before.timeUnixNano;
  const older = late ? delta : before;
  const newer = late ? before : delta;
  const { startTimeUnixNano } = before;
  const base = { ...newer, startTimeUnixNano, exemplars: delta.exemplars };
  if (!hasSameBounds(older, newer)) return base;
  return {
    ...base,
    count: newer.count + older.count,
    sum: (newer.sum ?? 0) + (older.sum ?? 0),
    bucketCounts: newer.bucketCounts.map((count, i) => count + (older.bucketCounts[i] ?? 0n)),
  };
}

type Side = ExponentialPoint['positive'];

/** A side at a lower scale: buckets merged `2 ** shift` to one. */
function coarser({ offset, bucketCounts, ...rest }: Side, shift: number): Side {
  if (shift === 0 || bucketCounts.length === 0) return { ...rest, offset, bucketCounts };
  const first = offset >> shift;
  const counts: bigint[] = [];
  for (const [i, count] of bucketCounts.entries()) {
    const at = ((offset + i) >> shift) - first;
    counts[at] = (counts[at] ?? 0n) + count;
  }
  return { ...rest, offset: first, bucketCounts: counts };
}

/** Buckets of a side at most: what lies further apart is not added up. */
const bucketsMax = 65_536;

/** The sum of two sides, undefined when it would be too wide. */
function addSides(a: Side, b: Side): Side | undefined {
  if (a.bucketCounts.length === 0) return b;
  if (b.bucketCounts.length === 0) return a;
  const offset = Math.min(a.offset, b.offset);
  const end = Math.max(a.offset + a.bucketCounts.length, b.offset + b.bucketCounts.length);
  if (end - offset > bucketsMax) return undefined;
  const bucketCounts = new Array<bigint>(end - offset).fill(0n);
  for (const side of [a, b]) {
    for (const [i, count] of side.bucketCounts.entries()) {
      bucketCounts[side.offset - offset + i]! += count;
    }
  }
  return { ...a, offset, bucketCounts };
}

/** Upper bound of a bucket. */
const upperBound = (scale: number, index: number): number => 2 ** ((index + 1) / 2 ** scale);

/** Takes buckets below a threshold out. @returns the side and what was in them */
function above(side: Side, scale: number, threshold: number): readonly [Side, bigint] {
  let taken = 0n;
  let from = 0;
  while (from < side.bucketCounts.length && upperBound(scale, side.offset + from) <= threshold) {
    taken += side.bucketCounts[from]!;
    from += 1;
  }
  if (from === 0) return [side, 0n];
  const bucketCounts = side.bucketCounts.slice(from);
  return [
    { ...side, offset: bucketCounts.length === 0 ? 0 : side.offset + from, bucketCounts },
    taken,
  ];
}

/**
 * A delta added to an exponential histogram, at the lower scale and larger zero bucket of both; it
 * takes the place of one whose buckets lie too far from its own.
 */
export function addExponential(
  before: ExponentialPoint,
  delta: ExponentialPoint,
): ExponentialPoint {
  const newer = delta.timeUnixNano < before.timeUnixNano ? before : delta;
  const scale = Math.min(before.scale, delta.scale);
  const zeroThreshold = Math.max(before.zeroThreshold, delta.zeroThreshold);
  let zeroCount = before.zeroCount + delta.zeroCount;
  const sides = [before, delta].map((point) => {
    const shift = Math.min(31, point.scale - scale);
    const given = [coarser(point.positive, shift), coarser(point.negative, shift)] as const;
    if (zeroThreshold <= point.zeroThreshold) return given;
    return given.map((side) => {
      const [rest, taken] = above(side, scale, zeroThreshold);
      zeroCount += taken;
      return rest;
    });
  });
  const positive = addSides(sides[0]![0]!, sides[1]![0]!);
  const negative = addSides(sides[0]![1]!, sides[1]![1]!);
  if (positive === undefined || negative === undefined) return delta;
  const hasSum = before.sum !== undefined && delta.sum !== undefined;
  return {
    ...newer,
    startTimeUnixNano: before.startTimeUnixNano,
    exemplars: delta.exemplars,
    scale,
    zeroThreshold,
    zeroCount,
    count: before.count + delta.count,
    sum: hasSum ? before.sum! + delta.sum! : undefined,
    positive,
    negative,
  };
}
