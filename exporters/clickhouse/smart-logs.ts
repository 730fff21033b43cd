import type { Settings } from '../../component/settings.ts';
import { readIdKey } from '../../storage/schema/migrate.ts';
import type { SqlClient } from '../../storage/sql.ts';
import type { Block } from '../../wire/clickhouse/block.ts';
import { WrittenRows } from '../../wire/clickhouse/smart/written-rows.ts';
import { SmartLogsEncoder } from '../../wire/clickhouse/smart-logs/encoder.ts';
import type { ClickHouseConfig } from './config.ts';
import type { PlacedBlock } from './schemas.ts';
import { bringUp, type SmartSchema } from './smart-schema.ts';
import { smartWriter, tellInlined } from './smart-writer.ts';

/** Tables whose rows carry the id of their batch; sending rows of the others again is harmless. */
const counted = ['logs', 'flows'];
const idempotent = ['entities', 'entity_addresses', 'resources', 'scopes'];

/** Brings the schema up to date, if asked to, and makes the writer of log records. */
export async function prepareSmartLogs(
  client: SqlClient,
  config: ClickHouseConfig,
  settings: Settings,
): Promise<SmartSchema> {
  await bringUp(client, config, 'logs', settings.logger, [...counted, ...idempotent]);
  const written = new WrittenRows();
  const encoder = new SmartLogsEncoder(
    await readIdKey(client, { database: config.database }),
    written,
  );
  const unregister = tellInlined(encoder, settings, 'logs');
  const writer = smartWriter(encoder, written, placed);
  return { writer, stop: async () => unregister() };
}

function placed(block: Block): PlacedBlock {
  return counted.includes(block.table)
    ? { ...block, verify: 'count', dayExpression: 'toDate(bucket)', facts: true }
    : { ...block, verify: 'idempotent', dayExpression: 'toDate(0)', facts: false };
}
