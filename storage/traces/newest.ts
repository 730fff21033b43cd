import { reasonOf } from './calls.ts';
import { type FoundTraces, ReadError, type TraceQuery, type TraceSummary } from './reader.ts';
import { nextWindow, type Window } from './search.ts';

/** What a search has found. */
export interface FoundIds {
  /** Newest first; one more than the limit where there are more. */
  readonly ids: readonly string[];
  /** Given when time ran out before the range was done: all from here on was searched. */
  readonly searchedFromNs?: bigint;
}

/** Rows that a look at a long stretch may read; a tag that more could have is not rare. */
const maxRareRows = 200_000;
/** The piece after the newest spans had none: one that every few thousandth span has is in it. */
const seldomGrowth = 16;
/** A look for a rare tag is at most this much longer than all before it. */
const rareGrowth = 4096;

/** Trace ids of one window, newest first, `wanted` at most; fails where it had to read `maxRows`. */
export type SearchWindow = (
  window: Window,
  wanted: number,
  maxRows?: number,
) => Promise<readonly string[]>;

/** What is known of where matches may be. */
export interface NewestOptions {
  /** Where the newest spans are, if that is known. */
  readonly first?: Window | undefined;
  /**
   * True where an index makes the absent cheap: what the newest spans and those before them lack
   * is looked for in a much longer stretch at once, given up where it turns out not to be rare.
   */
  readonly rare?: () => boolean;
}

/**
 * Searches window after window, newest first, until one trace more than the limit is found or the
 * range is done. Out of time it gives what it has, if it has anything.
 */
export async function findNewest(
  query: TraceQuery,
  search: SearchWindow,
  options: NewestOptions = {},
): Promise<FoundIds> {
  const range: Window = { fromNs: query.startMinNs, toNs: query.startMaxNs };
  const wanted = query.limit + 1;
  const ids = new Set<string>();
  let done = range.toNs + 1n;
  let rare = true;
  for (let pieces = 0; ; ) {
    const unseen = rare && ids.size === 0 && options.rare?.() === true;
    const long = unseen && pieces > 1;
    const growth = long ? rareGrowth : unseen ? seldomGrowth : undefined;
    const window = nextWindow(range, done, ids.size, wanted, { first: options.first, growth });
    if (window === undefined || ids.size >= wanted) return { ids: [...ids] };
    try {
      const found = await search(window, wanted, long ? maxRareRows : undefined);
      for (const id of found) ids.add(id);
      done = window.fromNs;
      pieces++;
    } catch (error) {
      const reason = reasonOf(error);
      if (long && reason === 'too_broad') {
        rare = false;
        continue;
      }
      if (reason !== 'timeout') throw error;
      if (ids.size > 0) return { ids: [...ids], searchedFromNs: done };
      throw done > range.toNs ? error : nothingYet(done, error);
    }
  }
}

function nothingYet(done: bigint, cause: unknown): ReadError {
  const since = new Date(Number(done / 1_000_000n)).toISOString();
  const message = `cannot search the whole time range: out of time, nothing found since ${since}`;
  return new ReadError(message, 'timeout', cause);
}

/** The answer to a query out of the ids that were found. */
export async function foundTraces(
  { ids, searchedFromNs }: FoundIds,
  { limit }: TraceQuery,
  summaries: (ids: readonly string[]) => Promise<readonly TraceSummary[]>,
): Promise<FoundTraces> {
  const traces = await summaries(ids.slice(0, limit));
  if (searchedFromNs !== undefined) return { traces, truncated: true, searchedFromNs };
  return { traces, truncated: ids.length > limit };
}
