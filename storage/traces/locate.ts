import { RowBinaryReader } from './row-binary.ts';

/** The buckets that hold the spans of a trace, seconds since 1970, both inclusive. */
export interface TraceLocation {
  readonly traceId: string;
  readonly firstBucket: number;
  readonly lastBucket: number;
}

/** Asks the projection `locator`: one granule for each part. @param ids 32 lower-case hex digits */
export function locateStatement(table: string, ids: readonly string[]): string {
  return `SELECT trace_id, min(bucket), max(bucket) FROM ${table}
 WHERE trace_id IN (${ids.map(idLiteral).join(', ')}) GROUP BY trace_id`;
}

export function readLocations(bytes: Uint8Array): TraceLocation[] {
  const r = new RowBinaryReader(bytes);
  const found: TraceLocation[] = [];
  while (!r.done) {
    found.push({ traceId: r.hex(16), firstBucket: r.uint32(), lastBucket: r.uint32() });
  }
  return found;
}

/** Buckets of a trace that are named one by one; a longer trace is read as a range. */
const maxNamedBuckets = 30;
const minute = 60;

/**
 * Condition for all spans of the located traces in terms of the sort key: exact pairs of bucket and
 * id for ordinary traces, so that many traces over a long time read only their own granules.
 */
export function locatedCondition(locations: readonly TraceLocation[]): string {
  const pairs: string[] = [];
  const ranges: string[] = [];
  for (const { traceId, firstBucket, lastBucket } of locations) {
    const id = idLiteral(traceId);
    if ((lastBucket - firstBucket) / minute > maxNamedBuckets) {
      const range = `bucket >= ${bucket(firstBucket)} AND bucket <= ${bucket(lastBucket)}`;
      ranges.push(`(trace_id = ${id} AND ${range})`);
      continue;
    }
    for (let at = firstBucket; at <= lastBucket; at += minute) {
      pairs.push(`(${bucket(at)}, ${id})`);
    }
  }
  if (pairs.length > 0) ranges.push(`(bucket, trace_id) IN (${pairs.join(', ')})`);
  return ranges.length === 0 ? '0' : `(${ranges.join(' OR ')})`;
}

function bucket(seconds: number): string {
  return `toDateTime(${seconds}, 'UTC')`;
}

/** @throws Error when `id` is not 32 hex digits: it goes into a statement */
export function idLiteral(id: string): string {
  if (!/^[0-9a-f]{32}$/.test(id)) {
    throw new Error(`BUG: trace id ${JSON.stringify(id)} is not 32 lower-case hex digits`);
  }
  return `unhex('${id}')`;
}
