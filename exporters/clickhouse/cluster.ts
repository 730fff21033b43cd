import { writeSettings } from '../../storage/schema/table.ts';
import { quoteString, rowsOf, type SqlClient } from '../../storage/sql.ts';
import { type ClickHouseConfig, placeOf } from './config.ts';
import type { InsertTarget } from './insert.ts';
import { tableNames, tablesOf } from './otel-names.ts';
import type { StoredSignal } from './schemas.ts';

/** What blocks of a cluster need that those of one server do not. */
export type ClusterTarget = Pick<InsertTarget, 'cluster' | 'settings'>;

/** Tables of schema `smart` that rows of a signal go to first of all. */
const mainTables = { traces: 'spans', logs: 'logs', metrics: 'metric_samples' } as const;

/**
 * Looks whether the tables of a signal are those of a cluster.
 * @throws Error when tables of schema `smart` are Distributed and no cluster is named
 */
export async function clusterTarget(
  client: SqlClient,
  config: ClickHouseConfig,
  signal: StoredSignal,
): Promise<ClusterTarget> {
  if (config.engine !== undefined) return {};
  const { cluster } = placeOf(config);
  const tables =
    config.schema === 'smart'
      ? [mainTables[signal]]
      : tablesOf(signal).map((key) => tableNames(config)[key]);
  const engines = await enginesOf(client, config.database, tables);
  const distributed = tables.filter((table) => engines.get(table) === 'Distributed');
  const smart = config.schema === 'smart';
  if (smart && cluster === undefined && distributed.length > 0) {
    throw new Error(
      `cannot use database ${JSON.stringify(config.database)}: its table ${distributed[0]} is ` +
        'Distributed; name its cluster with key cluster_name',
    );
  }
  if (cluster === undefined && distributed.length === 0) return {};
  const settings = writeSettings({ cluster: cluster ?? '' });
  return smart && cluster !== undefined ? { cluster, settings } : { settings };
}

/** The engines of those of some tables that are there. */
export async function enginesOf(
  client: SqlClient,
  database: string,
  tables: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const sql = `SELECT name, engine FROM system.tables WHERE database = ${quoteString(database)}
    AND name IN (${tables.map(quoteString).join(', ')}) ORDER BY name`;
  const rows = await rowsOf<{ name: string; engine: string }>(client, sql);
  return new Map(rows.map(({ name, engine }) => [name, engine]));
}
