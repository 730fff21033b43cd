/** Prometheus itself and other clients write; what they sent is found again, value by value. */
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { freePorts } from '../../testing/ports.ts';
import { stopProcess } from '../../testing/process.ts';
import type { Family } from '../../wire/prometheus/exposition/model.ts';
import { writeProtobuf } from '../../wire/prometheus/exposition/protobuf.ts';
import { Program, scratch } from '../lib/program.ts';
import { pointKey } from './metric-points.ts';

const root = join(import.meta.dirname, '../..');
const python = join(root, '.cache/python/bin/python');
const run = promisify(execFile);

/** A point of the file exporter, as far as it is compared. */
interface Point {
  readonly kind: string;
  readonly type: string;
  readonly resource: Readonly<Record<string, string>>;
  readonly point: Readonly<Record<string, unknown>>;
}

type KeyValues = readonly { readonly key: string; readonly value: { stringValue: string } }[];

const textsOf = (attributes: KeyValues = []): Record<string, string> =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, value.stringValue]));

/** Points by name and attributes, in the order in which they came. */
function pointsIn(file: string): Map<string, Point[]> {
  const out = new Map<string, Point[]>();
  if (!existsSync(file)) return out;
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    if (line === '') continue;
    for (const { resource, scopeMetrics } of JSON.parse(line).resourceMetrics) {
      for (const { metrics } of scopeMetrics) {
        for (const { name, metadata, description: _, unit: __, ...data } of metrics) {
          const [[kind, { dataPoints }]] = Object.entries(data) as [[string, { dataPoints: [] }]];
          for (const point of dataPoints as { attributes?: KeyValues }[]) {
            const key = pointKey(name, textsOf(point.attributes));
            const type = textsOf(metadata)['prometheus.type']!;
            const one = { kind, type, resource: textsOf(resource.attributes), point };
            out.set(key, [...(out.get(key) ?? []), one]);
          }
        }
      }
    }
  }
  return out;
}

interface Running {
  readonly url: string;
  readonly folder: string;
  points(): Map<string, Point[]>;
}

/** The program with the receiver, into a file. */
async function start(t: TestContext): Promise<Running> {
  const folder = scratch();
  t.after(() => folder.remove());
  const [port = 0, metricsPort = 0] = await freePorts(2);
  const file = join(folder.path, 'out.json');
  const config = `receivers:
  prometheus_remote_write: {endpoint: "127.0.0.1:${port}"}
exporters:
  file: {path: "${file}", flush_interval: 100ms}
service:
  telemetry:
    metrics: {readers: [{pull: {exporter: {prometheus: {host: 127.0.0.1, port: ${metricsPort}}}}}]}
  pipelines: {metrics: {receivers: [prometheus_remote_write], exporters: [file]}}
`;
  const program = await Program.startWith(config, folder.path, { metricsPort });
  t.after(() => program.stop());
  const url = `http://127.0.0.1:${port}/api/v1/write`;
  return { url, folder: folder.path, points: () => pointsIn(file) };
}

async function until(done: () => boolean, what: string): Promise<void> {
  for (let i = 0; i < 120; i += 1) {
    if (done()) return;
    await sleep(500);
  }
  assert.fail(`no ${what} within 60 s`);
}

const exemplar = {
  labels: [
    ['span_id', '0102030405060708'],
    ['trace_id', '0102030405060708090a0b0c0d0e0f10'],
  ],
  value: 0.5,
  timeUnixNano: 1_700_000_000_000_000_000n,
} as const;

