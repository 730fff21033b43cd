/**
 * What sealing costs: spans through the queue of the exporter `clickhouse`, its INSERTs made and
 * not sent, with a queue in memory, on disk without sealed records, and on disk with them.
 *
 *   node scripts/launch.mjs bench/sealed/run.ts [--batches 20]
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { background } from '../../component/consumer.ts';
import type { RecordLog, StorageProvider } from '../../component/extension.ts';
import { ClickHouseBackend } from '../../exporters/clickhouse/backend.ts';
import { type ClickHouseConfig, configSchema } from '../../exporters/clickhouse/config.ts';
import type { ClickHouseBatch } from '../../exporters/clickhouse/sealed-batch.ts';
import { FakeClickHouse } from '../../exporters/clickhouse/testing/fake-clickhouse.ts';
import { factory as fileStorage } from '../../extensions/file_storage/index.ts';
import { systemClock } from '../../gateway/telemetry/clock.ts';
import { parseRequest } from '../../pdata/parse.ts';
import { createExporter, type SealingBackend } from '../../pipeline/exporter.ts';
import { realTimeSettings, storageExtension } from '../../testing/settings.ts';
import { request } from '../lib/payload.ts';
import { median } from '../lib/table.ts';

const spansARequest = 500;
const modes = ['memory', 'disk, not sealed', 'disk, sealed'] as const;
type Mode = (typeof modes)[number];

interface Cost {
  /** CPU milliseconds of a batch, all threads. */
  readonly cpuMs: number;
  /** Bytes of records that one batch wrote, by their type. */
  readonly data: number;
  readonly sealed: number;
}

/** Counts the bytes that are appended. */
function counting(storage: StorageProvider, bytes: { data: number; sealed: number }) {
  return {
    ...storage,
    keyValue: storage.keyValue.bind(storage),
    async log(owner: string): Promise<RecordLog> {
      const log = await storage.log(owner);
      const append = log.append.bind(log);
      log.append = (type, payload, acks) => {
        for (const range of payload) bytes[type] += range.length;
        return append(type, payload, acks);
      };
      return log;
    },
  };
}

/** The real backend but for sending; `repeatable` keeps its batches out of the log. */
function unsent(
  backend: ClickHouseBackend<'traces'>,
  mode: Mode,
  sent: (items: number) => void,
): SealingBackend<'traces', ClickHouseBatch> {
  return {
    seal: async (batches, nowMs) => {
      const sealed = await backend.seal(batches, nowMs);
      return mode === 'disk, not sealed' ? { ...sealed, repeatable: true } : sealed;
    },
    send: async ({ itemCount }) => sent(itemCount),
    encode: (sealed) => backend.encode(sealed),
    decode: (bytes) => backend.decode(bytes),
  };
}

/** Sends `batches` batches of `spans` spans one after the other; the first is not counted. */
async function measure(mode: Mode, spans: number, batches: number): Promise<Cost> {
  const directory = mkdtempSync(join(tmpdir(), 'wirestitch-sealed-'));
  const server = new FakeClickHouse();
  const endpoint = await server.start();
  const given = { endpoint, service_edges: { enabled: false }, sending_queue: {} };
  const bytes = { data: 0, sealed: 0 };
  const plain = realTimeSettings(systemClock);
  const storage = fileStorage.create(plain, fileStorage.config.parse({ directory }));
  await storage.start();
  const counted = storageExtension(counting(storage.capabilities.storage!, bytes));
  const extensions = new Map([['file_storage', counted]]);
  const settings = realTimeSettings(systemClock, { extensions, budgetBytes: 2 ** 29 });
  const queue = {
    queue_size: 10 * spans,
    sizer: 'items',
    batch: { min_size: spans, flush_timeout: '1h' },
    ...(mode === 'memory' ? {} : { storage: 'file_storage' }),
  };
  const config = configSchema.parse({ ...given, sending_queue: queue }) as ClickHouseConfig;
  const backend = new ClickHouseBackend('traces', settings, config);
  await backend.start(settings.host);
  let left = 0;
  let all = (): void => {};
  const took = (items: number): void => {
    left -= items;
    if (left === 0) all();
  };
  const exporter = createExporter('traces', settings, config, unsent(backend, mode, took));
  await exporter.start();
  const body = request('traces', spansARequest);
  const times: number[] = [];
  for (let batch = 0; batch <= batches; batch++) {
    if (batch === 1) bytes.data = bytes.sealed = 0;
    const before = process.cpuUsage();
    left = spans;
    const delivered = new Promise<void>((resolve) => (all = resolve));
    for (let sent = 0; sent < spans; sent += spansARequest) {
      await exporter.consume(parseRequest('traces', new Uint8Array(body)), background);
    }
    await delivered;
    await new Promise((resolve) => setTimeout(resolve, 5)); // the record is acknowledged
    const { user, system } = process.cpuUsage(before);
    if (batch > 0) times.push((user + system) / 1000);
  }
  await exporter.shutdown();
  await backend.shutdown();
  await storage.shutdown();
  await server.stop();
  rmSync(directory, { recursive: true });
  return { cpuMs: median(times), data: bytes.data / batches, sealed: bytes.sealed / batches };
}

const { values } = parseArgs({ options: { batches: { type: 'string', default: '20' } } });
console.log('spans a batch | queue | CPU ms a batch | us a span | data records | sealed record');
for (const spans of [1000, 10_000, 50_000]) {
  for (const mode of modes) {
    const { cpuMs, data, sealed } = await measure(mode, spans, Number(values.batches));
    const kb = (of: number): string => `${(of / 1000).toFixed(0)} kB`;
    const cells = [spans, mode, cpuMs.toFixed(1), ((cpuMs * 1000) / spans).toFixed(2)];
    console.log([...cells, kb(data), kb(sealed)].join(' | '));
  }
}
