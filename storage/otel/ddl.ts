import { metricKinds } from '../../wire/clickhouse/otel/metrics.ts';
import { interval, type TtlWanted } from '../schema/ttl.ts';
import { quoteIdentifier, type TableNames } from './names.ts';

/** What the statements depend on. */
export interface OtelSchemaOptions {
  readonly database: string;
  readonly tables: TableNames;
  /** Rows older than this are removed; 0 = never. Seconds. */
  readonly ttlSeconds: number;
  /** Text of the engine with its arguments, e.g. `MergeTree()`. */
  readonly engine: string;
  /** Statements run ON this cluster; '' = on one server. */
  readonly cluster: string;
  /** Adds column `batch`, by which the exporter finds out what an interrupted insert has left. */
  readonly withBatch: boolean;
  /** Whose tables; absent: all. */
  readonly signals?: readonly ('traces' | 'logs' | 'metrics')[];
}

const ATTRIBUTES = 'Map(LowCardinality(String), String)';

/** Resource attributes that logs keep as columns of their own. */
const MATERIALIZED = [
  'k8s.cluster.name',
  'k8s.container.name',
  'k8s.deployment.name',
  'k8s.namespace.name',
  'k8s.node.name',
  'k8s.pod.name',
  'k8s.pod.uid',
  'deployment.environment.name',
];

/** CREATE statements of everything, each safe to repeat. */
export function createStatements(options: OtelSchemaOptions): string[] {
  const { database, cluster } = options;
  const signals = options.signals ?? ['traces', 'logs', 'metrics'];
  return [
    ...(database === 'default'
      ? []
      : [`CREATE DATABASE IF NOT EXISTS ${quoteIdentifier(database)}${onCluster(cluster)}`]),
    ...(signals.includes('traces') ? tracesStatements(options) : []),
    ...(signals.includes('logs') ? [logsStatement(options)] : []),
    ...(signals.includes('metrics') ? metricStatements(options) : []),
  ];
}

function onCluster(cluster: string): string {
  return cluster === '' ? '' : ` ON CLUSTER ${quoteIdentifier(cluster)}`;
}

function column(name: string, type: string, codec = 'ZSTD(1)'): string {
  return `${quoteIdentifier(name)} ${type} CODEC(${codec})`;
}

function bloom(name: string, expression: string, rate = '0.01'): string {
  return `INDEX ${name} ${expression} TYPE bloom_filter(${rate}) GRANULARITY 1`;
}

function mapIndexes(prefix: string, column: string): string[] {
  return [
    bloom(`${prefix}_key`, `mapKeys(${column})`),
    bloom(`${prefix}_value`, `mapValues(${column})`),
  ];
}

function batchColumn(options: OtelSchemaOptions): string[] {
  return options.withBatch ? ['`batch` UInt64 DEFAULT 0 CODEC(ZSTD(1))'] : [];
}

/** ` TTL expression + interval`, in the largest unit that fits; '' without a limit. */
function ttlClause(ttlSeconds: number, expression: string): string {
  if (ttlSeconds <= 0) return '';
  return ` TTL ${expression} + ${interval(ttlSeconds)}`;
}

/** How long the tables of a signal are to keep their rows. @param seconds 0 = for ever */
export function ttlsOf(
  tables: TableNames,
  signal: 'traces' | 'logs' | 'metrics',
  seconds: number,
): TtlWanted[] {
  const age = (table: string, time: string) => ({ table, from: `toDateTime(${time})`, seconds });
  if (signal === 'logs') return [age(tables.logs, 'Timestamp')];
  if (signal === 'traces') {
    return [age(tables.traces, 'Timestamp'), age(lookupOf(tables.traces), 'Start')];
  }
  return metricKinds.map((kind) => age(tables[kind], 'TimeUnix'));
}

/** The table of times of traces that belongs to a table of spans. */
function lookupOf(traces: string): string {
  return `${traces}_trace_id_ts`;
}

interface TableText {
  readonly name: string;
  readonly parts: readonly string[];
  readonly engine?: string;
  readonly partition: string;
  readonly order: string;
  readonly ttl: string;
}

