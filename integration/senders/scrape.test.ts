/** Clients that expose metrics are scraped; what they show is found again, value by value. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Counter, Gauge, Histogram, Registry, Summary } from 'prom-client';
import { freePorts } from '../../testing/ports.ts';
import { Program, scratch } from '../lib/program.ts';

type KeyValues = readonly { readonly key: string; readonly value: { stringValue: string } }[];
type Json = Readonly<Record<string, unknown>>;

/** A point of the file exporter with the metric that it is of. */
interface Found {
  readonly kind: string;
  readonly data: Json;
  readonly point: Json;
  readonly resource: Readonly<Record<string, string>>;
}

const textsOf = (attributes: KeyValues = []): Record<string, string> =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, value.stringValue]));

const keyOf = (name: string, labels: object) =>
  JSON.stringify([name, Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1))]);

/** The last point of each series in a file. */
function pointsIn(file: string): Map<string, Found> {
  const out = new Map<string, Found>();
  if (!existsSync(file)) return out;
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    if (line === '') continue;
    for (const { resource, scopeMetrics } of JSON.parse(line).resourceMetrics) {
      const attributes = textsOf(resource.attributes);
      for (const { metrics } of scopeMetrics) {
        for (const { name, metadata: _, description: __, unit: ___, ...kinds } of metrics) {
          const [[kind, data]] = Object.entries(kinds) as [[string, Json]];
          for (const point of data.dataPoints as (Json & { attributes?: KeyValues })[]) {
            const key = keyOf(name, textsOf(point.attributes));
            out.set(key, { kind, data, point, resource: attributes });
          }
        }
      }
    }
  }
  return out;
}

/** Fills a registry. @returns values of counters and gauges by their keys */
function fill(registry: Registry): Map<string, readonly [kind: string, value: number]> {
  const registers = [registry];
  const values = new Map<string, readonly [string, number]>();
  const counter = new Counter({
    name: 'jobs_total',
    help: 'Jobs\nwith "quotes" and \\',
    labelNames: ['queue', 'n'],
    registers,
  });
  const gauge = new Gauge({ name: 'depth', help: 'Depth', labelNames: ['n'], registers });
  for (let n = 0; n < 600; n += 1) {
    const labels = { queue: `q "${n % 7}"\n\\`, n: String(n) };
    counter.inc(labels, n * 1.25);
    values.set(keyOf('jobs_total', labels), ['sum', n * 1.25]);
    gauge.set({ n: String(n) }, n / 3 - 50);
    values.set(keyOf('depth', { n: String(n) }), ['gauge', n / 3 - 50]);
  }
  const buckets = [0.1, 1, 10];
  const histogram = new Histogram({
    name: 'seconds',
    help: 'Seconds',
    labelNames: ['path'],
    buckets,
    registers,
  });
  for (const value of [0.05, 0.5, 0.5, 5, 50]) histogram.observe({ path: '/a' }, value);
  const percentiles = [0.5, 0.9];
  const summary = new Summary({ name: 'sizes', help: 'Sizes', percentiles, registers });
  for (let n = 1; n <= 100; n += 1) summary.observe(n);
  return values;
}

async function scraped(t: TestContext, registry: Registry): Promise<() => Map<string, Found>> {
  const target = createServer(async (_, response) => {
    const body = await registry.metrics();
    response.writeHead(200, { 'content-type': registry.contentType }).end(body);
  });
  await new Promise<void>((resolve) => target.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    target.closeAllConnections();
    target.close();
  });
  const folder = scratch();
  t.after(() => folder.remove());
  const [metricsPort = 0] = await freePorts(1);
  const file = join(folder.path, 'out.json');
  const config = `receivers:
  prometheus:
    config:
      global: {scrape_interval: 500ms}
      scrape_configs:
        - job_name: client
          static_configs: [{targets: ["127.0.0.1:${(target.address() as AddressInfo).port}"]}]
exporters:
  file: {path: "${file}", flush_interval: 100ms}
service:
  telemetry:
    metrics: {readers: [{pull: {exporter: {prometheus: {host: 127.0.0.1, port: ${metricsPort}}}}}]}
  pipelines: {metrics: {receivers: [prometheus], exporters: [file]}}
`;
  const program = await Program.startWith(config, folder.path, { metricsPort });
  t.after(() => program.stop());
  return () => pointsIn(file);
}

async function check(t: TestContext, registry: Registry): Promise<Map<string, Found>> {
  const values = fill(registry);
  assert.ok(values.size >= 1000);
  const points = await scraped(t, registry);
  let found = new Map<string, Found>();
  for (let i = 0; i < 200 && !found.has(keyOf('up', {})); i += 1) {
    await sleep(100);
    found = points();
  }
  for (const [key, [kind, value]] of values) {
    const one = found.get(key);
    assert.equal(one?.kind, kind, key);
    assert.equal(one?.point.asDouble, value, key);
  }
  const up = found.get(keyOf('up', {}))!;
  assert.equal(up.point.asDouble, 1);
  assert.equal(up.resource['service.name'], 'client');
  const histogram = found.get(keyOf('seconds', { path: '/a' }))!.point;
  assert.deepEqual(histogram.bucketCounts, ['1', '2', '1', '1']);
  assert.deepEqual(histogram.explicitBounds, [0.1, 1, 10]);
  assert.equal(histogram.sum, 56.05);
  const summary = found.get(keyOf('sizes', {}))!.point;
  assert.equal(summary.count, '100');
  assert.equal(summary.sum, 5050);
  assert.equal((summary.quantileValues as unknown[]).length, 2);
  return found;
}

test('prom-client, classic text', async (t) => {
  const found = await check(t, new Registry());
  const sum = found.get(keyOf('jobs_total', { queue: 'q "1"\n\\', n: '1' }))!.data;
  assert.equal(sum.isMonotonic, true);
  assert.equal(sum.aggregationTemporality, 2);
});

test('prom-client, OpenMetrics', async (t) => {
  const registry = new Registry();
  registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE as never);
  assert.match(registry.contentType, /openmetrics/);
  await check(t, registry);
});