/** What the scraped target shows: 1,100 series with a value each, and one of each other kind. */
function families(): Family[] {
  const numbered = (count: number, factor: number) =>
    Array.from({ length: count }, (_, i) => ({
      labels: [['i', String(i)]] as const,
      value: { kind: 'number', value: i * factor } as const,
    }));
  const created = 1_699_999_000_000_000_000n;
  const now = { ...exemplar, timeUnixNano: BigInt(Date.now()) * 1_000_000n };
  return [
    { name: 'item_value', help: 'Values.', type: 'gauge', metrics: numbered(700, 1.5) },
    { name: 'work_total', help: 'Work.', type: 'counter', metrics: numbered(400, 3) },
    {
      name: 'seen_total',
      help: 'Seen.',
      type: 'counter',
      metrics: [
        {
          labels: [],
          createdUnixNano: created,
          value: { kind: 'number', value: 5, exemplar: now },
        },
      ],
    },
    {
      name: 'wait_seconds',
      help: 'Waits.',
      type: 'histogram',
      metrics: ['a', 'b'].map((route) => ({
        labels: [['route', route]] as const,
        value: {
          kind: 'histogram',
          count: 9n,
          sum: 4.5,
          buckets: [
            { bound: 0.1, count: 2n },
            { bound: 1, count: 5n },
          ],
        } as const,
      })),
    },
    {
      name: 'size_bytes',
      help: 'Sizes.',
      type: 'summary',
      metrics: [
        {
          labels: [],
          value: {
            kind: 'summary',
            count: 8n,
            sum: 80,
            quantiles: [
              [0.5, 7],
              [0.99, 31],
            ],
          },
        },
      ],
    },
    {
      name: 'native_seconds',
      help: 'Native.',
      type: 'histogram',
      metrics: [
        {
          labels: [],
          value: {
            kind: 'histogram',
            count: 11n,
            sum: 6.5,
            buckets: [],
            native: {
              schema: 3,
              zeroThreshold: 0.001,
              zeroCount: 1n,
              positive: { offset: 2, counts: [4n, 0n, 3n] },
              negative: { offset: -1, counts: [3n] },
              exemplars: [],
            },
          },
        },
      ],
    },
  ];
}

