/** What is written by remote write is read back by remote read, and by a Prometheus over it. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, type TestContext, test } from 'node:test';
import { crc32c } from '@node-rs/crc32';
import { compressSync, uncompressSync } from 'snappy';
import { Writer } from '../pdata/proto/writer.ts';
import { freePorts } from '../testing/ports.ts';
import { stopProcess } from '../testing/process.ts';
import { until } from '../testing/until.ts';
import {
  type DecodedSeries,
  decodeFrames,
  decodeSamples,
} from '../wire/prometheus/remote-read/testing/decode.ts';
import { message1, staleBits, type TestSeries } from '../wire/prometheus/testing/message.ts';
import { Program, scratch } from './lib/program.ts';
import { type Binary, current, debian, obstacle } from './senders/prometheus-peer.ts';

/** Whole seconds, some minutes ago. */
const start = Math.floor(Date.now() / 60_000) * 60_000 - 600_000;
const bitsOf = (value: number): bigint => new BigUint64Array(Float64Array.of(value).buffer)[0]!;

const edges = [0, -0, 1 / 3, 1e300, 5e-324, Infinity, -Infinity, 2 ** 53 + 2, 1790000000.25];

/** 30 series of 40 samples; one more with values at the edges and a stale marker. */
function written(): TestSeries[] {
  const many = Array.from({ length: 30 }, (_, i) => ({
    labels: {
      __name__: 'app_value',
      code: i % 2 === 0 ? '200' : 'ünicode "q"\n',
      i: String(i).padStart(2, '0'),
      instance: `host-${i % 3}:1`,
      job: 'app',
    },
    samples: Array.from({ length: 40 }, (_, k) => ({
      value: bitsOf(i * 1000 + k * 0.1),
      time: start + k * 15_000 + (k % 7),
    })),
  }));
  const values = [...edges.map(bitsOf), staleBits];
  const samples = values.map((value, k) => ({ value, time: start + k * 1000 }));
  const odd = { __name__: 'edge', instance: 'a:1', job: 'app' };
  return [...many, { labels: odd, samples }];
}

let program: Program;
let folder: ReturnType<typeof scratch>;
let base: string;

before(async () => {
  folder = scratch();
  const [write, read] = await freePorts(2);
  const config = `receivers:
  prometheus_remote_write: {endpoint: "127.0.0.1:${write}"}
exporters:
  clickhouse:
    engine: embedded_clickhouse
    database: wirestitch
    schema: smart
    sending_queue: {batch: {flush_timeout: 100ms}}
extensions:
  embedded_clickhouse: {path: "${join(folder.path, 'clickhouse')}", listen: "127.0.0.1:0"}
  prometheus_query: {endpoint: "127.0.0.1:${read}", storage: {engine: embedded_clickhouse}}
service:
  extensions: [embedded_clickhouse, prometheus_query]
  telemetry: {metrics: {level: none}}
  pipelines: {metrics: {receivers: [prometheus_remote_write], exporters: [clickhouse]}}
`;
  program = await Program.startWith(config, folder.path);
  base = `http://127.0.0.1:${read}`;
  const writeUrl = `http://127.0.0.1:${write}/api/v1/write`;
  const native = {
    labels: { __name__: 'wait', instance: 'a:1', job: 'native' },
    histograms: [0, 1].map((k) => ({
      count: 10 + k,
      sum: 12.5,
      schema: 0,
      zeroThreshold: 1e-128,
      zeroCount: 1,
      positiveSpans: [
        [0, 2],
        [1, 1],
      ] as const,
      positive: [3, 1, -2 + k],
      time: start + k * 15_000,
    })),
  };
  const families = [{ name: 'app_value', type: 2, help: 'A value.', unit: '' }];
  const response = await fetch(writeUrl, {
    method: 'POST',
    headers: { 'content-type': 'application/x-protobuf', 'content-encoding': 'snappy' },
    body: compressSync(message1([...written(), native], families)),
  });
  assert.equal(response.status, 204, await response.text());
});

after(async () => {
  await program?.stop();
  folder?.remove();
});

type Query = readonly (readonly [operator: number, name: string, value: string])[];

async function read(form: number, ...queries: readonly Query[]): Promise<Response> {
  const w = new Writer();
  for (const matchers of queries) {
    const at = w.open(1);
    w.intField(1, start - 1);
    w.intField(2, start + 600_000);
    for (const [operator, name, value] of matchers) {
      const inner = w.open(3);
      w.uintField(1, operator);
      w.stringField(2, name);
      w.stringField(3, value);
      w.close(inner);
    }
    w.close(at);
  }
  w.uintField(2, form);
  return fetch(`${base}/api/v1/read`, { method: 'POST', body: compressSync(w.take()) });
}

async function samples(...queries: readonly Query[]): Promise<DecodedSeries[][]> {
  const response = await read(0, ...queries);
  const body = Buffer.from(await response.arrayBuffer());
  assert.equal(response.status, 200, body.toString());
  return decodeSamples(uncompressSync(body, { asBuffer: true }) as Buffer);
}

function wanted(): DecodedSeries[] {
  return written().map(({ labels, samples }) => ({
    labels: Object.entries(labels) as [string, string][],
    times: samples!.map(({ time }) => time),
    bits: samples!.map(({ value }) => value as bigint),
  }));
}

const app: Query = [[0, 'job', 'app']];

async function stored(): Promise<DecodedSeries[]> {
  let found: DecodedSeries[] = [];
  const isThere = async (): Promise<boolean> => {
    [found = []] = await samples(app);
    return found.length >= 31;
  };
  await until(isThere, '31 series', undefined, 200);
  return found;
}

