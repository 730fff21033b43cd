import { PipelineError } from '../../component/errors.ts';
import type { Logger } from '../../component/settings.ts';
import { loadColumns, NativeMetricsEncoder, NativeOtelEncoder } from '../../native/columns.ts';
import { createStatements, ttlsOf } from '../../storage/otel/ddl.ts';
import type { TableNames } from '../../storage/otel/names.ts';
import { onCluster, tableName } from '../../storage/schema/table.ts';
import { changeTtls } from '../../storage/schema/ttl.ts';
import { quoteName, rowsOf, type SqlClient } from '../../storage/sql.ts';
import type { Allocate, Block } from '../../wire/clickhouse/block.ts';
import type { SealOptions } from '../../wire/clickhouse/day-tables.ts';
import { OtelLogsEncoder } from '../../wire/clickhouse/otel/logs.ts';
import type { PointTime } from '../../wire/clickhouse/otel/metric-tables.ts';
import { metricKinds, OtelMetricsEncoder } from '../../wire/clickhouse/otel/metrics.ts';
import { OtelTracesEncoder } from '../../wire/clickhouse/otel/traces.ts';
import { enginesOf } from './cluster.ts';
import { type ClickHouseConfig, placeOf } from './config.ts';
import { tableNames, tablesOf } from './otel-names.ts';
import type { PlacedBlock, SchemaWriter, StoredSignal } from './schemas.ts';
import { tellIgnored, tellTtl } from './ttl.ts';

/** What DESCRIBE TABLE tells of a table that exists already. */
export interface TableShape {
  readonly table: string;
  readonly columns: ReadonlyMap<string, string>;
  /** Whether rows of a batch can be counted, and removed, by the one server that is asked. */
  readonly exact: boolean;
}

/**
 * Creates the tables if asked to, looks at what is there and makes the writer for one signal.
 * @param withBatch tables made here get column `batch`, which makes retries exact
 */
export async function prepareOtel(
  client: SqlClient,
  config: ClickHouseConfig,
  signal: StoredSignal,
  withBatch: boolean,
  logger: Logger,
): Promise<SchemaWriter> {
  const names = tableNames(config);
  if (config.create_schema) {
    await createTables(client, config, signal, names, withBatch);
    if (config.ttl !== undefined) await applyTtl(client, config, config.ttl, signal, logger);
  } else tellIgnored(config, logger);
  const shapes = new Map<keyof TableNames, TableShape>();
  for (const key of tablesOf(signal)) {
    const shape = await describe(client, config, names[key]);
    refuseJson(shape);
    shapes.set(key, shape);
    if (!shape.exact) {
      const why = shape.columns.has('batch') ? 'is one of a cluster' : 'has no column batch';
      logger.info(
        `table ${shape.table} ${why}: rows of an insert that gets no answer are sent ` +
          'again and may be there twice (at least once)',
      );
    }
  }
  return writerFor(signal, shapes);
}

async function createTables(
  client: SqlClient,
  config: ClickHouseConfig,
  signal: StoredSignal,
  names: TableNames,
  withBatch: boolean,
): Promise<void> {
  const { name, params } = config.table_engine;
  const statements = createStatements({
    database: config.database,
    tables: names,
    ttlSeconds: (config.ttl ?? 0) / 1000,
    engine: `${name}(${params})`,
    cluster: config.cluster_name,
    withBatch,
    signals: [signal],
  });
  for (const sql of statements) await client.command(sql);
  if (config.durability !== 'power') return;
  for (const key of tablesOf(signal)) {
    const table = `${tableName(config, names[key])}${onCluster(placeOf(config))}`;
    const settings = 'fsync_after_insert = 1, fsync_part_directory = 1';
    await client.command(`ALTER TABLE ${table} MODIFY SETTING ${settings}`);
  }
}

/** Tables that exist get the TTL of the configuration, those of an earlier start or of another program. */
async function applyTtl(
  client: SqlClient,
  config: ClickHouseConfig,
  ttlMs: number,
  signal: StoredSignal,
  logger: Logger,
): Promise<void> {
  const seconds = ttlMs / 1000;
  const wanted = ttlsOf(tableNames(config), signal, seconds);
  tellTtl(logger, await changeTtls(client, placeOf(config), wanted), seconds);
}

