import type { Settings } from '../../component/settings.ts';
import { readIdKey } from '../../storage/schema/migrate.ts';
import type { SqlClient } from '../../storage/sql.ts';
import type { Block } from '../../wire/clickhouse/block.ts';
import { WrittenRows } from '../../wire/clickhouse/smart/written-rows.ts';
import { SmartLogsEncoder } from '../../wire/clickhouse/smart-logs/encoder.ts';
import type { ClickHouseConfig } from './config.ts';
import type { PlacedBlock, SchemaWriter } from './schemas.ts';
import { bringUp, type SmartSchema } from './smart-schema.ts';

/** Tables whose rows carry the id of their batch; sending rows of the others again is harmless. */
const counted = ['logs', 'flows'];
const idempotent = ['entities', 'entity_addresses', 'resources', 'scopes'];

/** Brings the schema up to date, if asked to, and makes the writer of log records. */
export async function prepareSmartLogs(
  client: SqlClient,
  config: ClickHouseConfig,
  settings: Settings,
): Promise<SmartSchema> {
  await bringUp(client, config, [...counted, ...idempotent]);
  const written = new WrittenRows();
  const encoder = new SmartLogsEncoder(
    await readIdKey(client, { database: config.database }),
    written,
  );
  const unregister = settings.meter.gauge(
    'otelcol_exporter_clickhouse_inline_sets',
    { description: 'Resources and scopes stored with their rows: too many', unit: '{sets}' },
    () => encoder.inlined,
    { exporter: settings.id, signal: 'logs' },
  );
  const writer: SchemaWriter = {
    native: false,
    append: (range, receiptSeconds) => encoder.append(range, receiptSeconds),
    seal(batchId, allocate) {
      const { blocks, dictionaryKeys } = encoder.seal(batchId, allocate);
      return { blocks: blocks.map(placed), dictionaryKeys };
    },
    delivered: (keys) => written.add(keys),
  };
  return { writer, stop: async () => unregister() };
}

function placed(block: Block): PlacedBlock {
  return counted.includes(block.table)
    ? { ...block, verify: 'count', dayExpression: 'toDate(bucket)' }
    : { ...block, verify: 'idempotent', dayExpression: 'toDate(0)' };
}
