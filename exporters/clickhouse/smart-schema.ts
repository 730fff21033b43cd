import type { Settings } from '../../component/settings.ts';
import { loadColumns, NativeSmartEncoder } from '../../native/columns.ts';
import { migrate, readIdKey } from '../../storage/schema/migrate.ts';
import type { SchemaOptions } from '../../storage/schema/table.ts';
import { quoteName, type SqlClient } from '../../storage/sql.ts';
import type { Block } from '../../wire/clickhouse/block.ts';
import { SmartSpansEncoder } from '../../wire/clickhouse/smart/spans.ts';
import { WrittenRows } from '../../wire/clickhouse/smart/written-rows.ts';
import type { ClickHouseConfig } from './config.ts';
import { startEdges } from './edges.ts';
import type { PlacedBlock, SchemaWriter } from './schemas.ts';
import { smartWriter, tellInlined } from './smart-writer.ts';

const DAY_MS = 86_400_000;

/** The writer of schema `smart` and what ends its jobs. */
export interface SmartSchema {
  readonly writer: SchemaWriter;
  stop(): Promise<void>;
}

/** Brings the schema up to date, if asked to, and makes the writer of spans. */
export async function prepareSmart(
  client: SqlClient,
  config: ClickHouseConfig,
  settings: Settings,
): Promise<SmartSchema> {
  const { database } = config;
  await bringUp(client, config, ['spans', 'resources', 'scopes', 'operations']);
  const written = new WrittenRows();
  const encoder = encoderOf(await readIdKey(client, { database }), written);
  const unregister = tellInlined(encoder, settings);
  const stopEdges = startEdges(client, config, settings);
  return {
    writer: smartWriter(encoder, written, placed, encoder instanceof NativeSmartEncoder),
    async stop() {
      unregister();
      await stopEdges();
    },
  };
}

/**
 * Brings the schema up to date, if asked to.
 * @param tables those that are written to, for `durability: power`
 */
export async function bringUp(
  client: SqlClient,
  config: ClickHouseConfig,
  tables: readonly string[],
): Promise<void> {
  if (!config.create_schema) return;
  const options: SchemaOptions = {
    database: config.database,
    ttlDays: Math.ceil(config.ttl / DAY_MS),
    ...(config.cluster_name === '' ? {} : { cluster: config.cluster_name }),
  };
  await migrate(client, options);
  if (config.durability === 'power') await makePowerSafe(client, config.database, tables);
}

async function makePowerSafe(
  client: SqlClient,
  database: string,
  tables: readonly string[],
): Promise<void> {
  for (const table of tables) {
    const name = `${quoteName(database)}.${quoteName(table)}`;
    const settings = 'fsync_after_insert = 1, fsync_part_directory = 1';
    await client.command(`ALTER TABLE ${name} MODIFY SETTING ${settings}`);
  }
}

/** The encoder in C where it is built, otherwise its twin: both give the same bytes. */
function encoderOf(key: Uint8Array, written: WrittenRows): SmartSpansEncoder | NativeSmartEncoder {
  const addon = loadColumns();
  if (addon === undefined) return new SmartSpansEncoder(key, written);
  return new NativeSmartEncoder(addon, key, written);
}

function placed(block: Block): PlacedBlock {
  return block.table === 'spans'
    ? { ...block, verify: 'count', dayExpression: 'toDate(bucket)' }
    : { ...block, verify: 'idempotent', dayExpression: 'day' };
}
