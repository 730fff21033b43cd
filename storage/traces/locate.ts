import { bucketS, traceKey } from '../schema/spans.ts';
import { quoteName, quoteString } from '../sql.ts';
import { type Binder, checkedId, literals } from './bind.ts';
import { RowBinaryReader } from './row-binary.ts';

/** The buckets that hold the spans of a trace, seconds since 1970, both inclusive. */
export interface TraceLocation {
  readonly traceId: string;
  readonly firstBucket: number;
  readonly lastBucket: number;
}

/** Texts for a statement that asks where traces are. */
export interface Locator {
  readonly from: string;
  readonly key: string;
  readonly first: string;
  readonly last: string;
}

/** The spans themselves: the server sees that the projection `locator` answers it. */
export function spansLocator(table: string): Locator {
  return { from: table, key: traceKey, first: 'min(bucket)', last: 'max(bucket)' };
}

/**
 * The projection `locator` by its name: less for the server to find out. Only for a table that is
 * not distributed, on a server that has the table function.
 */
export function projectionLocator(database: string): Locator {
  return {
    from: `mergeTreeProjection(${quoteString(database)}, 'spans', 'locator')`,
    key: quoteName(traceKey),
    first: 'minMerge(`min(bucket)`)',
    last: 'maxMerge(`max(bucket)`)',
  };
}

export interface LocateOptions {
  readonly bind: Binder;
  /** A column, UInt8, that tells whether any of the ids was joined. */
  readonly joined: string;
}

/** Asks the projection `locator`: one granule for each part. @param ids 32 lower-case hex digits */
export function locateStatement(
  { from, key, first, last }: Locator,
  ids: readonly string[],
  { bind, joined }: LocateOptions = { bind: literals, joined: 'toUInt8(0)' },
): string {
  const keys = [...new Set(ids.map(keyOf))].map((key) => bind.uint(key));
  return `SELECT ${key} AS key, ${first}, ${last}, ${joined} FROM ${from}
 WHERE key IN (${keys.join(', ')}) GROUP BY key`;
}

/** The last 8 bytes of an id, read as {@link traceKey} does. */
function keyOf(id: string): bigint {
  return Buffer.from(checkedId(id), 'hex').readBigUInt64LE(8);
}

export interface Locations {
  readonly locations: TraceLocation[];
  /** Whether any of the ids was joined; false where none is stored. */
  readonly joined: boolean;
}

/** @param bytes answer of {@link locateStatement} in RowBinary @param ids what it was asked for */
export function readLocations(bytes: Uint8Array, ids: readonly string[]): Locations {
  const r = new RowBinaryReader(bytes);
  const found = new Map<bigint, readonly [firstBucket: number, lastBucket: number]>();
  let joined = false;
  while (!r.done) {
    found.set(r.uint64(), [r.uint32(), r.uint32()]);
    joined = r.uint8() !== 0;
  }
  const locations = ids.flatMap((traceId) => {
    const range = found.get(keyOf(traceId));
    return range === undefined ? [] : [{ traceId, firstBucket: range[0], lastBucket: range[1] }];
  });
  return { locations, joined };
}

/** Buckets of a trace that are named one by one; a longer trace is read as a range. */
const maxNamedBuckets = 60;

/**
 * Condition for all spans of one ordinary trace, which asks the projection `locator` itself: one
 * statement in place of two. A trace over more buckets than are named one by one has no row by it.
 */
export function locatingCondition(locator: Locator, id: string, bind: Binder): string {
  const { from, key, first, last } = locator;
  const steps = `range(toUInt32(first), toUInt32(last) + 1, ${bucketS})`;
  return `(bucket, trace_id) IN (
 SELECT toDateTime(arrayJoin(${steps}), 'UTC'), toFixedString(${bind.traceId(id)}, 16)
 FROM (SELECT ${key} AS key, ${first} AS first, ${last} AS last FROM ${from}
  WHERE key = ${bind.uint(keyOf(id))} GROUP BY key)
 WHERE last - first <= ${maxNamedBuckets * bucketS})`;
}

/**
 * Condition for all spans of the located traces in terms of the sort key: exact pairs of bucket and
 * id for ordinary traces, so that many traces over a long time read only their own granules.
 */
export function locatedCondition(
  locations: readonly TraceLocation[],
  bind: Binder = literals,
): string {
  const bucket = (seconds: number) => bind.time(BigInt(seconds));
  const pairs: string[] = [];
  const ranges: string[] = [];
  for (const { traceId, firstBucket, lastBucket } of locations) {
    const id = bind.traceId(traceId);
    if ((lastBucket - firstBucket) / bucketS > maxNamedBuckets) {
      const range = `bucket >= ${bucket(firstBucket)} AND bucket <= ${bucket(lastBucket)}`;
      ranges.push(`(trace_id = ${id} AND ${range})`);
      continue;
    }
    for (let at = firstBucket; at <= lastBucket; at += bucketS) {
      pairs.push(`(${bucket(at)}, ${id})`);
    }
  }
  if (pairs.length > 0) ranges.push(`(bucket, trace_id) IN (${pairs.join(', ')})`);
  return ranges.length === 0 ? '0' : `(${ranges.join(' OR ')})`;
}

/** @throws Error when `id` is not 32 hex digits: it goes into a statement */
export function idLiteral(id: string): string {
  return literals.traceId(id);
}