async function describe(
  client: SqlClient,
  config: ClickHouseConfig,
  table: string,
): Promise<TableShape> {
  const { database, cluster_name: cluster } = config;
  const rows = await rowsOf<{ name: string; type: string; default_type: string }>(
    client,
    `DESCRIBE TABLE ${quoteName(database)}.${quoteName(table)}`,
  );
  const insertable = rows.filter(
    (row) => row.default_type !== 'MATERIALIZED' && row.default_type !== 'ALIAS',
  );
  const columns = new Map(insertable.map((row) => [row.name, row.type]));
  const engine = (await enginesOf(client, database, [table])).get(table);
  if (engine === 'View') refuseView(database, table);
  const exact = columns.has('batch') && cluster === '' && engine !== 'Distributed';
  return { table, columns, exact };
}

function refuseView(database: string, table: string): never {
  throw new PipelineError(
    `cannot write to ${table} of database ${JSON.stringify(database)}: it is a view, as schema smart ` +
      'makes one of this name; give another database, or other names of tables',
    { retryable: false },
  );
}

function refuseJson(shape: TableShape): void {
  for (const [column, type] of shape.columns) {
    if (!type.startsWith('JSON') && !type.startsWith('Object(')) continue;
    throw new PipelineError(
      `cannot write to table ${shape.table}: its column ${column} is of type ${type}; tables with ` +
        'attributes as JSON (json: true) are not supported, only those with Map columns',
      { retryable: false },
    );
  }
}

function sealOptions(
  shape: TableShape,
  batchId: bigint,
  allocate: Allocate | undefined,
): SealOptions {
  return {
    table: shape.table,
    present: new Set(shape.columns.keys()),
    batchId,
    ...(shape.columns.has('batch') ? { batchColumn: 'batch' } : {}),
    ...(allocate === undefined ? {} : { allocate }),
  };
}

function placed(blocks: readonly Block[], shape: TableShape, time: string): PlacedBlock[] {
  const verify = shape.exact ? 'count' : 'none';
  return blocks.map((block) => ({
    ...block,
    verify,
    dayExpression: `toDate(${time}, 'UTC')`,
    facts: true,
  }));
}

function writerFor(
  signal: StoredSignal,
  shapes: ReadonlyMap<keyof TableNames, TableShape>,
): SchemaWriter {
  if (signal === 'metrics') return metricsWriter(shapes);
  const encoder = encoderFor(signal);
  const shape = shapes.get(signal)!;
  return {
    native: encoder instanceof NativeOtelEncoder,
    append: (range) => encoder.append(range),
    seal(batchId, allocate) {
      const blocks = encoder.seal(sealOptions(shape, batchId, allocate));
      return { blocks: placed(blocks, shape, 'Timestamp'), dictionaryKeys: [] };
    },
    delivered: () => {},
  };
}

/** The encoder in C where it is built, otherwise its twin: both give the same bytes. */
function encoderFor(signal: 'traces' | 'logs') {
  const addon = loadColumns();
  if (addon !== undefined) return new NativeOtelEncoder(addon, signal);
  return signal === 'traces' ? new OtelTracesEncoder() : new OtelLogsEncoder();
}

function metricsWriter(shapes: ReadonlyMap<keyof TableNames, TableShape>): SchemaWriter {
  const time = (kind: (typeof metricKinds)[number]): PointTime =>
    shapes.get(kind)!.columns.get('TimeUnix') === 'DateTime' ? 'DateTime' : 'DateTime64(9)';
  const times = {
    gauge: time('gauge'),
    sum: time('sum'),
    histogram: time('histogram'),
    exponential_histogram: time('exponential_histogram'),
    summary: time('summary'),
  };
  const addon = loadColumns();
  const encoder =
    addon === undefined ? new OtelMetricsEncoder(times) : new NativeMetricsEncoder(addon, times);
  return {
    native: addon !== undefined,
    append: (range) => encoder.append(range),
    seal(batchId, allocate) {
      const blocks = metricKinds.flatMap((kind) => {
        const shape = shapes.get(kind)!;
        return placed(encoder.seal(kind, sealOptions(shape, batchId, allocate)), shape, 'TimeUnix');
      });
      return { blocks, dictionaryKeys: [] };
    },
    delivered: () => {},
  };
}
