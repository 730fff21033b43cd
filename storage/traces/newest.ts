import { reasonOf } from './calls.ts';
import type { TraceQuery } from './reader.ts';
import { nextWindow, type Window } from './search.ts';

export interface FoundIds {
  /** Newest first; one more than the limit where there are more. */
  readonly ids: readonly string[];
  /** True when time ran out before the range was done. */
  readonly cutOff: boolean;
}

/**
 * Searches window after window, newest first, until one trace more than the limit is found or the
 * range is done. Out of time it gives what it has, if it has anything.
 * @param first where the newest spans are, if that is known
 * @param search trace ids of one window, newest first, `wanted` at most
 */
export async function findNewest(
  query: TraceQuery,
  first: Window | undefined,
  search: (window: Window, wanted: number) => Promise<readonly string[]>,
): Promise<FoundIds> {
  const range: Window = { fromNs: query.startMinNs, toNs: query.startMaxNs };
  const wanted = query.limit + 1;
  const ids = new Set<string>();
  let done = range.toNs + 1n;
  for (;;) {
    const window = nextWindow(range, done, ids.size, wanted, first);
    if (window === undefined || ids.size >= wanted) return { ids: [...ids], cutOff: false };
    done = window.fromNs;
    try {
      for (const id of await search(window, wanted)) ids.add(id);
    } catch (error) {
      if (ids.size > 0 && reasonOf(error) === 'timeout') return { ids: [...ids], cutOff: true };
      throw error;
    }
  }
}
