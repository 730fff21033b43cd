import type { TableSpec } from './table.ts';

/** Migrations that were completed. */
export const schemaVersion: TableSpec = {
  name: 'schema_version',
  engine: 'ReplacingMergeTree',
  orderBy: 'version',
  shardBy: 'version',
  columns: ['version UInt32', "applied_at DateTime64(3, 'UTC') DEFAULT now64(3)"],
};

/** Facts that all gateways share: of `id_key` the oldest value counts, of other names the newest. */
export const settings: TableSpec = {
  name: 'settings',
  engine: 'MergeTree',
  orderBy: '(name, set_at, value)',
  shardBy: 'cityHash64(name)',
  columns: ['name String', 'value String', "set_at DateTime64(6, 'UTC') DEFAULT now64(6)"],
};