function createTable(options: OtelSchemaOptions, table: TableText): string {
  const { database, cluster, engine, ttlSeconds } = options;
  return [
    `CREATE TABLE IF NOT EXISTS ${quoteIdentifier(database)}.${quoteIdentifier(table.name)}`,
    `${onCluster(cluster)} (\n  ${table.parts.join(',\n  ')}\n)`,
    ` ENGINE = ${table.engine ?? engine}`,
    ` PARTITION BY ${table.partition} ORDER BY ${table.order}`,
    ttlClause(ttlSeconds, table.ttl),
    ' SETTINGS index_granularity = 8192, ttl_only_drop_parts = 1',
  ].join('');
}

function tracesStatements(options: OtelSchemaOptions): string[] {
  const name = options.tables.traces;
  const lookup = lookupOf(name);
  const quoted = (table: string): string =>
    `${quoteIdentifier(options.database)}.${quoteIdentifier(table)}`;
  return [
    createTable(options, {
      name,
      parts: [
        column('Timestamp', 'DateTime64(9)', 'Delta, ZSTD(1)'),
        ...['TraceId', 'SpanId', 'ParentSpanId', 'TraceState'].map((c) => column(c, 'String')),
        ...['SpanName', 'SpanKind', 'ServiceName'].map((c) => column(c, 'LowCardinality(String)')),
        column('ResourceAttributes', ATTRIBUTES),
        column('ScopeName', 'String'),
        column('ScopeVersion', 'String'),
        column('SpanAttributes', ATTRIBUTES),
        column('Duration', 'UInt64'),
        column('StatusCode', 'LowCardinality(String)'),
        column('StatusMessage', 'String'),
        column(
          'Events',
          `Nested (Timestamp DateTime64(9), Name LowCardinality(String), Attributes ${ATTRIBUTES})`,
        ),
        column(
          'Links',
          `Nested (TraceId String, SpanId String, TraceState String, Attributes ${ATTRIBUTES})`,
        ),
        ...batchColumn(options),
        bloom('idx_trace_id', 'TraceId', '0.001'),
        ...mapIndexes('idx_res_attr', 'ResourceAttributes'),
        ...mapIndexes('idx_span_attr', 'SpanAttributes'),
        'INDEX idx_duration Duration TYPE minmax GRANULARITY 1',
      ],
      partition: 'toDate(Timestamp)',
      order: '(ServiceName, SpanName, toDateTime(Timestamp))',
      ttl: 'toDateTime(Timestamp)',
    }),
    createTable(options, {
      name: lookup,
      parts: [
        column('TraceId', 'String'),
        column('Start', 'DateTime', 'Delta, ZSTD(1)'),
        column('End', 'DateTime', 'Delta, ZSTD(1)'),
        bloom('idx_trace_id', 'TraceId'),
      ],
      partition: 'toDate(Start)',
      order: '(TraceId, Start)',
      ttl: 'toDateTime(Start)',
    }),
    `CREATE MATERIALIZED VIEW IF NOT EXISTS ${quoted(`${lookup}_mv`)}${onCluster(options.cluster)}` +
      ` TO ${quoted(lookup)} AS SELECT TraceId, min(Timestamp) AS Start, max(Timestamp) AS End` +
      ` FROM ${quoted(name)} WHERE TraceId != '' GROUP BY TraceId`,
  ];
}

function logsStatement(options: OtelSchemaOptions): string {
  const low = 'LowCardinality(String)';
  return createTable(options, {
    name: options.tables.logs,
    parts: [
      column('Timestamp', 'DateTime64(9)', 'Delta(8), ZSTD(1)'),
      column('TraceId', 'String'),
      column('SpanId', 'String'),
      '`TraceFlags` UInt8',
      column('SeverityText', low),
      '`SeverityNumber` UInt8',
      column('ServiceName', low),
      column('Body', 'String'),
      column('ResourceSchemaUrl', low),
      column('ResourceAttributes', ATTRIBUTES),
      column('ScopeSchemaUrl', low),
      column('ScopeName', 'String'),
      column('ScopeVersion', low),
      column('ScopeAttributes', ATTRIBUTES),
      column('LogAttributes', ATTRIBUTES),
      column('EventName', 'String'),
      ...batchColumn(options),
      ...MATERIALIZED.map((key) =>
        column(
          `__otel_materialized_${key}`,
          `LowCardinality(String) MATERIALIZED ResourceAttributes['${key}']`,
        ),
      ),
      bloom('idx_trace_id', 'TraceId', '0.001'),
      ...mapIndexes('idx_res_attr', 'ResourceAttributes'),
      ...mapIndexes('idx_scope_attr', 'ScopeAttributes'),
      ...mapIndexes('idx_log_attr', 'LogAttributes'),
      'INDEX idx_lower_body lower(Body) TYPE tokenbf_v1(32768, 3, 0) GRANULARITY 8',
    ],
    partition: 'toDate(Timestamp)',
    order: '(toStartOfFiveMinutes(Timestamp), ServiceName, Timestamp)',
    ttl: 'toDateTime(Timestamp)',
  });
}

