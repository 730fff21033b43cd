import { joinOf, onCluster, type SchemaOptions, type TableSpec, tableName } from './table.ts';

const strings = 'Map(LowCardinality(String), String)';
const dictionaryId = 'LowCardinality(UInt64)';

/** Log records: docs/schema.md says what each column means. */
export const logs: TableSpec = {
  name: 'logs',
  engine: 'MergeTree',
  partitionBy: 'toDate(bucket)',
  orderBy: '(bucket, service, time)',
  ttlColumn: 'bucket',
  shardBy: 'cityHash64(service, time)',
  columns: [
    "bucket DateTime('UTC') CODEC(ZSTD(1))",
    `batch ${dictionaryId} CODEC(ZSTD(1))`,
    "time DateTime64(9, 'UTC') CODEC(Delta(8), ZSTD(1))",
    "observed_time DateTime64(9, 'UTC') CODEC(Delta(8), ZSTD(1))",
    'trace_id FixedString(16) CODEC(ZSTD(1))',
    'span_id FixedString(8) CODEC(ZSTD(1))',
    'flags UInt32 CODEC(ZSTD(1))',
    'severity_number UInt8 CODEC(ZSTD(1))',
    'severity_text LowCardinality(String) CODEC(ZSTD(1))',
    'event_name LowCardinality(String) CODEC(ZSTD(1))',
    'service LowCardinality(String) CODEC(ZSTD(1))',
    `resource_id ${dictionaryId} CODEC(ZSTD(1))`,
    `scope_id ${dictionaryId} CODEC(ZSTD(1))`,
    'resource_inline String CODEC(ZSTD(1))',
    'scope_inline String CODEC(ZSTD(1))',
    'body String CODEC(ZSTD(1))',
    'body_other String CODEC(ZSTD(1))',
    `attributes_string ${strings} CODEC(ZSTD(1))`,
    'attributes_int Map(LowCardinality(String), Int64) CODEC(ZSTD(1))',
    'attributes_float Map(LowCardinality(String), Float64) CODEC(ZSTD(1))',
    'attributes_bool Map(LowCardinality(String), Bool) CODEC(ZSTD(1))',
    `attributes_other ${strings} CODEC(ZSTD(1))`,
    'dropped_attributes UInt32 CODEC(ZSTD(1))',
    'INDEX time_range time TYPE minmax GRANULARITY 4',
    'INDEX trace trace_id TYPE bloom_filter(0.01) GRANULARITY 1',
  ],
};

const textOf = (map: string): string => `mapApply((k, v) -> (k, toString(v)), l.${map})`;

/** All attributes as text; one value stays of a duplicate key. */
const attributes = [
  'l.attributes_string',
  textOf('attributes_int'),
  textOf('attributes_float'),
  textOf('attributes_bool'),
  'l.attributes_other',
].reduce((all, map) => `mapConcat(${all}, ${map})`);

const hexOrEmpty = (column: string, size: number): string =>
  `if(l.${column} = toFixedString('', ${size}), '', lower(hex(l.${column})))`;

/**
 * `otel_logs` as the contrib exporter's table has it, for existing SQL and dashboards. Where a
 * table of this name is in the database it stays, and the view is not made.
 */
export function logsView(options: SchemaOptions): string {
  const join = joinOf(options);
  return `CREATE VIEW IF NOT EXISTS ${tableName(options, 'otel_logs')}${onCluster(options)} AS
  SELECT if(reinterpretAsUInt64(l.time) = 0, l.observed_time, l.time) AS Timestamp,
    ${hexOrEmpty('trace_id', 16)} AS TraceId, ${hexOrEmpty('span_id', 8)} AS SpanId,
    toUInt8(l.flags % 256) AS TraceFlags, l.severity_text AS SeverityText,
    l.severity_number AS SeverityNumber, l.service AS ServiceName,
    if(l.body_other = '', l.body, l.body_other) AS Body,
    r.schema_url AS ResourceSchemaUrl,
    mapConcat(r.attributes, r.attributes_other) AS ResourceAttributes,
    c.schema_url AS ScopeSchemaUrl, c.name AS ScopeName, c.version AS ScopeVersion,
    mapConcat(c.attributes, c.attributes_other) AS ScopeAttributes,
    ${attributes} AS LogAttributes, l.event_name AS EventName
  FROM ${tableName(options, 'logs')} AS l
  ${join}LEFT ANY JOIN (SELECT id, attributes, attributes_other, schema_url
    FROM ${tableName(options, 'resources')}) AS r ON r.id = l.resource_id
  ${join}LEFT ANY JOIN (SELECT id, name, version, attributes, attributes_other, schema_url
    FROM ${tableName(options, 'scopes')}) AS c ON c.id = l.scope_id`;
}
