import { randomBytes } from 'node:crypto';
import { quoteName, rowsOf, type SqlClient, SqlError } from '../sql.ts';
import { renewViews } from './cluster-views.ts';
import { migrations } from './migrations.ts';
import { syncReplicas } from './replicas.ts';
import { onCluster, type SchemaOptions, tableName, writeSettings } from './table.ts';

/** The version that this program writes and reads. */
export const newestVersion = migrations[migrations.length - 1]!.version;

/** Session settings that the statements need. */
const statementSettings = {
  allow_suspicious_low_cardinality_types: 1,
  allow_suspicious_codecs: 1,
};

/** ClickHouse's codes for a table or database that is not there. */
const unknownTable = 60;
const unknownDatabase = 81;

/**
 * Brings the schema to the newest version: makes the database, runs the migrations that are
 * missing, records each, and makes the shared key of ids. May be run by several gateways at once
 * and again after a crash. TTL of tables that exist is not touched: `keepFor` does that.
 * @returns the version that the schema now has
 * @throws Error when the schema is newer than this program, SqlError when ClickHouse refuses
 */
export async function migrate(client: SqlClient, options: SchemaOptions): Promise<number> {
  const found = await schemaVersionOf(client, options);
  if (found > newestVersion) {
    throw new Error(
      `cannot use database ${JSON.stringify(options.database)}: its schema has version ` +
        `${found}, this program knows ${newestVersion} at most`,
    );
  }
  if (found === newestVersion) {
    await renewViews(client, options);
    return found;
  }
  await client.command(
    `CREATE DATABASE IF NOT EXISTS ${quoteName(options.database)}${onCluster(options)}`,
  );
  for (const migration of migrations) {
    if (migration.version <= found) continue;
    for (const statement of migration.statements(options)) {
      await client.command(statement, { settings: statementSettings, timeoutMs: 300_000 });
    }
    if (migration.version === 1) await makeIdKey(client, options);
    await client.command(
      `INSERT INTO ${tableName(options, 'schema_version')} (version) VALUES (${migration.version})`,
      { settings: writeSettings(options) },
    );
  }
  await renewViews(client, options);
  return newestVersion;
}

/** Version of the schema in a database, 0 when there is none. */
export async function schemaVersionOf(
  client: SqlClient,
  options: { readonly database: string },
): Promise<number> {
  try {
    const sql = `SELECT max(version) AS version FROM ${tableName(options, 'schema_version')}`;
    const rows = await rowsOf<{ version: number }>(client, sql);
    return Number(rows[0]?.version ?? 0);
  } catch (error) {
    const code = error instanceof SqlError ? error.code : 0;
    if (code === unknownTable || code === unknownDatabase) return 0;
    throw error;
  }
}

async function makeIdKey(client: SqlClient, options: SchemaOptions): Promise<void> {
  const catchUp = () => syncReplicas(client, options, 'settings', { timeoutMs: 60_000 });
  await catchUp();
  const table = tableName(options, 'settings');
  const existing = `SELECT count() AS n FROM ${table} WHERE name = 'id_key'`;
  const rows = await rowsOf<{ n: string }>(client, existing);
  if (Number(rows[0]?.n) > 0) return;
  const value = randomBytes(16).toString('hex');
  const sql = `INSERT INTO ${table} (name, value) VALUES ('id_key', '${value}')`;
  await client.command(sql, { settings: writeSettings(options) });
  await catchUp();
}

/**
 * The key of resource and scope ids, 16 bytes, the same for all gateways of a database: of several
 * that were made at once the oldest counts.
 */
export async function readIdKey(
  client: SqlClient,
  options: { readonly database: string },
): Promise<Uint8Array> {
  const sql = `SELECT value FROM ${tableName(options, 'settings')} WHERE name = 'id_key'
    ORDER BY set_at, value LIMIT 1`;
  const rows = await rowsOf<{ value: string }>(client, sql);
  const value = rows[0]?.value;
  if (value === undefined || !/^[0-9a-f]{32}$/.test(value)) {
    throw new Error(`cannot use the id key ${JSON.stringify(value)} of table settings`);
  }
  return new Uint8Array(Buffer.from(value, 'hex'));
}
