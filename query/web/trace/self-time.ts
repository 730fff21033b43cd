import type { RowTimes } from './times.ts';

/**
 * Self time of each row: its duration less the time in which at least one of its direct children
 * ran. Children count as far as they lie within it; what they do after its end is not its own.
 * Rows that stand for parents which are not stored have none.
 */
export function selfTimes(rows: RowTimes): Float64Array {
  const { parent, startNs, endNs, missing } = rows;
  const self = new Float64Array(parent.length);
  // Up to where each row's children, which come by start, have covered it.
  const covered = startNs.slice();
  for (let i = 0; i < parent.length; i++) {
    if (missing[i] === 0) self[i] = endNs[i]! - startNs[i]!;
    const above = parent[i]!;
    if (above === -1 || missing[above] !== 0) continue;
    const from = Math.max(startNs[i]!, covered[above]!);
    const to = Math.min(endNs[i]!, endNs[above]!);
    if (to <= from) continue;
    self[above]! -= to - from;
    covered[above] = to;
  }
  return self;
}
