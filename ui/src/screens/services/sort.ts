import type { ServiceRow } from '../../../../query/web/contract/services.ts';
import type { SortKey } from './view-state.ts';

/** Rows in the order asked for; those without a value come last either way, equal ones by name. */
export function sorted(
  rows: readonly ServiceRow[],
  key: SortKey,
  descending: boolean,
): readonly ServiceRow[] {
  const sign = descending ? -1 : 1;
  return [...rows].sort((a, b) => {
    if (key === 'name') return sign * byName(a, b);
    const [x, y] = [figureOf(a, key), figureOf(b, key)];
    if (x === null || y === null) return Number(x === null) - Number(y === null) || byName(a, b);
    return sign * (x - y) || byName(a, b);
  });
}

function figureOf({ red }: ServiceRow, key: Exclude<SortKey, 'name'>): number | null {
  if (key === 'rate') return red.perSecond;
  if (key === 'errors') return red.calls === 0 ? null : red.errors / red.calls;
  return { p50: red.p50Ns, p95: red.p95Ns, p99: red.p99Ns }[key];
}

function byName(a: ServiceRow, b: ServiceRow): number {
  return a.name.localeCompare(b.name) || (a.id < b.id ? -1 : 1);
}
