import { tagShard, tagShards } from '../schema/spans.ts';
import type { SqlClient } from '../sql.ts';
import { type Part, PartList } from './parts.ts';
import type { TraceReader } from './reader.ts';

export interface ReadAheadOptions {
  readonly client: SqlClient;
  readonly database: string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** Newest spans whose filters are read: some 3 bytes each. */
const newestSpans = 50_000_000;
/** Nothing more is begun after so long, ms. */
const withinMs = 3_000;
/** Whole traces that are read. */
const traces = 20;

/**
 * Asks what people will ask soon after a start, so that their first answers come as fast as later
 * ones: a search through each of the filters over tags, and some of the newest traces. Reads
 * nothing where nothing is stored, and tells of no fault.
 */
export async function readAhead(reader: TraceReader, options: ReadAheadOptions): Promise<void> {
  const { client, database, now } = options;
  const until = now() + withinMs;
  try {
    const list = new PartList(client, database, now);
    const range = newest(await list.list(() => ({ timeoutMs: withinMs })));
    if (range === undefined) return;
    const { traces: found } = await reader.findTraces({ ...range, limit: traces });
    for (const { traceId } of found) if (now() < until) await reader.getTraces([traceId]);
    for (const key of keyOfEachShard()) {
      if (now() >= until) return;
      // Nobody has it: all filters are read, and no spans.
      await reader.findTraces({ ...range, limit: 1, tags: [[key, '\u0000']] });
    }
  } catch {
    // What is wrong is told to those who ask.
  }
}

/** The time of the newest parts, as many as have so many spans. */
function newest(parts: readonly Part[]): { startMinNs: bigint; startMaxNs: bigint } | undefined {
  let rows = 0;
  let first = Number.POSITIVE_INFINITY;
  let last = 0;
  for (const part of parts.toSorted((a, b) => b.lastBucket - a.lastBucket)) {
    if (rows > 0 && rows + part.rows > newestSpans) break;
    rows += part.rows;
    first = Math.min(first, part.firstBucket);
    last = Math.max(last, part.lastBucket);
  }
  if (rows === 0) return undefined;
  const second = 1_000_000_000n;
  return { startMinNs: BigInt(first) * second, startMaxNs: BigInt(last + 60) * second };
}

function keyOfEachShard(): string[] {
  const keys = new Map<number, string>();
  for (let i = 0; keys.size < tagShards; i++) keys.set(tagShard(`${i}`), `${i}`);
  return [...keys.values()];
}