const byLabels = (all: readonly DecodedSeries[]): DecodedSeries[] =>
  [...all].sort((a, b) => (JSON.stringify(a.labels) < JSON.stringify(b.labels) ? -1 : 1));

test('samples come back bit by bit in both forms', { timeout: 300_000 }, async () => {
  assert.deepEqual(byLabels(await stored()), byLabels(wanted()));
  const response = await read(1, app);
  assert.match(response.headers.get('content-type') ?? '', /proto=prometheus.ChunkedReadResponse/);
  const frames = decodeFrames(Buffer.from(await response.arrayBuffer()), crc32c);
  const series = frames.map(({ query, ...one }) => {
    assert.equal(query, 0);
    return one;
  });
  assert.deepEqual(byLabels(series), byLabels(wanted()));
});

test('matchers choose, several queries are answered in their order', async () => {
  await stored();
  const [even, late, none, odd] = await samples(
    [
      [0, '__name__', 'app_value'],
      [0, 'code', '200'],
    ],
    [
      [2, '__name__', 'app_.*'],
      [2, 'i', '2[0-9]'],
      [3, 'i', '.[5-9]'],
    ],
    [
      [0, '__name__', 'app'],
      [1, 'job', 'app'],
    ],
    [
      [0, '__name__', 'edge'],
      [1, 'job', ''],
      [0, 'i', ''],
    ],
  );
  assert.equal(even!.length, 15);
  assert.deepEqual(late!.map(({ labels }) => labels.find(([name]) => name === 'i')![1]).sort(), [
    '20',
    '21',
    '22',
    '23',
    '24',
  ]);
  assert.deepEqual(none, []);
  assert.equal(odd!.length, 1);
});

test('labels, series and metadata', async () => {
  await stored();
  const data = async (path: string): Promise<unknown> => {
    const response = await fetch(`${base}/api/v1/${path}`);
    const answer = (await response.json()) as { status: string; data: unknown };
    assert.equal(answer.status, 'success', JSON.stringify(answer));
    return answer.data;
  };
  assert.deepEqual(await data('labels?match[]={job="app"}'), [
    '__name__',
    'code',
    'i',
    'instance',
    'job',
  ]);
  assert.deepEqual(await data('label/code/values'), ['200', 'ünicode "q"\n']);
  assert.deepEqual(await data('series?match[]=edge'), [
    { __name__: 'edge', instance: 'a:1', job: 'app' },
  ]);
  assert.deepEqual(await data('metadata?metric=app_value'), {
    app_value: [{ type: 'gauge', unit: '', help: 'A value.' }],
  });
});

/** Starts a Prometheus. @returns its address */
async function startPrometheus(t: TestContext, binary: Binary, config: object): Promise<string> {
  const [port] = await freePorts(1);
  const path = join(folder.path, `prometheus-${port}`);
  writeFileSync(`${path}.yml`, JSON.stringify(config));
  const listen = `--web.listen-address=127.0.0.1:${port}`;
  const args = [`--config.file=${path}.yml`, `--storage.tsdb.path=${path}`, listen];
  const child = spawn(binary.path, args, { stdio: 'ignore' });
  t.after(() => stopProcess(child));
  const api = `http://127.0.0.1:${port}`;
  await until(
    async () => (await fetch(`${api}/-/ready`)).ok,
    'Prometheus is ready',
    undefined,
    200,
  );
  return api;
}

for (const [name, binary] of [
  ['Prometheus 3', current],
  ['Prometheus 2', debian],
] as const) {
  test(`${name} evaluates PromQL over it`, { timeout: 300_000 }, async (t) => {
    const why = obstacle(binary);
    if (why !== '') return t.skip(why);
    await evaluates(t, binary);
  });
}

async function evaluates(t: TestContext, binary: Binary): Promise<void> {
  await stored();
  const url = `${base}/api/v1/read`;
  const api = await startPrometheus(t, binary, { remote_read: [{ url, read_recent: true }] });
  const query = async (text: string): Promise<unknown> => {
    const time = (start + 39 * 15_000 + 1000) / 1000;
    const search = new URLSearchParams({ query: text, time: String(time) });
    const response = await fetch(`${api}/api/v1/query?${search}`);
    const { data, error } = (await response.json()) as {
      data: { result: { metric: unknown; value: [number, string] }[] };
      error?: string;
    };
    assert.equal(error, undefined);
    return data.result.map(({ metric, value }) => [metric, value[1]]);
  };
  const last = Array.from({ length: 30 }, (_, i) => i * 1000 + 39 * 0.1);
  const sum = (await query('sum(app_value)')) as [unknown, string][];
  assert.ok(Math.abs(Number(sum[0]![1]) - last.reduce((a, b) => a + b)) < 1e-6);
  assert.deepEqual(await query('count by (code) (app_value{i=~"0.|1."})'), [
    [{ code: '200' }, '10'],
    [{ code: 'ünicode "q"\n' }, '10'],
  ]);
  assert.deepEqual(await query('count_over_time(app_value{i="07"}[20m])'), [
    [{ code: 'ünicode "q"\n', i: '07', instance: 'host-1:1', job: 'app' }, '40'],
  ]);
  assert.deepEqual(await query('count_over_time(edge[20m])'), [
    [{ instance: 'a:1', job: 'app' }, String(edges.length)],
  ]);
  // Release 2.42 does not read native histograms.
  if (!binary.isCurrent) return;
  const target = { instance: 'a:1', job: 'native' };
  const whole = 'last_over_time(wait[20m])';
  assert.deepEqual(await query(`histogram_count(${whole})`), [[target, '11']]);
  assert.deepEqual(await query(`histogram_sum(${whole})`), [[target, '12.5']]);
  assert.deepEqual(await query(`histogram_fraction(1, 2, ${whole})`), [[target, String(4 / 11)]]);
}
