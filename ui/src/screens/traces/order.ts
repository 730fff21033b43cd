import type { FoundTrace } from '../../../../query/web/contract/traces.ts';

export type Order = 'newest' | 'longest' | 'spans' | 'errors';

export const orders: readonly { readonly value: Order; readonly label: string }[] = [
  { value: 'newest', label: 'Newest first' },
  { value: 'longest', label: 'Longest first' },
  { value: 'spans', label: 'Most spans first' },
  { value: 'errors', label: 'Most errors first' },
];

export function orderOf(text: string | null): Order {
  return orders.find(({ value }) => value === text)?.value ?? 'newest';
}

/** @param traces newest first */
export function inOrder(traces: readonly FoundTrace[], order: Order): readonly FoundTrace[] {
  if (order === 'newest') return traces;
  const measure = { longest: 'durationNs', spans: 'spans', errors: 'errors' } as const;
  const by = measure[order];
  return traces.toSorted((a, b) => b[by] - a[by]);
}

/** What is not whole about a trace, '' when nothing is known to be missing. */
export function missing({ hasRoot, orphans }: FoundTrace): string {
  const parents = orphans === 1 ? '1 span whose parent' : `${orphans} spans whose parents`;
  const verb = orphans === 1 ? 'is' : 'are';
  if (!hasRoot && orphans === 0) return 'no root span is stored';
  if (!hasRoot) return `no root span is stored, and ${parents} ${verb} not`;
  return orphans === 0 ? '' : `${parents} ${verb} not stored`;
}
