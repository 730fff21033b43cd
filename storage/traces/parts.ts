import { bucketS } from '../schema/spans.ts';
import { quoteString, type SqlClient } from '../sql.ts';
import type { Deadline } from './calls.ts';
import { RowBinaryReader } from './row-binary.ts';
import type { Window } from './search.ts';

/** Rows of one data part and the buckets between which they lie, seconds since 1970. */
export interface Part {
  readonly firstBucket: number;
  readonly lastBucket: number;
  readonly rows: number;
}

/** How old the list may be, ms. */
const maxAgeMs = 5_000;
const maxParts = 10_000;
/** Part of a call's time that the list may take: a hint is worth no more. */
const mostOfCall = 1 / 2;

/**
 * The data parts of the spans, asked for every few seconds at most: a hint for where a search
 * begins, on which no answer depends. A store that does not show them has none.
 */
export class PartList {
  readonly #client: SqlClient;
  readonly #sql: string;
  readonly #now: () => number;
  #parts: readonly Part[] = [];
  #until = Number.NEGATIVE_INFINITY;

  constructor(client: SqlClient, database: string, now: () => number) {
    this.#client = client;
    this.#now = now;
    this.#sql = `SELECT toUInt32(min_time), toUInt32(max_time), toUInt64(rows) FROM system.parts
 WHERE active AND database = ${quoteString(database)} AND table IN ('spans', 'spans_local')
 ORDER BY max_time DESC LIMIT ${maxParts}`;
  }

  async list(deadline: Deadline): Promise<readonly Part[]> {
    const now = this.#now();
    if (now < this.#until && now >= this.#until - maxAgeMs) return this.#parts;
    try {
      const options = deadline();
      const timeoutMs = Math.ceil(options.timeoutMs * mostOfCall);
      this.#parts = readParts(await this.#client.query(this.#sql, { ...options, timeoutMs }));
    } catch {
      this.#parts = [];
    }
    this.#until = now + maxAgeMs;
    return this.#parts;
  }
}

function readParts(bytes: Uint8Array): Part[] {
  const r = new RowBinaryReader(bytes);
  const parts: Part[] = [];
  while (!r.done) {
    parts.push({ firstBucket: r.uint32(), lastBucket: r.uint32(), rows: Number(r.uint64()) });
  }
  return parts;
}

/** Rows that the first piece of a search should hold. */
const firstRows = 8_000;
const second = 1_000_000_000n;

/**
 * The stretch, whole buckets, in which the newest spans of a range probably are: as many as a
 * search reads in no time. Undefined when nothing is known of the range.
 */
export function firstWindow(parts: readonly Part[], range: Window): Window | undefined {
  const from = Number(range.fromNs / second);
  const to = Number(range.toNs / second);
  let newest = Number.NEGATIVE_INFINITY;
  for (const part of parts) {
    if (part.firstBucket <= to) newest = Math.max(newest, Math.min(part.lastBucket, to));
  }
  if (newest < from) return undefined;
  newest -= newest % bucketS;
  const end = newest + bucketS;
  let length = bucketS;
  while (end - length > from && rowsBetween(parts, end - length, end) < firstRows) length *= 2;
  return { fromNs: BigInt(end - length) * second, toNs: BigInt(end) * second - 1n };
}

/** Rows in [from, to), if those of each part are spread evenly. */
function rowsBetween(parts: readonly Part[], from: number, to: number): number {
  let rows = 0;
  for (const part of parts) {
    const partEnd = part.lastBucket + bucketS;
    const shared = Math.min(to, partEnd) - Math.max(from, part.firstBucket);
    if (shared > 0) rows += (part.rows * shared) / (partEnd - part.firstBucket);
  }
  return rows;
}