/** A target that Prometheus scrapes. */
async function target(t: TestContext): Promise<number> {
  const type =
    'application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited';
  const server = createServer((_, response) => {
    response.writeHead(200, { 'content-type': type }).end(writeProtobuf(families()));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  return (server.address() as AddressInfo).port;
}

const peer = join(process.env.PEERS_DIR ?? '', 'bin/prometheus');

async function startPrometheus(t: TestContext, running: Running, message: string): Promise<void> {
  const [port = 0] = await freePorts(1);
  const isVersion2 = message.includes('v2');
  const config = {
    global: { scrape_interval: '1s', scrape_timeout: '1s' },
    scrape_configs: [
      {
        job_name: 'shop/cart',
        scrape_protocols: ['PrometheusProto'],
        scrape_native_histograms: true,
        static_configs: [{ targets: [`127.0.0.1:${await target(t)}`] }],
      },
    ],
    remote_write: [
      {
        url: running.url,
        protobuf_message: message,
        send_exemplars: true,
        send_native_histograms: true,
        metadata_config: { send: true, send_interval: '1s' },
        queue_config: { batch_send_deadline: '500ms', min_shards: 1, max_shards: 1 },
      },
    ],
  };
  const file = join(running.folder, 'prometheus.yml');
  writeFileSync(file, JSON.stringify(config));
  const child = spawn(
    peer,
    [
      `--config.file=${file}`,
      `--storage.tsdb.path=${join(running.folder, 'tsdb')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      // Release 3.14 sends no metadata of its own with version 2.0.
      `--enable-feature=exemplar-storage,metadata-wal-records${isVersion2 ? ',type-and-unit-labels' : ''}`,
    ],
    { stdio: 'ignore' },
  );
  t.after(() => stopProcess(child));
}

const last = (points: ReadonlyMap<string, readonly Point[]>, key: string): Point => {
  const found = points.get(key)?.at(-1);
  assert.ok(found, `no point of ${key}`);
  return found;
};

for (const [version, message] of [
  ['1.0', 'prometheus.WriteRequest'],
  ['2.0', 'io.prometheus.write.v2.Request'],
] as const) {
  test(`Prometheus by remote write ${version}`, { timeout: 180_000 }, async (t) => {
    if (!existsSync(peer)) return t.skip('PEERS_DIR has no prometheus');
    const running = await start(t);
    await startPrometheus(t, running, message);
    const typed = (): boolean =>
      running.points().get('work_total{i=399}')?.at(-1)?.type === 'counter' &&
      (running.points().get('seen_total{}') ?? []).some(({ point }) => 'exemplars' in point) &&
      running.points().has('wait_seconds{route=b}');
    await until(typed, 'points with types and exemplars');
    const points = running.points();
    for (const [name, count, factor] of [
      ['item_value', 700, 1.5],
      ['work_total', 400, 3],
    ] as const) {
      for (let i = 0; i < count; i += 1) {
        const all = points.get(pointKey(name, { i: String(i) })) ?? [];
        assert.ok(all.length > 0, `no ${name} ${i}`);
        for (const { point } of all) assert.equal(point.asDouble, i * factor);
      }
    }
    const up = last(points, 'up{}');
    assert.equal(up.point.asDouble, 1);
    assert.equal(up.resource['service.namespace'], 'shop');
    assert.equal(up.resource['service.name'], 'cart');
    assert.match(up.resource['service.instance.id']!, /^127\.0\.0\.1:\d+$/);
    assert.equal(last(points, 'item_value{i=3}').kind, 'gauge');
    assert.equal(last(points, 'work_total{i=3}').kind, 'sum');

    const classic = last(points, 'wait_seconds{route=b}');
    assert.equal(classic.kind, 'histogram');
    const { bucketCounts, explicitBounds, sum, count } = classic.point;
    assert.deepEqual(
      [bucketCounts, explicitBounds],
      [
        ['2', '3', '4'],
        [0.1, 1],
      ],
    );
    assert.deepEqual([sum, count], [4.5, '9']);

    const native = last(points, 'native_seconds{}');
    assert.equal(native.kind, 'exponentialHistogram');
    const { scale, zeroCount, zeroThreshold, positive, negative } = native.point;
    assert.deepEqual([scale, zeroCount, zeroThreshold], [3, '1', 0.001]);
    assert.deepEqual(positive, { offset: 1, bucketCounts: ['4', '0', '3'] });
    assert.deepEqual(negative, { offset: -2, bucketCounts: ['3'] });

    const withExemplar = points.get('seen_total{}')!.find(({ point }) => 'exemplars' in point)!;
    const [found] = withExemplar.point.exemplars as [Record<string, unknown>];
    assert.deepEqual(
      [found.traceId, found.spanId],
      ['0102030405060708090a0b0c0d0e0f10', '0102030405060708'],
    );
    assert.equal(found.asDouble, 0.5);
  });
}

test('the Node client prometheus-remote-write', { timeout: 120_000 }, async (t) => {
  const client = await import('prometheus-remote-write' as string).catch(() => undefined);
  if (client === undefined) return t.skip('npm package prometheus-remote-write is not installed');
  const running = await start(t);
  const series = Array.from({ length: 1100 }, (_, i) => ({
    labels: { __name__: 'node_value', i: String(i), job: 'node' },
    samples: [{ value: i * 0.25, timestamp: 1_700_000_000_000 + i }],
  }));
  for (let i = 0; i < series.length; i += 100) {
    const { status } = await client.pushTimeseries(series.slice(i, i + 100), { url: running.url });
    assert.equal(status, 204);
  }
  await until(() => running.points().size >= 1100, 'points');
  const points = running.points();
  for (let i = 0; i < 1100; i += 1) {
    const [{ point, resource, kind }] = points.get(pointKey('node_value', { i: String(i) }))! as [
      Point,
    ];
    assert.equal(point.asDouble, i * 0.25);
    assert.equal(point.timeUnixNano, String((1_700_000_000_000n + BigInt(i)) * 1_000_000n));
    assert.deepEqual([resource['service.name'], kind], ['node', 'gauge']);
  }
});

test('the Python client prometheus-remote-writer', { timeout: 120_000 }, async (t) => {
  const script = join(import.meta.dirname, 'prometheus-clients.py');
  const installed =
    existsSync(python) &&
    (await run(python, ['-c', 'import prometheus_remote_writer']).then(
      () => true,
      () => false,
    ));
  if (!installed) return t.skip('Python clients are not installed (.cache/python)');
  const running = await start(t);
  await run(python, [script, running.url]);
  await until(() => running.points().size >= 1200, 'points');
  const points = running.points();
  for (let i = 0; i < 1200; i += 1) {
    const found = points.get(pointKey('python_value', { i: String(i) }))!;
    assert.deepEqual(
      found.map(({ point }) => [point.timeUnixNano, point.asDouble]),
      [
        ['1700000000000000000', i * 0.5],
        ['1700000015000000000', i * 0.5 + 1],
      ],
    );
    assert.equal(found[0]!.resource['service.name'], 'py');
  }
});
