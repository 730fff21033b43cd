import type { TableSpec } from './table.ts';

/** Who an id is, valid from-to. The same row may be written any number of times. */
export const entities: TableSpec = {
  name: 'entities',
  engine: 'ReplacingMergeTree(updated_at)',
  partitionBy: 'toYYYYMM(valid_from)',
  orderBy: '(id, valid_from)',
  ttlColumn: 'valid_to',
  shardBy: 'id',
  columns: [
    'id UInt64',
    'type LowCardinality(String)',
    'name String',
    "valid_from DateTime('UTC')",
    "valid_to DateTime('UTC')",
    'service UInt64',
    'container UInt64',
    'workload UInt64',
    'node UInt64',
    'namespace UInt64',
    'cluster UInt64',
    'zone LowCardinality(String)',
    'region LowCardinality(String)',
    'identity Map(LowCardinality(String), String)',
    'tags Map(LowCardinality(String), String)',
    "updated_at DateTime64(3, 'UTC')",
  ],
};

/** Which entity has an address or a block of them, valid from-to. */
export const entityAddresses: TableSpec = {
  name: 'entity_addresses',
  engine: 'ReplacingMergeTree(updated_at)',
  partitionBy: 'toYYYYMM(valid_from)',
  orderBy: '(vpc, address, prefix, entity, valid_from)',
  ttlColumn: 'valid_to',
  shardBy: 'entity',
  columns: [
    'address IPv6',
    'prefix UInt8',
    'vpc UInt32',
    'entity UInt64',
    "valid_from DateTime('UTC')",
    "valid_to DateTime('UTC')",
    "updated_at DateTime64(3, 'UTC')",
  ],
};
