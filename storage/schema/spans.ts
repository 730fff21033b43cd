import { crc32 } from 'node:zlib';
import type { TableSpec } from './table.ts';

/** Length of a bucket in seconds: a writer rounds the time of a span down to it. */
export const bucketS = 2;

/**
 * How much earlier than the span's start its `bucket` may lie, in seconds, where the time was not
 * clamped: a reader allows for much longer buckets than a writer makes.
 */
export const bucketSlackS = 300;

const strings = 'Map(LowCardinality(String), String)';
/** Low-entropy 64-bit ids: a dictionary per part makes them one or two bytes. */
const dictionaryId = 'LowCardinality(UInt64)';

function pairs(map: string): string {
  return `arrayMap((k, v) -> cityHash64(k, v), mapKeys(${map}), mapValues(${map}))`;
}

function nestedPairs(maps: string): string {
  return `arrayFlatten(arrayMap(m -> ${pairs('m')}, ${maps}))`;
}

const stringHashes = `arrayConcat(${[
  pairs('attributes_string'),
  nestedPairs('`events.attributes`'),
  nestedPairs('`links.attributes`'),
].join(', ')})`;

const stringKeys = `arrayConcat(${[
  'mapKeys(attributes_string)',
  'arrayFlatten(arrayMap(m -> mapKeys(m), `events.attributes`))',
  'arrayFlatten(arrayMap(m -> mapKeys(m), `links.attributes`))',
].join(', ')})`;

/** Indexes that the strings are spread over by their keys: a search reads the filters of one. */
const tagShards = 8;

const shardsOfKeys = `arrayMap(k -> bitAnd(CRC32(k), ${tagShards - 1}), ${stringKeys})`;

/** Number of the index that has the strings under `key`. */
export function tagShard(key: string): number {
  return crc32(key) & (tagShards - 1);
}

/**
 * Hashes of the `key, value` pairs of those strings among the attributes of a span, its events and
 * its links whose keys belong to a shard: what `INDEX tags_N` covers. A search computes the same
 * hash of what it looks for, and uses the same text, so that the index applies.
 */
export function tagHashes(shard: number): string {
  return `arrayFilter((h, s) -> s = ${shard}, ${stringHashes}, ${shardsOfKeys})`;
}

/**
 * The same for every other type of value, each by its own type, in an index of its own: to search
 * for a text that cannot be a number, a bool or typed JSON does not read it.
 */
export const typedTagHashes = `arrayConcat(${[
  pairs('attributes_int'),
  pairs('attributes_float'),
  pairs('attributes_bool'),
  pairs('attributes_other'),
  nestedPairs('`events.attributes_other`'),
  nestedPairs('`links.attributes_other`'),
].join(', ')})`;

const keyHashes = (map: string): string => `arrayMap(k -> cityHash64(k), mapKeys(${map}))`;
const attributeMaps = ['string', 'int', 'float', 'bool', 'other'].map((t) => `attributes_${t}`);
const nestedMaps = ['events', 'links'].flatMap((list) =>
  ['attributes', 'attributes_other'].map((column) => `\`${list}.${column}\``),
);

/**
 * Hashes of all keys among the attributes of a span, its events and its links: what `INDEX keys`
 * covers. Texts would take many times the memory of an insert.
 */
export const tagKeys = `arrayConcat(${[
  ...attributeMaps.map(keyHashes),
  ...nestedMaps.map((maps) => `arrayFlatten(arrayMap(m -> ${keyHashes('m')}, ${maps}))`),
].join(', ')})`;

/** A granule has few keys: this index takes a hundredth of those over tags. */
export const keyIndex = `INDEX keys ${tagKeys} TYPE bloom_filter(0.0005) GRANULARITY 1`;

/**
 * The indexes over tags, for tables with the same columns. A filter names one absent pair in 2,000
 * as present. Strings have a filter for each granule, so that a hit reads only that; numbers vary
 * so much within one that four share a filter.
 */
export const tagIndexes: readonly string[] = [
  ...Array.from(
    { length: tagShards },
    (_, n) => `INDEX tags_${n} ${tagHashes(n)} TYPE bloom_filter(0.0005) GRANULARITY 1`,
  ),
  `INDEX typed_tags ${typedTagHashes} TYPE bloom_filter(0.0005) GRANULARITY 4`,
  keyIndex,
];

/** Class of a duration: two an octave, so that a quantile is known to within 19 %. */
export const durationBand = 'toUInt8(floor(2 * log2(greatest(duration, 1))))';

/** Requests, errors and durations of each operation and minute, as a projection of the spans. */
export const redProjection = `SELECT
    toStartOfMinute(time) AS minute, service, name, kind, status_code,
    ${durationBand} AS band, count(), sum(duration)
  GROUP BY minute, service, name, kind, status_code, band`;

/** The last half of a trace id, which is random in every format of ids: key of `places`. */
export const traceKey = 'reinterpretAsUInt64(substring(trace_id, 9, 8))';

/**
 * In which buckets a trace has spans, as a projection ordered by {@link traceKey}. Without
 * aggregates: states of them take longer to read than the rest. Granules are small, as each key
 * reads one of each part.
 */
