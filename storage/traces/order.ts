/** The order in which spans and traces are given. */
import { type Steps, sorted } from '../steps.ts';
import type { StoredSpan } from './model.ts';
import type { TraceSummary } from './reader.ts';

/** By start; spans that start together by id, so that an answer is the same each time. */
export function inOrder(spans: readonly StoredSpan[]): Steps<StoredSpan[]> {
  return sorted(spans, byStart);
}

/** Found traces, newest first. */
export function newestFirst(traces: readonly TraceSummary[]): TraceSummary[] {
  return traces.toSorted((a, b) => compare(b.startUnixNano, a.startUnixNano));
}

function byStart(a: StoredSpan, b: StoredSpan): number {
  return compare(a.startUnixNano, b.startUnixNano) || compare(a.spanId, b.spanId);
}

function compare<T extends bigint | string>(a: T, b: T): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
