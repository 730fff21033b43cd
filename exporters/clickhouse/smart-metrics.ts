import type { Settings } from '../../component/settings.ts';
import { loadRemoteWrite, type RemoteWriteAddon } from '../../native/remote-write.ts';
import { readIdKey, schemaVersionOf } from '../../storage/schema/migrate.ts';
import type { SqlClient } from '../../storage/sql.ts';
import type { Block } from '../../wire/clickhouse/block.ts';
import { WrittenRows } from '../../wire/clickhouse/smart/written-rows.ts';
import { SmartMetricsEncoder } from '../../wire/clickhouse/smart-metrics/encoder.ts';
import type { SampleSealer } from '../../wire/clickhouse/smart-metrics/sorted-samples.ts';
import { plainForm } from '../../wire/prometheus/remote-write/plain.ts';
import type { ClickHouseConfig } from './config.ts';
import { PlainRows } from './plain-rows.ts';
import type { PlacedBlock, SchemaWriter } from './schemas.ts';
import { bringUp, type SmartSchema } from './smart-schema.ts';
import { smartWriter, tellInlined } from './smart-writer.ts';

/** Tables of metrics; sending rows of any of them again is harmless. */
const tables = [
  'metric_series',
  'metric_samples',
  'metric_histograms',
  'metric_exemplars',
  'resources',
  'scopes',
];

/** Tables of which each row is a point. */
const points = ['metric_samples', 'metric_histograms'];

/** INSERTs at a time: a row costs less the more of them an INSERT has. */
const PARALLEL = 2;

/** Rows of series that are remembered: twice what the encoder knows, for the turn of a day. */
const MAX_WRITTEN = 1_200_000;

/** Brings the schema up to date, if asked to, and makes the writer of metrics. */
export async function prepareSmartMetrics(
  client: SqlClient,
  config: ClickHouseConfig,
  settings: Settings,
): Promise<SmartSchema> {
  await bringUp(client, config, 'metrics', settings.logger, tables);
  const written = new WrittenRows(MAX_WRITTEN);
  const addon = loadRemoteWrite();
  const encoder = new SmartMetricsEncoder(
    await readIdKey(client, { database: config.database }),
    written,
    undefined,
    undefined,
    addon && nativeSealer(addon),
  );
  const unregister = tellInlined(encoder, settings, 'metrics');
  const writer = {
    ...smartWriter(encoder, written, placed),
    ...plainWriter(encoder, addon),
    repeatable: true,
    parallel: PARALLEL,
  };
  return { writer, stop: async () => unregister() };
}

/** The first version of the schema that has tables of metrics. */
const METRICS_VERSION = 4;

/**
 * The writer of metrics for rows that wait in a queue since the configuration named schema `smart`;
 * undefined where the database has no tables of it. Changes nothing about the tables.
 */
export async function prepareOlderMetrics(
  client: SqlClient,
  config: ClickHouseConfig,
  settings: Settings,
): Promise<SmartSchema | undefined> {
  if ((await schemaVersionOf(client, config)) < METRICS_VERSION) return undefined;
  return prepareSmartMetrics(client, { ...config, create_schema: false, ttl: undefined }, settings);
}

/** What takes plain remote write requests as they are, where the addon is there. */
function plainWriter(
  encoder: SmartMetricsEncoder,
  addon: RemoteWriteAddon | undefined,
): Pick<SchemaWriter, 'takes' | 'own' | 'lost' | 'appendStored'> {
  const rows = addon && new PlainRows(addon, encoder);
  return {
    takes: new Set([plainForm]),
    own: (batch, nowMs) => rows?.own(batch, nowMs) ?? batch,
    lost: () => encoder.forgetPromises(),
    appendStored: (bytes) => encoder.appendStored(bytes),
  };
}

/** Bytes of a block beside its rows, and of a row, at most. */
const sealed = { head: 256, row: 39 } as const;

/** The sealer in C. */
function nativeSealer(addon: RemoteWriteAddon): SampleSealer {
  return {
    seal(pieces, day, rows, allocate = Buffer.allocUnsafeSlow) {
      const target = allocate(sealed.head + rows * sealed.row);
      const packed = addon.seal(pieces, day, target);
      return { flags: packed % 4, body: target.subarray(0, Math.floor(packed / 4)) };
    },
  };
}

function placed(block: Block): PlacedBlock {
  const facts = points.includes(block.table);
  return { ...block, verify: 'idempotent', dayExpression: 'day', facts };
}