export const placesProjection = `PROJECTION places
    (SELECT ${traceKey}, bucket GROUP BY ${traceKey}, bucket)
    WITH SETTINGS (index_granularity = 512)`;

/** Columns of `spans` that hardly any span has anything in: whole traces are read without them. */
export const rareColumns: readonly string[] = [
  'trace_state',
  'dropped_attributes',
  'dropped_events',
  'dropped_links',
  'resource_inline',
  'scope_inline',
  'attributes_other',
  '`events.attributes_other`',
  '`events.dropped_attributes`',
  '`links.trace_id`',
  '`links.span_id`',
  '`links.trace_state`',
  '`links.flags`',
  '`links.attributes`',
  '`links.attributes_other`',
  '`links.dropped_attributes`',
];

/** Tells, computed by the store, whether a span has anything in {@link rareColumns}. */
export const rareColumn = `rare UInt8 MATERIALIZED notEmpty(trace_state)
    OR dropped_attributes > 0 OR dropped_events > 0 OR dropped_links > 0
    OR notEmpty(resource_inline) OR notEmpty(scope_inline) OR notEmpty(attributes_other)
    OR arrayExists(m -> notEmpty(m), \`events.attributes_other\`)
    OR arrayExists(n -> n > 0, \`events.dropped_attributes\`)
    OR notEmpty(\`links.trace_id\`) CODEC(ZSTD(1))`;

/** The spans: docs/schema.md says what each column means and why it has its type. */
export const spans: TableSpec = {
  name: 'spans',
  engine: 'MergeTree',
  partitionBy: 'toDate(bucket)',
  orderBy: '(bucket, trace_id, time)',
  ttlColumn: 'bucket',
  shardBy: 'cityHash64(trace_id)',
  columns: [
    "bucket DateTime('UTC') CODEC(ZSTD(1))",
    `batch ${dictionaryId} CODEC(ZSTD(1))`,
    'trace_id FixedString(16) CODEC(ZSTD(1))',
    'span_id FixedString(8) CODEC(NONE)',
    'parent_span_id FixedString(8) CODEC(ZSTD(1))',
    "time DateTime64(9, 'UTC') CODEC(Delta(8), ZSTD(1))",
    "duration Int64 CODEC(T64('bit'), ZSTD(1))",
    'service LowCardinality(String) CODEC(ZSTD(1))',
    'name LowCardinality(String) CODEC(ZSTD(1))',
    'kind UInt8 CODEC(ZSTD(1))',
    'status_code UInt8 CODEC(ZSTD(1))',
    'status_message String CODEC(ZSTD(1))',
    'trace_state String CODEC(ZSTD(1))',
    'flags UInt32 CODEC(ZSTD(1))',
    'dropped_attributes UInt32 CODEC(ZSTD(1))',
    'dropped_events UInt32 CODEC(ZSTD(1))',
    'dropped_links UInt32 CODEC(ZSTD(1))',
    `resource_id ${dictionaryId} CODEC(ZSTD(1))`,
    `scope_id ${dictionaryId} CODEC(ZSTD(1))`,
    `client_entity ${dictionaryId} CODEC(ZSTD(1))`,
    `server_entity ${dictionaryId} CODEC(ZSTD(1))`,
    'resource_inline String CODEC(ZSTD(1))',
    'scope_inline String CODEC(ZSTD(1))',
    `attributes_string ${strings} CODEC(ZSTD(6))
    SETTINGS (min_compress_block_size = 262144, max_compress_block_size = 1048576)`,
    'attributes_int Map(LowCardinality(String), Int64) CODEC(ZSTD(5))',
    'attributes_float Map(LowCardinality(String), Float64) CODEC(ZSTD(1))',
    'attributes_bool Map(LowCardinality(String), Bool) CODEC(ZSTD(1))',
    `attributes_other ${strings} CODEC(ZSTD(1))`,
    "`events.time` Array(DateTime64(9, 'UTC')) CODEC(ZSTD(1))",
    '`events.name` Array(LowCardinality(String)) CODEC(ZSTD(1))',
    `\`events.attributes\` Array(${strings}) CODEC(ZSTD(3))`,
    `\`events.attributes_other\` Array(${strings}) CODEC(ZSTD(1))`,
    '`events.dropped_attributes` Array(UInt32) CODEC(ZSTD(1))',
    '`links.trace_id` Array(FixedString(16)) CODEC(ZSTD(1))',
    '`links.span_id` Array(FixedString(8)) CODEC(ZSTD(1))',
    '`links.trace_state` Array(String) CODEC(ZSTD(1))',
    '`links.flags` Array(UInt32) CODEC(ZSTD(1))',
    `\`links.attributes\` Array(${strings}) CODEC(ZSTD(1))`,
    `\`links.attributes_other\` Array(${strings}) CODEC(ZSTD(1))`,
    '`links.dropped_attributes` Array(UInt32) CODEC(ZSTD(1))',
    rareColumn,
    'INDEX time_range time TYPE minmax GRANULARITY 4',
    ...tagIndexes,
    placesProjection,
    `PROJECTION red (${redProjection})`,
  ],
  settings: `index_granularity = 2048, string_serialization_version = 'single_stream',
    default_compression_codec = 'ZSTD(1)', min_compress_block_size = 16384,
    prewarm_mark_cache = 1`,
};
