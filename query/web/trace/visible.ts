import type { RowCollapse, RowOrder } from '../contract/trace.ts';
import type { Layout } from './layout.ts';
import type { Matches } from './matches.ts';

/** Which rows are shown, in which order. */
export interface View {
  readonly order: RowOrder;
  readonly collapse: RowCollapse;
  /** Only rows that match, and in the tree what is above them; undefined = all. */
  readonly only: Matches | undefined;
}

/** Rows that are shown, in their order. */
export interface Visible {
  /** Row at each position. */
  readonly rows: Int32Array;
  /** 1: shut, by row. */
  readonly shut: Uint8Array;
}

/** Shut rows: with children, and deep enough or named, but not both. */
function shutRows({ count, children, depth }: Layout, collapse: RowCollapse): Uint8Array {
  const from = collapse.depth ?? Number.POSITIVE_INFINITY;
  const shut = new Uint8Array(count);
  for (let i = 0; i < count; i++) if (children[i]! > 0 && depth[i]! >= from) shut[i] = 1;
  for (const row of new Set(collapse.toggled)) {
    if (row < count && children[row]! > 0) shut[row]! ^= 1;
  }
  return shut;
}

/**
 * Lists the rows: in order `tree` without those below shut ones, in others without rows that are
 * no spans. O(n log n).
 */
export function visibleRows(layout: Layout, view: View): Visible {
  const { count, parent, below } = layout;
  const shut = shutRows(layout, view.collapse);
  const rows = new Int32Array(count);
  let n = 0;
  if (view.order !== 'tree') {
    const { missing } = layout;
    for (let i = 0; i < count; i++) {
      if (missing[i] === 0 && view.only?.row[i] !== 0) rows[n++] = i;
    }
    return { rows: sorted(layout, rows.subarray(0, n), view.order), shut };
  }
  const wanted = view.only === undefined ? undefined : withAbove(view.only.row, parent);
  for (let i = 0; i < count; ) {
    if (wanted !== undefined && wanted[i] === 0) {
      i += 1;
      continue;
    }
    rows[n++] = i;
    i += shut[i] === 1 ? below[i]! + 1 : 1;
  }
  return { rows: rows.slice(0, n), shut };
}

function withAbove(row: Uint8Array, parent: Int32Array): Uint8Array {
  const wanted = row.slice();
  for (let i = wanted.length - 1; i >= 0; i--) {
    if (wanted[i] === 1 && parent[i] !== -1) wanted[parent[i]!] = 1;
  }
  return wanted;
}

function sorted(layout: Layout, rows: Int32Array, order: Exclude<RowOrder, 'tree'>): Int32Array {
  const { startNs, endNs, selfNs } = layout;
  const by = {
    start: (a: number, b: number) => startNs[a]! - startNs[b]! || a - b,
    duration: (a: number, b: number) =>
      endNs[b]! - startNs[b]! - (endNs[a]! - startNs[a]!) || a - b,
    self: (a: number, b: number) => selfNs[b]! - selfNs[a]! || a - b,
  };
  return rows.slice().sort(by[order]);
}

/** Position of a row, or -1 and the shut rows above it, outermost first. */
export function locate(
  { parent }: Layout,
  { rows, shut }: Visible,
  row: number,
): { position: number; hiddenBy: number[] } {
  const position = rows.indexOf(row);
  const hiddenBy: number[] = [];
  if (position === -1) {
    for (const above of rowsAbove(parent, row)) if (shut[above] === 1) hiddenBy.push(above);
  }
  return { position, hiddenBy };
}

/** Rows above a row, outermost first. */
export function rowsAbove(parent: Int32Array, row: number): number[] {
  const above: number[] = [];
  for (let i = parent[row] ?? -1; i !== -1; i = parent[i]!) above.push(i);
  return above.reverse();
}

/**
 * Nearest positions before `from` and from `to` on whose rows match, or are shut over a match.
 */
export function nearestMatches(
  { below }: Layout,
  { rows, shut }: Visible,
  { row }: Matches,
  { from, to }: { readonly from: number; readonly to: number },
): { previous: number | null; next: number | null } {
  // How many match before each row: what is below a row is a stretch of rows.
  const before = new Int32Array(row.length + 1);
  for (let i = 0; i < row.length; i++) before[i + 1] = before[i]! + row[i]!;
  const matching = (position: number): boolean => {
    const at = rows[position]!;
    const last = shut[at] === 1 ? at + below[at]! + 1 : at + 1;
    return before[last]! > before[at]!;
  };
  let previous: number | null = null;
  let next: number | null = null;
  for (let p = Math.min(from, rows.length) - 1; p >= 0 && previous === null; p--) {
    if (matching(p)) previous = p;
  }
  for (let p = to; p < rows.length && next === null; p++) if (matching(p)) next = p;
  return { previous, next };
}
