/** Which of many intervals is the only one that is open at a moment, for many moments at once. */

export interface Interval {
  readonly id: number;
  /** Both ends inclusive; `to` may be Infinity. */
  readonly from: number;
  readonly to: number;
  /** Not an answer for moments with the same number. */
  readonly group: number;
}

/** A question: which interval of `group` is open at `at`, nanoseconds? */
export interface Moment {
  readonly id: number;
  readonly at: number;
  readonly group: number;
}

/**
 * For each moment the interval that covers it, 'ambiguous' where several do; moments that none
 * covers are left out. O(n log n): a sweep over all ends with the set of open intervals.
 */
export function onlyCover(
  intervals: readonly Interval[],
  moments: readonly Moment[],
): Map<number, number | 'ambiguous'> {
  const opened = intervals.toSorted((a, b) => a.from - b.from);
  const closed = intervals.toSorted((a, b) => a.to - b.to);
  const found = new Map<number, number | 'ambiguous'>();
  const open = new Set<Interval>();
  const ofGroup = new Map<number, number>();
  const count = (group: number, by: number): void => {
    ofGroup.set(group, (ofGroup.get(group) ?? 0) + by);
  };
  let nextOpened = 0;
  let nextClosed = 0;
  for (const moment of moments.toSorted((a, b) => a.at - b.at)) {
    for (; nextOpened < opened.length && opened[nextOpened]!.from <= moment.at; nextOpened++) {
      const interval = opened[nextOpened]!;
      open.add(interval);
      count(interval.group, 1);
    }
    for (; nextClosed < closed.length && closed[nextClosed]!.to < moment.at; nextClosed++) {
      const interval = closed[nextClosed]!;
      if (open.delete(interval)) count(interval.group, -1);
    }
    const others = open.size - (ofGroup.get(moment.group) ?? 0);
    if (others === 0) continue;
    if (others > 1) found.set(moment.id, 'ambiguous');
    else found.set(moment.id, otherThan(open, moment.group));
  }
  return found;
}

/** The only interval of another group; groups have few intervals, so that this is short. */
function otherThan(open: ReadonlySet<Interval>, group: number): number {
  for (const interval of open) if (interval.group !== group) return interval.id;
  throw new Error('BUG: no open interval of another group');
}
