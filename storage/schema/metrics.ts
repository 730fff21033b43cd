import type { TableSpec } from './table.ts';

const strings = 'Map(LowCardinality(String), String) CODEC(ZSTD(3))';

/** Powers of ten that `scale` divides by. */
const powers = `[${Array.from({ length: 16 }, (_, i) => `1e${i}`).join(', ')}]`;

/**
 * The number in `mantissa` and `scale` (docs/decisions/metric-samples.md): a decimal, the bits of
 * a double (-1), an integer (-2), nothing (-3).
 */
const sampleValue =
  `multiIf(scale >= 0, mantissa / ${powers}[scale + 1], ` +
  'scale = -1, reinterpretAsFloat64(mantissa), scale = -2, toFloat64(mantissa), nan)';

/** Labels as Prometheus has them; `job` and `instance` stand for the resource. */
const labelsOf =
  'mapConcat(attributes, attributes_other, scope_labels, ' +
  "if(job = '', map(), map('job', job)), if(instance = '', map(), map('instance', instance)))";

/** Label sets by id, once a day that uses them: docs/schema.md says what each column means. */
export const metricSeries: TableSpec = {
  name: 'metric_series',
  engine: 'ReplacingMergeTree',
  partitionBy: 'day',
  orderBy: '(name, id)',
  ttlColumn: 'day',
  shardBy: 'id',
  columns: [
    'day Date',
    'id UInt64',
    'name LowCardinality(String)',
    'type LowCardinality(String)',
    'unit LowCardinality(String)',
    'description String CODEC(ZSTD(3))',
    'temporality UInt8',
    'monotonic Bool',
    `metadata ${strings}`,
    `metadata_other ${strings}`,
    'service LowCardinality(String)',
    'job LowCardinality(String)',
    'instance LowCardinality(String)',
    `scope_labels ${strings}`,
    `attributes ${strings}`,
    `attributes_other ${strings}`,
    'resource_id UInt64',
    'scope_id UInt64',
    'resource_inline String CODEC(ZSTD(3))',
    'scope_inline String CODEC(ZSTD(3))',
    `labels Map(LowCardinality(String), String) ALIAS ${labelsOf}`,
  ],
};

/**
 * Series of one target share their times, so times are packed in blocks of several series; GCD
 * takes the zeros away where they are whole milliseconds.
 */
const times =
  'CODEC(GCD, Delta, T64, ZSTD(1)) ' +
  'SETTINGS (min_compress_block_size = 1048576, max_compress_block_size = 1048576)';

/** Columns that every table of points begins with. */
const point: readonly string[] = [
  'day Date',
  'series_id UInt64 CODEC(ZSTD(1))',
  `time DateTime64(9, 'UTC') ${times}`,
  "start_time DateTime64(9, 'UTC') CODEC(Delta, ZSTD(1))",
  'flags UInt32 CODEC(ZSTD(1))',
];

/** What is left of one series at one time is the row written last, so sending again is harmless. */
const facts = {
  engine: 'ReplacingMergeTree',
  partitionBy: 'day',
  orderBy: '(series_id, time)',
  ttlColumn: 'day',
  shardBy: 'series_id',
} as const;

/**
 * Merges take one column after the other, which costs less than rows, and join about eight parts of
 * a size at a time: each row is written less often, and there are a few more parts
 * (docs/decisions/metric-storage-speed.md).
 */
const merges =
  'vertical_merge_algorithm_min_rows_to_activate = 1, ' +
  'vertical_merge_algorithm_min_columns_to_activate = 1, merge_selector_base = 8';

/** Points of gauges and sums. */
export const metricSamples: TableSpec = {
  ...facts,
  settings: merges,
  name: 'metric_samples',
  columns: [
    ...point,
    "mantissa Int64 CODEC(Delta, T64('bit'), ZSTD(1))",
    'scale Int8 CODEC(ZSTD(1))',
    `value Float64 ALIAS ${sampleValue}`,
    'INDEX time_range time TYPE minmax GRANULARITY 8',
  ],
};

/** Points of histograms, exponential histograms and summaries. */
export const metricHistograms: TableSpec = {
  ...facts,
  name: 'metric_histograms',
  columns: [
    ...point,
    'present UInt8 CODEC(ZSTD(1))',
    'count UInt64 CODEC(Delta, ZSTD(1))',
    'sum Float64 CODEC(ZSTD(1))',
    'min Float64 CODEC(ZSTD(1))',
    'max Float64 CODEC(ZSTD(1))',
    'bounds Array(Float64) CODEC(ZSTD(1))',
    'counts Array(UInt64) CODEC(ZSTD(1))',
    'scale Int32 CODEC(ZSTD(1))',
    'zero_count UInt64 CODEC(ZSTD(1))',
    'zero_threshold Float64 CODEC(ZSTD(1))',
    'positive_offset Int32 CODEC(ZSTD(1))',
    'negative_offset Int32 CODEC(ZSTD(1))',
    'negative_counts Array(UInt64) CODEC(ZSTD(1))',
    'quantile_values Array(Float64) CODEC(ZSTD(1))',
    'INDEX time_range time TYPE minmax GRANULARITY 8',
  ],
};

/** Exemplars of all points. */
export const metricExemplars: TableSpec = {
  ...facts,
  name: 'metric_exemplars',
  orderBy: '(series_id, time, trace_id, span_id, mantissa)',
  columns: [
    'day Date',
    'series_id UInt64 CODEC(ZSTD(1))',
    "time DateTime64(9, 'UTC') CODEC(Delta, ZSTD(1))",
    'trace_id FixedString(16) CODEC(ZSTD(1))',
    'span_id FixedString(8) CODEC(ZSTD(1))',
    'mantissa Int64 CODEC(ZSTD(1))',
    'scale Int8 CODEC(ZSTD(1))',
    'attributes Map(LowCardinality(String), String) CODEC(ZSTD(1))',
    'attributes_other Map(LowCardinality(String), String) CODEC(ZSTD(1))',
    `value Float64 ALIAS ${sampleValue}`,
    'INDEX trace trace_id TYPE bloom_filter(0.01) GRANULARITY 1',
    'INDEX time_range time TYPE minmax GRANULARITY 8',
  ],
};
