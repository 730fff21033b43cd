import type { TableSpec } from './table.ts';

const strings = 'Map(LowCardinality(String), String) CODEC(ZSTD(3))';

/** Resources by id, once a day that uses them; the same row may be written any number of times. */
export const resources: TableSpec = {
  name: 'resources',
  engine: 'ReplacingMergeTree',
  partitionBy: 'day',
  orderBy: 'id',
  ttlColumn: 'day',
  shardBy: 'id',
  columns: [
    'day Date',
    'id UInt64',
    'service LowCardinality(String)',
    `attributes ${strings}`,
    `attributes_other ${strings}`,
    'dropped_attributes UInt32',
    'schema_url String',
    'entity_refs Array(String)',
  ],
};

/** Instrumentation scopes by id, as resources. */
export const scopes: TableSpec = {
  name: 'scopes',
  engine: 'ReplacingMergeTree',
  partitionBy: 'day',
  orderBy: 'id',
  ttlColumn: 'day',
  shardBy: 'id',
  columns: [
    'day Date',
    'id UInt64',
    'name String',
    'version String',
    `attributes ${strings}`,
    `attributes_other ${strings}`,
    'dropped_attributes UInt32',
    'schema_url String',
  ],
};

/** Which operations a service had on a day. */
export const operations: TableSpec = {
  name: 'operations',
  engine: 'ReplacingMergeTree',
  partitionBy: 'day',
  orderBy: '(service, name, kind)',
  ttlColumn: 'day',
  shardBy: 'cityHash64(service)',
  columns: ['day Date', 'service LowCardinality(String)', 'name String', 'kind UInt8'],
};

/** Trace `from_trace` was found to be part of `to_trace`; a trace opens under any of its ids. */
export const traceAlias: TableSpec = {
  name: 'trace_alias',
  engine: 'ReplacingMergeTree',
  partitionBy: 'day',
  orderBy: '(from_trace, to_trace)',
  ttlColumn: 'day',
  shardBy: 'cityHash64(to_trace)',
  columns: [
    'day Date',
    'from_trace FixedString(16)',
    'to_trace FixedString(16)',
    'reason LowCardinality(String)',
    'INDEX by_target to_trace TYPE bloom_filter(0.01) GRANULARITY 1',
  ],
};
