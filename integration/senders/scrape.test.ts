/** Clients that expose metrics are scraped; what they show is found again in the store, value by value. */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { Counter, Gauge, Histogram, Registry, Summary } from 'prom-client';
import { type Stored, startStored } from '../lib/stored.ts';
import { pointKey, pointsSql, storedPoints } from '../lib/stored-points.ts';

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
    values.set(pointKey('jobs_total', labels), ['sum', n * 1.25]);
    gauge.set({ n: String(n) }, n / 3 - 50);
    values.set(pointKey('depth', { n: String(n) }), ['gauge', n / 3 - 50]);
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

/** A client, and where it shows what it counts. */
interface Target {
  readonly registry: Registry;
  readonly values: ReadonlyMap<string, readonly [kind: string, value: number]>;
  readonly instance: string;
  /** Stops listening; what is under way is answered. */
  close(): Promise<void>;
}

async function openTarget(registry: Registry): Promise<Target> {
  const values = fill(registry);
  const server = createServer(async (_, response) => {
    const body = await registry.metrics();
    const headers = { 'content-type': registry.contentType, connection: 'close' };
    response.writeHead(200, headers).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const instance = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const close = () => new Promise<void>((resolve) => void server.close(() => resolve()));
  return { registry, values, instance, close };
}

const targets = new Map<string, Target>();
let stored: Stored;

before(async () => {
  const open = new Registry();
  open.setContentType(Registry.OPENMETRICS_CONTENT_TYPE as never);
  targets.set('text', await openTarget(new Registry()));
  targets.set('openmetrics', await openTarget(open));
  const jobs = [...targets].map(
    ([job, { instance }]) => `{job_name: ${job}, static_configs: [{targets: ["${instance}"]}]}`,
  );
  const config = `{config: {global: {scrape_interval: 500ms}, scrape_configs: [${jobs.join(', ')}]}}`;
  stored = await startStored({ prometheus: { config, signals: ['metrics'] } });
});

after(async () => {
  await stored?.stop();
  for (const target of targets.values()) await target.close();
});

/** Histograms or summaries of a target as their view shows them. */
const distributions = (job: string, view: string, columns: string): Promise<object[]> =>
  stored.rows(`SELECT DISTINCT MetricName AS name, Attributes AS labels, Count AS count, Sum AS sum,
    ${columns} FROM ${view} WHERE Flags = 0 AND ServiceName = '${job}'`);

async function check(job: string): Promise<void> {
  const { values, instance, close } = targets.get(job)!;
  assert.ok(values.size >= 1000);
  const pattern = '(jobs_total|depth)';
  await stored.whole('points', pointsSql(pattern, job), 2 * values.size);
  await close();
  const ended = `SELECT Value FROM otel_metrics_gauge WHERE MetricName = 'up' AND Value = 0
    AND ServiceName = '${job}'`;
  await stored.whole('scrapes without an answer', ended, 1);
  await stored.settled();
  const seen = new Set<string>();
  for (const point of await storedPoints(stored, pattern, 2 * values.size, job)) {
    const key = pointKey(point.name, point.attributes);
    const [kind, value] = values.get(key)!;
    assert.equal(point.kind, kind, key);
    assert.equal(point.value, value, key);
    const { otel_scope_name: _, otel_scope_version: __, ...labels } = point.labels;
    assert.deepEqual(labels, { ...point.attributes, job, instance });
    if (kind === 'sum') assert.deepEqual([point.monotonic, point.temporality], [true, 2]);
    seen.add(key);
  }
  assert.equal(seen.size, values.size);
  const histogram = { name: 'seconds', labels: { path: '/a' }, count: '5', sum: 56.05 };
  assert.deepEqual(
    await distributions(
      job,
      'otel_metrics_histogram',
      'BucketCounts AS counts, ExplicitBounds AS at',
    ),
    [{ ...histogram, counts: ['1', '2', '1', '1'], at: [0.1, 1, 10] }],
  );
  const quantiles = '`ValueAtQuantiles.Quantile` AS at, `ValueAtQuantiles.Value` AS values';
  const summary = { name: 'sizes', labels: {}, count: '100', sum: 5050 };
  assert.deepEqual(await distributions(job, 'otel_metrics_summary', quantiles), [
    { ...summary, at: [0.5, 0.9], values: [50.5, 90.5] },
  ]);
}

test('prom-client, classic text', () => check('text'));

test('prom-client, OpenMetrics', async () => {
  assert.match(targets.get('openmetrics')!.registry.contentType, /openmetrics/);
  await check('openmetrics');
});
