import type { SpanMark, TraceRow } from '../contract/trace.ts';
import { type Layout, markBits, sources } from './layout.ts';

/** Most stretches of the critical path that a row is given; more are drawn as fewer. */
const mostStretches = 100;

const markNames = Object.keys(markBits) as SpanMark[];

/** Where the stretches of each row on the critical path are; made once for a layout. */
export interface CriticalIndex {
  /** Those of row r are `list[first[r]]` to `list[first[r + 1] - 1]`, by time. */
  readonly first: Int32Array;
  readonly list: Int32Array;
}

/**
 * Sorts the pieces of the critical path by row, so that those of one row are found at once. O(n).
 */
export function indexCritical({ count, critical }: Layout): CriticalIndex {
  const first = new Int32Array(count + 1);
  for (const row of critical.row) first[row + 1]! += 1;
  for (let i = 0; i < count; i++) first[i + 1]! += first[i]!;
  const list = new Int32Array(critical.row.length);
  const filled = first.slice();
  for (const [i, row] of critical.row.entries()) list[filled[row]!++] = i;
  return { first, list };
}

/** A row as the page is told of it. */
export function toRow(
  layout: Layout,
  critical: CriticalIndex,
  i: number,
  { shut, match }: { readonly shut: boolean; readonly match: boolean },
): TraceRow {
  const { texts } = layout;
  const mark = layout.marks[i]!;
  return {
    index: i,
    depth: layout.depth[i]!,
    children: layout.children[i]!,
    below: layout.below[i]!,
    errorsBelow: layout.errorsBelow[i]!,
    shut,
    missing: layout.missing[i] === 1,
    spanId: layout.spanIds[i]!,
    service: layout.service[i]!,
    name: texts[layout.name[i]!]!,
    kind: layout.kind[i]!,
    status: layout.status[i]!,
    startNs: layout.startNs[i]!,
    durationNs: layout.endNs[i]! - layout.startNs[i]!,
    selfNs: layout.selfNs[i]!,
    source: sources[layout.source[i]!]!,
    point: texts[layout.point[i]!]!,
    rule: texts[layout.rule[i]!]!,
    unlinked: texts[layout.unlinked[i]!]!,
    events: layout.events[i]!,
    links: layout.links[i]!,
    marks: mark === 0 ? [] : markNames.filter((name) => (mark & markBits[name]) !== 0),
    critical: stretchesOf(layout, critical, i),
    match,
  };
}

/** From, to, from, to, ...: those with the smallest gaps between them are one. */
function stretchesOf({ critical }: Layout, { first, list }: CriticalIndex, row: number): number[] {
  const own = list.subarray(first[row], first[row + 1]);
  const out: number[] = [];
  if (own.length <= mostStretches) {
    for (const i of own) out.push(critical.startNs[i]!, critical.endNs[i]!);
    return out;
  }
  const gaps = Array.from(
    own.subarray(1),
    (i, k) => critical.startNs[i]! - critical.endNs[own[k]!]!,
  );
  const least = gaps.toSorted((a, b) => b - a)[mostStretches - 1]!;
  for (const [k, i] of own.entries()) {
    if (k > 0 && gaps[k - 1]! <= least) out[out.length - 1] = critical.endNs[i]!;
    else out.push(critical.startNs[i]!, critical.endNs[i]!);
  }
  return out;
}