/** Columns that the metric tables differ in. */
function metricColumns(options: OtelSchemaOptions): readonly (readonly [string, string[]])[] {
  const { tables } = options;
  const flags = column('Flags', 'UInt32');
  const count = column('Count', 'UInt64', 'Delta, ZSTD(1)');
  const double = (name: string): string => column(name, 'Float64');
  const temporality = column('AggregationTemporality', 'Int32');
  const exemplars = column(
    'Exemplars',
    `Nested (FilteredAttributes ${ATTRIBUTES}, TimeUnix DateTime, Value Float64, SpanId String, TraceId String)`,
  );
  const number = [double('Value'), flags, exemplars];
  const tail = [exemplars, flags, double('Min'), double('Max'), temporality];
  const buckets = [
    column('BucketCounts', 'Array(UInt64)'),
    column('ExplicitBounds', 'Array(Float64)'),
  ];
  const exponential = [
    column('Scale', 'Int32'),
    column('ZeroCount', 'UInt64'),
    column('PositiveOffset', 'Int32'),
    column('PositiveBucketCounts', 'Array(UInt64)'),
    column('NegativeOffset', 'Int32'),
    column('NegativeBucketCounts', 'Array(UInt64)'),
  ];
  const quantiles = column('ValueAtQuantiles', 'Nested (Quantile Float64, Value Float64)');
  const monotonic = column('IsMonotonic', 'Boolean', 'Delta, ZSTD(1)');
  return [
    [tables.gauge, number],
    [tables.sum, [...number, temporality, monotonic]],
    [tables.histogram, [count, double('Sum'), ...buckets, ...tail]],
    [tables.exponential_histogram, [count, double('Sum'), ...exponential, ...tail]],
    [tables.summary, [count, double('Sum'), quantiles, flags]],
  ];
}

function metricStatements(options: OtelSchemaOptions): string[] {
  const head = [
    column('ResourceAttributes', ATTRIBUTES),
    column('ResourceSchemaUrl', 'String'),
    column('ScopeName', 'String'),
    column('ScopeVersion', 'String'),
    column('ScopeAttributes', ATTRIBUTES),
    column('ScopeDroppedAttrCount', 'UInt32'),
    column('ScopeSchemaUrl', 'String'),
    column('ServiceName', 'LowCardinality(String)'),
    column('MetricName', 'LowCardinality(String)'),
    column('MetricDescription', 'String'),
    column('MetricUnit', 'String'),
    column('Attributes', ATTRIBUTES),
    column('StartTimeUnix', 'DateTime', 'Delta, ZSTD(1)'),
    column('TimeUnix', 'DateTime', 'Delta, ZSTD(1)'),
  ];
  const indexes = [
    ...mapIndexes('idx_res_attr', 'ResourceAttributes'),
    ...mapIndexes('idx_scope_attr', 'ScopeAttributes'),
    ...mapIndexes('idx_attr', 'Attributes'),
    'INDEX idx_time_minmax TimeUnix TYPE minmax GRANULARITY 1',
  ];
  return metricColumns(options).map(([name, columns]) =>
    createTable(options, {
      name,
      parts: [...head, ...columns, ...batchColumn(options), ...indexes],
      partition: 'toDate(TimeUnix)',
      order: '(ServiceName, MetricName, toStartOfHour(TimeUnix), cityHash64(Attributes), TimeUnix)',
      ttl: 'toDateTime(TimeUnix)',
    }),
  );
}
