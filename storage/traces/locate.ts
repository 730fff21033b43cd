import { traceKey } from '../schema/spans.ts';
import { quoteName, quoteString } from '../sql.ts';
import { type Binder, checkedId } from './bind.ts';

/** Texts for a statement that asks in which buckets traces have spans. */
export interface Locator {
  readonly from: string;
  readonly key: string;
  /** How a statement asks whether a row is among what was located. */
  readonly in: 'IN' | 'GLOBAL IN';
}

/**
 * The spans themselves: the server sees that the projection `places` answers it. The table may be
 * distributed: then the places are read once for all shards.
 */
export function spansLocator(table: string): Locator {
  return { from: table, key: traceKey, in: 'GLOBAL IN' };
}

/**
 * The projection `places` by its name: less for the server to find out. Only for a table that is
 * not distributed, on a server that has the table function.
 */
export function projectionLocator(database: string): Locator {
  return {
    from: `mergeTreeProjection(${quoteString(database)}, 'spans', 'places')`,
    key: quoteName(traceKey),
    in: 'IN',
  };
}

/**
 * Condition for all spans of the traces in terms of the sort key: exact pairs of bucket and id, so
 * that many traces over a long time read only their own granules. It asks the projection itself:
 * one statement in place of two.
 * @param ids 32 lower-case hex digits each, at least one
 */
export function locatedCondition(
  { from, key, in: isIn }: Locator,
  ids: readonly string[],
  bind: Binder,
): string {
  const keys = bind.uints([...new Set(ids.map(keyOf))]);
  const own = `arrayFilter(id -> reinterpretAsUInt64(substring(id, 9, 8)) = key, `;
  const id =
    ids.length === 1
      ? `toFixedString(${bind.traceId(ids[0]!)}, 16)`
      : `arrayJoin(${own}${bind.traceIds(ids)}))`;
  return `(bucket, trace_id) ${isIn} (
 SELECT bucket, ${id}
 FROM (SELECT ${key} AS key, bucket FROM ${from} WHERE key IN ${keys}
  GROUP BY key, bucket))`;
}

/** The last 8 bytes of an id, read as {@link traceKey} does. */
function keyOf(id: string): bigint {
  return Buffer.from(checkedId(id), 'hex').readBigUInt64LE(8);
}
