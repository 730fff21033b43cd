import { bucketSlackS, durationBand } from './spans.ts';
import { type TableSpec, tableName } from './table.ts';

/**
 * Calls between services by minute of the called span. Rows are recomputed as a whole from the
 * spans, the newest computation wins: read with FINAL.
 */
export const serviceEdges: TableSpec = {
  name: 'service_edges',
  engine: 'ReplacingMergeTree(computed_at)',
  partitionBy: 'toDate(minute)',
  orderBy: '(minute, client, server)',
  ttlColumn: 'minute',
  shardBy: 'cityHash64(client, server)',
  columns: [
    "minute DateTime('UTC')",
    'client LowCardinality(String)',
    'server LowCardinality(String)',
    'calls UInt64',
    'errors UInt64',
    'duration_sum Int64',
    'duration_max Int64',
    'duration_bands Map(UInt8, UInt64)',
    "computed_at DateTime64(3, 'UTC')",
  ],
};

/** How much earlier than its child a parent may have started and still be found, in seconds. */
export const parentLookbackS = 600;

/**
 * The statement that recomputes the edges of the minutes in [fromS, toS): an edge is a span whose
 * parent is a span of another service in the same trace. It may run any number of times; what came
 * late is counted by a later run, so each minute is computed soon after it ends and again when late
 * spans have come. Spans whose time was clamped into another bucket are left out.
 * @param fromS start of the first minute, seconds since 1970
 * @param toS end of the last minute, exclusive
 */
export function edgesStatement(
  options: { readonly database: string },
  fromS: number,
  toS: number,
): string {
  const table = tableName(options, 'spans');
  const zero = "toFixedString('', 8)";
  return `INSERT INTO ${tableName(options, 'service_edges')}
    (minute, client, server, calls, errors, duration_sum, duration_max, duration_bands, computed_at)
  SELECT toStartOfMinute(child.time) AS minute, parent.service AS client, child.service AS server,
    count() AS calls, countIf(child.status_code = 2) AS errors,
    sum(child.duration) AS duration_sum, max(child.duration) AS duration_max,
    sumMap(map(child.band, toUInt64(1))) AS duration_bands, now64(3) AS computed_at
  FROM (
    SELECT trace_id, span_id, service FROM ${table}
    WHERE bucket >= toDateTime(${fromS - parentLookbackS}, 'UTC')
      AND bucket < toDateTime(${toS}, 'UTC')
  ) AS parent
  INNER JOIN (
    SELECT trace_id, parent_span_id, service, time, duration, status_code,
      ${durationBand} AS band
    FROM ${table}
    WHERE bucket >= toDateTime(${fromS - bucketSlackS}, 'UTC')
      AND bucket < toDateTime(${toS}, 'UTC')
      AND time >= toDateTime64(${fromS}, 9, 'UTC') AND time < toDateTime64(${toS}, 9, 'UTC')
      AND parent_span_id != ${zero}
  ) AS child
  ON child.trace_id = parent.trace_id AND child.parent_span_id = parent.span_id
  WHERE parent.service != child.service
  GROUP BY minute, client, server`;
}
