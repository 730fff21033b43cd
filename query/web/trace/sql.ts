import { quoteName, quoteString } from '../../../storage/sql.ts';

/** Where the spans of a trace are kept. */
export interface SpanTable {
  readonly schema: 'smart' | 'otel';
  readonly database: string;
  /** Of schema otel. */
  readonly table: string;
}

interface SpansOf {
  /** 32 lower-case hex digits each. */
  readonly ids: readonly string[];
  /** First and last start, nanoseconds since 1970. */
  readonly firstNs: bigint;
  readonly lastNs: bigint;
  /** 16 lower-case hex digits; undefined = all spans. */
  readonly spanId?: string | undefined;
}

/**
 * A statement that gives the spans of a trace from the tables themselves, in order of time. The
 * bounds of time are those of the spans that are there: they keep the server from reading all days.
 */
export function traceSql(where: SpanTable, spans: SpansOf): string {
  return where.schema === 'smart' ? smartSql(where, spans) : otelSql(where, spans);
}

const time = (ns: bigint): string =>
  `fromUnixTimestamp64Nano(toInt64(${BigInt.asIntN(64, ns)}), 'UTC')`;

function smartSql({ database }: SpanTable, { ids, firstNs, lastNs, spanId }: SpansOf): string {
  const table = `${quoteName(database)}.spans`;
  const list = ids.map((id) => `unhex('${id}')`).join(', ');
  const one = spanId === undefined ? '' : `\n  AND span_id = unhex('${spanId}')`;
  return `SELECT time, duration / 1e6 AS ms, service, name, kind, status_code, status_message,
  lower(hex(trace_id)) AS trace_id_hex, lower(hex(span_id)) AS span_id_hex,
  lower(hex(parent_span_id)) AS parent_span_id_hex,
  attributes_string, attributes_int, attributes_float, attributes_bool
FROM ${table}
WHERE trace_id IN (${list})
  AND time >= ${time(firstNs)}
  AND time <= ${time(lastNs)}${one}
ORDER BY time
`;
}

function otelSql(where: SpanTable, { ids, firstNs, lastNs, spanId }: SpansOf): string {
  const table = `${quoteName(where.database)}.${quoteName(where.table)}`;
  const one = spanId === undefined ? '' : `\n  AND SpanId = ${quoteString(spanId)}`;
  return `SELECT Timestamp, Duration / 1e6 AS ms, ServiceName, SpanName, SpanKind, StatusCode,
  StatusMessage, TraceId, SpanId, ParentSpanId, SpanAttributes
FROM ${table}
WHERE TraceId IN (${ids.map(quoteString).join(', ')})
  AND Timestamp >= ${time(firstNs)}
  AND Timestamp <= ${time(lastNs)}${one}
ORDER BY Timestamp
`;
}
