import type { RowTimes } from './times.ts';

/** Stretches of time and the rows that they belong to, by time, without gaps. */
export interface CriticalPath {
  readonly row: Int32Array;
  readonly startNs: Float64Array;
  readonly endNs: Float64Array;
}

interface Frame {
  readonly row: number;
  /** What counts of it: cut to what counts of the row above. */
  readonly startNs: number;
  readonly endNs: number;
  /** Up to where it is not told yet. */
  untilNs: number;
  /** One more than the position of the child that is looked at next, downwards. */
  next: number;
}

/**
 * The critical path of a row: what its end waited for, as Jaeger defines it. Walked backwards from
 * its end: of the children that finished by the moment reached, the one that finished last takes
 * over there; what lies between is the row's own time; at the child's start the walk is back at the
 * row. Of a child only that counts which lies within its parent, and children without a moment
 * there are left out. The stretches tile the root's interval exactly.
 */
export function criticalPath(rows: RowTimes, root: number): CriticalPath {
  const { startNs, endNs } = rows;
  const { first, list } = childrenByEnd(rows);
  const found: [row: number, from: number, to: number][] = [];
  const frame = (row: number, from: number, to: number): Frame => {
    return { row, startNs: from, endNs: to, untilNs: to, next: first[row + 1]! };
  };
  const stack: Frame[] = [frame(root, startNs[root]!, endNs[root]!)];
  for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
    let child: Frame | undefined;
    while (child === undefined && top.next > first[top.row]!) {
      const row = list[--top.next]!;
      const from = Math.max(startNs[row]!, top.startNs);
      const to = Math.min(endNs[row]!, top.endNs);
      // One that finished later than this moment ran beside what is already on the path.
      if (to <= top.untilNs && from < to) child = frame(row, from, to);
    }
    const ownFrom = child === undefined ? top.startNs : child.endNs;
    if (ownFrom < top.untilNs) found.push([top.row, ownFrom, top.untilNs]);
    if (child === undefined) {
      stack.pop();
    } else {
      top.untilNs = child.startNs;
      stack.push(child);
    }
  }
  found.reverse();
  return {
    row: Int32Array.from(found, ([row]) => row),
    startNs: Float64Array.from(found, ([, from]) => from),
    endNs: Float64Array.from(found, ([, , to]) => to),
  };
}

interface Children {
  /** Children of row r are `list[first[r]]` to `list[first[r + 1] - 1]`. */
  readonly first: Int32Array;
  readonly list: Int32Array;
}

/** Direct children of each row, the one that ends last at the end; of two such the longer one. */
function childrenByEnd({ parent, startNs, endNs }: RowTimes): Children {
  const n = parent.length;
  const first = new Int32Array(n + 1);
  for (const above of parent) if (above !== -1) first[above + 1]! += 1;
  for (let i = 0; i < n; i++) first[i + 1]! += first[i]!;
  const list = new Int32Array(first[n]!);
  const filled = first.slice();
  for (let i = 0; i < n; i++) {
    const above = parent[i]!;
    if (above !== -1) list[filled[above]!++] = i;
  }
  const order = (a: number, b: number): number =>
    endNs[a]! - endNs[b]! || startNs[b]! - startNs[a]! || b - a;
  for (let i = 0; i < n; i++) {
    if (first[i + 1]! - first[i]! > 1) list.subarray(first[i], first[i + 1]).sort(order);
  }
  return { first, list };
}
