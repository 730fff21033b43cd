import type { Logger, Settings } from '../../component/settings.ts';
import { loadColumns, NativeSmartEncoder } from '../../native/columns.ts';
import { migrate, readIdKey } from '../../storage/schema/migrate.ts';
import { type KeptSignal, keepFor } from '../../storage/schema/retention.ts';
import { onCluster, type Place, storedName, tableName } from '../../storage/schema/table.ts';
import type { SqlClient } from '../../storage/sql.ts';
import type { Block } from '../../wire/clickhouse/block.ts';
import { SmartSpansEncoder } from '../../wire/clickhouse/smart/spans.ts';
import { WrittenRows } from '../../wire/clickhouse/smart/written-rows.ts';
import { type ClickHouseConfig, placeOf } from './config.ts';
import { startEdges } from './edges.ts';
import type { PlacedBlock, SchemaWriter } from './schemas.ts';
import { smartWriter, tellInlined } from './smart-writer.ts';
import { tellIgnored, tellTtl } from './ttl.ts';

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
  const tables = ['spans', 'resources', 'scopes', 'operations'];
  await bringUp(client, config, 'traces', settings.logger, tables);
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
  signal: KeptSignal,
  logger: Logger,
  tables: readonly string[],
): Promise<void> {
  if (!config.create_schema) {
    tellIgnored(config, logger);
    return;
  }
  const place = placeOf(config);
  await migrate(client, { ...place, ttlDays: 0 });
  const { ttl } = config;
  const days = ttl === undefined ? undefined : Math.ceil(ttl / DAY_MS);
  tellTtl(logger, await keepFor(client, place, signal, days), (days ?? 0) * 86_400);
  if (config.durability === 'power') await makePowerSafe(client, place, tables);
}

async function makePowerSafe(
  client: SqlClient,
  place: Place,
  tables: readonly string[],
): Promise<void> {
  for (const table of tables) {
    const name = tableName(place, storedName(place, table));
    const settings = 'fsync_after_insert = 1, fsync_part_directory = 1';
    await client.command(`ALTER TABLE ${name}${onCluster(place)} MODIFY SETTING ${settings}`);
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
    ? { ...block, verify: 'count', dayExpression: 'toDate(bucket)', facts: true }
    : { ...block, verify: 'idempotent', dayExpression: 'day', facts: false };
}
