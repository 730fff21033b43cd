import type { TableSpec } from './table.ts';

const dictionaryId = 'LowCardinality(UInt64)';
const counter = 'UInt64 CODEC(T64, ZSTD(1))';
const small = 'UInt32 CODEC(T64, ZSTD(1))';

/** Count, sum and longest of a delay, in nanoseconds. */
function delay(name: string): string[] {
  return [`${name}_count ${small}`, `${name}_sum ${counter}`, `${name}_max ${counter}`];
}

/** One row per flow, minute and observation point: docs/schema.md. */
export const flows: TableSpec = {
  name: 'flows',
  engine: 'MergeTree',
  partitionBy: 'toDate(bucket)',
  orderBy: '(bucket, server_entity, client_entity, time)',
  ttlColumn: 'bucket',
  shardBy: 'flow_id',
  columns: [
    "bucket DateTime('UTC') CODEC(ZSTD(1))",
    `batch ${dictionaryId} CODEC(ZSTD(1))`,
    'flow_id UInt64 CODEC(ZSTD(1))',
    "time DateTime64(9, 'UTC') CODEC(Delta(8), ZSTD(1))",
    'duration Int64 CODEC(ZSTD(1))',
    'service LowCardinality(String) CODEC(ZSTD(1))',
    `resource_id ${dictionaryId} CODEC(ZSTD(1))`,
    `scope_id ${dictionaryId} CODEC(ZSTD(1))`,
    'resource_inline String CODEC(ZSTD(1))',
    'scope_inline String CODEC(ZSTD(1))',
    `client_entity ${dictionaryId} CODEC(ZSTD(1))`,
    `server_entity ${dictionaryId} CODEC(ZSTD(1))`,
    'client_service LowCardinality(String) CODEC(ZSTD(1))',
    'server_service LowCardinality(String) CODEC(ZSTD(1))',
    'observation_point LowCardinality(String) CODEC(ZSTD(1))',
    'interface UInt32 CODEC(ZSTD(1))',
    'client_address IPv6 CODEC(ZSTD(1))',
    'server_address IPv6 CODEC(ZSTD(1))',
    'client_port UInt16 CODEC(ZSTD(1))',
    'server_port UInt16 CODEC(ZSTD(1))',
    'transport LowCardinality(String) CODEC(ZSTD(1))',
    'network_type LowCardinality(String) CODEC(ZSTD(1))',
    'l7_protocol LowCardinality(String) CODEC(ZSTD(1))',
    'is_new Bool CODEC(ZSTD(1))',
    'close_type LowCardinality(String) CODEC(ZSTD(1))',
    'close_number UInt8 CODEC(ZSTD(1))',
    'status LowCardinality(String) CODEC(ZSTD(1))',
    ...['sent', 'received'].flatMap((side) => [
      `bytes_${side} ${counter}`,
      `payload_${side} ${counter}`,
      `packets_${side} ${counter}`,
      `retransmissions_${side} ${small}`,
      `out_of_order_${side} ${small}`,
      `zero_windows_${side} ${small}`,
      `fins_${side} ${small}`,
    ]),
    `syns ${small}`,
    `syn_acks ${small}`,
    `syn_retransmissions ${small}`,
    `syn_ack_retransmissions ${small}`,
    `requests ${small}`,
    `responses ${small}`,
    `errors ${small}`,
    `rtt ${counter}`,
    ...['client_rtt', 'server_rtt', 'srt', 'art', 'cit'].flatMap(delay),
    'attributes Map(LowCardinality(String), String) CODEC(ZSTD(1))',
    'INDEX flow flow_id TYPE bloom_filter(0.01) GRANULARITY 1',
    'INDEX addresses (client_address, server_address) TYPE bloom_filter(0.01) GRANULARITY 1',
  ],
};
