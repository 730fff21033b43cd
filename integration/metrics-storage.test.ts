import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createHttpClient } from '../storage/http-client.ts';
import { isStale, type Matcher, type SeriesSamples } from '../storage/metrics/model.ts';
import { createSmartMetricReader } from '../storage/metrics/smart-reader.ts';
import type { SqlClient } from '../storage/sql.ts';
import { freePorts } from '../testing/ports.ts';
import { message1, staleBits, type TestSeries } from '../wire/prometheus/testing/message.ts';
import { engineOf, killNow } from './crash/processes.ts';
import { eventually } from './lib/all-in-one.ts';
import { Program, scratch } from './lib/program.ts';

/** Remote write through the started program into the engine, and back by the reader. */

const folder = scratch();
const password = 'integration';
const SERIES = 200;
const SAMPLES = 10;
let ports: number[];
let program: Program;
let client: SqlClient;

function config(): string {
  const [http, clickhouse] = ports;
  return `receivers:
  prometheus_remote_write: {endpoint: "127.0.0.1:${http}"}
exporters:
  clickhouse:
    engine: embedded_clickhouse
    database: wirestitch
    schema: smart
    retry_on_failure: {max_elapsed_time: 0}
    sending_queue: {storage: file_storage, batch: {flush_timeout: 100ms, min_size: 100}}
extensions:
  file_storage: {directory: "${folder.path}/queue", create_directory: true}
  embedded_clickhouse: {path: "${folder.path}/clickhouse", listen: "127.0.0.1:${clickhouse}"}
service:
  extensions: [file_storage, embedded_clickhouse]
  telemetry: {metrics: {level: none}}
  pipelines:
    metrics: {receivers: [prometheus_remote_write], exporters: [clickhouse]}
`;
}

async function start(): Promise<void> {
  const env = { WIRESTITCH_ENGINE_PASSWORD: password };
  program = await Program.startWith(config(), folder.path, { env });
}

before(async () => {
  ports = await freePorts(2);
  const url = `http://127.0.0.1:${ports[1]}`;
  client = createHttpClient({ url, username: 'default', password });
  await start();
});

after(async () => {
  await client.close();
  await program.stop();
  folder.remove();
});

/** Sends until it is accepted, as Prometheus does. */
async function write(series: readonly TestSeries[]): Promise<void> {
  const headers = { 'content-type': 'application/x-protobuf', 'content-encoding': 'identity' };
  const send = async (): Promise<number> => {
    try {
      const url = `http://127.0.0.1:${ports[0]}/api/v1/write`;
      const response = await fetch(url, { method: 'POST', headers, body: message1(series) });
      await response.arrayBuffer();
      return response.status;
    } catch {
      return 0;
    }
  };
  await eventually('the request is accepted', async () => (await send()) === 204);
}

const base = Date.now() - 600_000;
const range = { startMs: base, endMs: base + 599_000 };

/** The value of a sample; each series ends with a stale marker. */
function sampleAt(series: number, sample: number): number | bigint {
  if (sample === SAMPLES - 1) return staleBits;
  return series % 2 === 0 ? series * 1000 + sample : Math.sin(series + sample);
}

function samples(from: number, to: number): TestSeries[] {
  return Array.from({ length: SERIES }, (_, series) => ({
    labels: { __name__: 'load', instance: `host-${series % 7}:9100`, job: 'node', n: `${series}` },
    samples: Array.from({ length: to - from }, (_, i) => ({
      value: sampleAt(series, from + i),
      time: base + (from + i) * 15_000,
    })),
  }));
}

async function select(matcher: Matcher): Promise<readonly SeriesSamples[]> {
  const reader = createSmartMetricReader({ client, database: 'wirestitch', now: Date.now });
  return reader.select([matcher], range);
}

const load: Matcher = { name: '__name__', operator: '=', value: 'load' };

test('each value is found again, over kills of engine and gateway and what was sent twice', async () => {
  await write(samples(0, 3));
  killNow(engineOf(program.pid));
  await write(samples(2, 6));
  killNow(program.pid);
  await start();
  await write(samples(5, SAMPLES));
  const total = async (): Promise<number> => {
    const found = await select(load).catch(() => []);
    return found.reduce((sum, { times }) => sum + times.length, 0);
  };
  await eventually('all samples are stored', async () => (await total()) >= SERIES * SAMPLES);
  const found = await select(load);
  assert.equal(found.length, SERIES);
  for (const { labels, times, values } of found) {
    const series = Number(new Map(labels).get('n'));
    assert.equal(new Map(labels).get('instance'), `host-${series % 7}:9100`);
    assert.deepEqual(
      [...times],
      Array.from({ length: SAMPLES }, (_, i) => base + i * 15_000),
    );
    for (let i = 0; i < SAMPLES - 1; i++) assert.equal(values[i], sampleAt(series, i));
    assert.ok(isStale(values, SAMPLES - 1));
  }
});

test('a matcher picks series by the labels of their target', async () => {
  const found = await select({ name: 'instance', operator: '=~', value: 'host-[12]:.*' });
  const wanted = Array.from({ length: SERIES }, (_, i) => i % 7).filter((n) => n === 1 || n === 2);
  assert.equal(found.length, wanted.length);
});
