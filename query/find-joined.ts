import type { FoundTraces, TraceQuery, TraceReader } from '../storage/traces/reader.ts';

/** Stored traces of one search, however few they become when they are joined. */
const mostFound = 5_000;
/** Searches of one call. */
const mostRounds = 3;

/**
 * Finds traces and puts those that belong together into one. Each captured span is stored as a
 * trace of its own, so that many of them are one request: where fewer are left than were asked
 * for, more are searched for. Rejects with ReadError.
 * @returns at most `query.limit` traces, newest first
 */
export async function findJoined(reader: TraceReader, query: TraceQuery): Promise<FoundTraces> {
  let limit = query.limit;
  for (let round = 1; ; round++) {
    const found = await reader.findTraces({ ...query, limit });
    if (reader.joinFound === undefined) return found;
    const joined = await reader.joinFound(found.traces);
    const enough = joined.length >= query.limit || !found.truncated || limit >= mostFound;
    if (enough || round === mostRounds) {
      const truncated = found.truncated || joined.length > query.limit;
      return { ...found, traces: joined.slice(0, query.limit), truncated };
    }
    // As many again as became one, and some more: the next ones may be larger.
    const each = limit / Math.max(joined.length, 1);
    limit = Math.min(mostFound, Math.ceil(query.limit * each * 1.25));
  }
}
