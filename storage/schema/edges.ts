import { bucketSlackS, durationBand } from './spans.ts';
import { joinOf, type Place, type TableSpec, tableName } from './table.ts';

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

/** How far the sightings of one call may lie apart and still be one on both sides of a minute. */
const sightingsS = 10;

/**
 * The statement that recomputes the edges of the minutes in [fromS, toS): an edge is a span whose
 * parent is a span of another service in the same trace. A call that capture saw is told by the
 * span of its server's SDK; where there is none it counts once however often it was seen. Captured
 * spans of the client's side name no service that was called. It may run any number of times; what
 * came late is counted by a later run, so each minute is computed soon after it ends and again when
 * late spans have come; edges that are no more get 0 calls. Spans whose time was clamped into
 * another bucket are left out.
 * @param fromS start of the first minute, seconds since 1970
 * @param toS end of the last minute, exclusive
 */
export function edgesStatement(options: Place, fromS: number, toS: number): string {
  const edges = tableName(options, 'service_edges');
  return `INSERT INTO ${edges}
    (minute, client, server, calls, errors, duration_sum, duration_max, duration_bands, computed_at)
  SELECT minute, client, server, sum(n) AS calls, sum(failed) AS errors,
    sum(own) AS duration_sum, max(own) AS duration_max,
    sumMap(if(n = 0, map(), map(band, n))) AS duration_bands, now64(3) AS computed_at
  FROM (
    SELECT toStartOfMinute(time) AS minute, client, server, toUInt64(1) AS n,
      toUInt64(status_code = 2) AS failed, duration AS own, band
    FROM (${calls(options, fromS, toS)})
    WHERE (sdk OR first = sighting)
      AND minute >= toDateTime(${fromS}, 'UTC') AND minute < toDateTime(${toS}, 'UTC')
    UNION ALL
    SELECT minute, client, server, toUInt64(0), toUInt64(0), toInt64(0), toUInt8(0)
    FROM ${edges} FINAL
    WHERE minute >= toDateTime(${fromS}, 'UTC') AND minute < toDateTime(${toS}, 'UTC')
      AND calls > 0
  )
  GROUP BY minute, client, server`;
}

/** Spans with a parent in another service; `first` is the best sighting of the call. */
function calls(options: Place, fromS: number, toS: number): string {
  const table = tableName(options, 'spans');
  const [from, to] = [fromS - sightingsS, toS + sightingsS];
  return `
    SELECT parent.service AS client, child.service AS server, child.time AS time,
      child.duration AS duration, child.status_code AS status_code, child.band AS band,
      NOT child.captured AS sdk, (child.captured, child.span_id) AS sighting,
      min(sighting) OVER (PARTITION BY parent.trace_id, parent.span_id,
        if(parent.kind IN (3, 4), toFixedString('', 8), child.span_id)) AS first
    FROM (
      SELECT trace_id, span_id, service, kind FROM ${table}
      WHERE bucket >= toDateTime(${from - parentLookbackS}, 'UTC')
        AND bucket < toDateTime(${to}, 'UTC')
    ) AS parent
    INNER JOIN (
      SELECT trace_id, parent_span_id, span_id, service, time, duration, status_code,
        ${durationBand} AS band,
        resource_id ${joinOf(options)}IN (SELECT id FROM ${tableName(options, 'resources')}
          WHERE mapContains(attributes, 'wirestitch.capture.source')) AS captured
      FROM ${table}
      WHERE bucket >= toDateTime(${from - bucketSlackS}, 'UTC')
        AND bucket < toDateTime(${to}, 'UTC')
        AND time >= toDateTime64(${from}, 9, 'UTC') AND time < toDateTime64(${to}, 9, 'UTC')
        AND parent_span_id != toFixedString('', 8) AND NOT (captured AND kind = 3)
    ) AS child
    ON child.trace_id = parent.trace_id AND child.parent_span_id = parent.span_id
    WHERE parent.service != child.service`;
}
