/** The stretch of time that a trace is drawn over. */

/** Spans further away than this from most others have no place on the axis. */
const reachNs = 7n * 86_400n * 1_000_000_000n;

interface Axis {
  /** Nanoseconds since 1970 of offset 0. */
  readonly originNs: bigint;
  /** Offsets beyond these are off the axis. */
  readonly minNs: number;
  readonly maxNs: number;
}

/**
 * Offset 0 is the earliest start within a week of the median start: one span from 1970 does not
 * make a line of all others.
 * @param starts nanoseconds since 1970, any order
 */
export function axisOf(starts: readonly bigint[]): Axis {
  if (starts.length === 0) return { originNs: 0n, minNs: 0, maxNs: 0 };
  const sorted = BigInt64Array.from(starts, (ns) => BigInt.asIntN(64, ns)).sort();
  const median = sorted[sorted.length >> 1]!;
  const earliest = sorted.find((ns) => ns >= median - reachNs) ?? median;
  const maxNs = Number(median - earliest + reachNs);
  return { originNs: BigInt.asUintN(64, earliest), minNs: 0, maxNs };
}
