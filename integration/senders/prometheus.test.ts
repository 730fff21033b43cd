/**
 * Prometheus itself and other clients write: what they sent is found again in the store, value by
 * value, by SQL and as Prometheus' remote read gives it.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, type TestContext, test } from 'node:test';
import { promisify } from 'node:util';
import { createHttpClient } from '../../storage/http-client.ts';
import { createSmartMetricReader } from '../../storage/metrics/smart-reader.ts';
import { freePort } from '../../testing/ports.ts';
import { eventually } from '../lib/all-in-one.ts';
import { type Stored, startStored } from '../lib/stored.ts';
import {
  pointKey,
  range,
  remoteRead,
  type StoredPoint,
  staleBits,
  storedPoints,
  type Texts,
  valuesOf,
} from '../lib/stored-points.ts';
import {
  type Binary,
  current,
  customSuffix,
  debian,
  exemplar,
  obstacle,
  type Running,
  startPrometheus,
} from './prometheus-peer.ts';
import { installed, python } from './said.ts';

const run = promisify(execFile);

let stored: Stored;
let url: string;

before(async () => {
  const port = await freePort();
  const config = `{endpoint: "127.0.0.1:${port}"}`;
  stored = await startStored({ prometheus_remote_write: { config, signals: ['metrics'] } });
  url = `http://127.0.0.1:${port}/api/v1/write`;
});

after(() => stored?.stop());

/** The one value that all samples of each series of a target have, by name and own labels. */
async function seriesOf(job: string, name: string): Promise<Map<string, number>> {
  const out = new Map<string, number>();
  const found = await remoteRead(stored.prometheus, [
    [0, 'job', job],
    [2, '__name__', name],
  ]);
  for (const { labels, bits } of found) {
    const { __name__, job: _, instance: __, ...own } = Object.fromEntries(labels);
    const key = pointKey(__name__!, own);
    // A busy machine lets a scrape time out, which ends series for a while.
    const values = [...new Float64Array(new BigUint64Array(bits).buffer)].filter(
      (_, i) => bits[i] !== staleBits,
    );
    assert.equal(new Set(values).size, 1, `${key}: ${values}`);
    out.set(key, values[0]!);
  }
  return out;
}

/** Each of the numbers, and as which kind; a series is a gauge until its type is known. */
function checkNumbers(points: readonly StoredPoint[], job: string, instance: string): void {
  const kinds = new Map<string, string>();
  for (const { name, attributes, value, kind, labels } of points) {
    const { i } = attributes;
    assert.equal(value, Number(i) * (name === 'item_value' ? 1.5 : 3), `${name} ${i}`);
    assert.deepEqual(labels, { i, job, instance });
    const key = pointKey(name, { i: i! });
    kinds.set(key, kind === 'sum' ? kind : (kinds.get(key) ?? kind));
  }
  assert.equal(kinds.size, 1100);
  for (let i = 0; i < 700; i += 1) assert.equal(kinds.get(`item_value{i=${i}}`), 'gauge');
  for (let i = 0; i < 400; i += 1) assert.equal(kinds.get(`work_total{i=${i}}`), 'sum');
}

/** Classic ones, which are put together or stay the series that they came as. */
async function checkDistributions(job: string): Promise<void> {
  assert.deepEqual(sorted(await seriesOf(job, 'wait_seconds_.*')), sorted(new Map(waits)));
  const sizes = new Map([
    ['size_bytes{quantile=0.5}', 7],
    ['size_bytes{quantile=0.99}', 31],
    ['size_bytes_count{}', 8],
    ['size_bytes_sum{}', 80],
  ]);
  assert.deepEqual(sorted(await seriesOf(job, 'size_bytes.*')), sorted(sizes));
}

/** What remote read gives of the histogram `wait_seconds`. */
const waits = ['a', 'b'].flatMap((route) => [
  [pointKey('wait_seconds_bucket', { route, le: '0.1' }), 2] as const,
  [pointKey('wait_seconds_bucket', { route, le: '1.0' }), 5] as const,
  [pointKey('wait_seconds_bucket', { route, le: '+Inf' }), 9] as const,
  [pointKey('wait_seconds_count', { route }), 9] as const,
  [pointKey('wait_seconds_sum', { route }), 4.5] as const,
]);

/** Histograms of custom buckets, which only version 2.0 has. */
async function checkCustom(job: string): Promise<void> {
  assert.deepEqual(sorted(await seriesOf(job, 'wait_seconds_.*')), sorted(new Map(waits)));
  const rows = await stored.rows<object>(`
    SELECT DISTINCT Attributes AS labels, Count AS count, Sum AS sum, BucketCounts AS counts,
      ExplicitBounds AS bounds FROM otel_metrics_histogram
    WHERE ServiceName = '${serviceOf(job)}' AND MetricName = 'wait_seconds' AND Flags = 0
    ORDER BY labels`);
  const one = { count: '9', sum: 4.5, counts: ['2', '3', '4'], bounds: [0.1, 1] };
  assert.deepEqual(rows, [
    { labels: { route: 'a' }, ...one },
    { labels: { route: 'b' }, ...one },
  ]);
}

const serviceOf = (job: string): string => job.split('/').at(-1)!;

const sorted = (values: ReadonlyMap<string, number>): [string, number][] =>
  [...values].sort(([a], [b]) => (a < b ? -1 : 1));

/** The native histogram by SQL, and by the reader that remote read gives it with. */
async function checkNative(job: string, instance: string): Promise<void> {
  const rows = await stored.rows<object>(`
    SELECT DISTINCT Count AS count, Sum AS sum, Scale AS scale, ZeroCount AS zeroCount,
      PositiveOffset AS at, PositiveBucketCounts AS counts, NegativeOffset AS negativeAt,
      NegativeBucketCounts AS negative FROM otel_metrics_exp_histogram
    WHERE ServiceName = '${serviceOf(job)}' AND MetricName = 'native_seconds' AND Flags = 0`);
  assert.deepEqual(rows, [
    {
      ...{ count: '11', sum: 6.5, scale: 3, zeroCount: '1' },
      ...{ at: 1, counts: ['4', '0', '3'], negativeAt: -2, negative: ['3'] },
    },
  ]);
  const { clickhouse, password } = stored;
  const client = createHttpClient({ url: clickhouse, username: 'default', password });
  const reader = createSmartMetricReader({ client, database: 'wirestitch', now: Date.now });
  const found = await reader.selectHistograms([{ name: 'job', operator: '=', value: job }], range);
  await client.close();
  assert.equal(found.length, 1);
  const [{ labels, points }] = found as [(typeof found)[0]];
  assert.deepEqual(Object.fromEntries(labels), { __name__: 'native_seconds', job, instance });
  const living = points.filter(({ stale }) => !stale);
  assert.ok(living.length > 0);
  for (const { timeMs: _, startMs: __, ...point } of living) {
    assert.deepEqual(point, {
      ...{ stale: false, count: 11, sum: 6.5, scale: 3, zeroCount: 1, zeroThreshold: 0.001 },
      positive: { offset: 1, counts: [4, 0, 3] },
      negative: { offset: -2, counts: [3] },
    });
  }
}

const exemplars = (job: string): string => `
  SELECT name, lower(hex(e.trace_id)) AS trace, lower(hex(e.span_id)) AS span, e.value AS value
  FROM (SELECT *, value FROM metric_exemplars FINAL) AS e
  INNER JOIN (SELECT id, name, job FROM metric_series LIMIT 1 BY id) AS s ON s.id = e.series_id
  WHERE job = '${job}'`;

type Metadata = Readonly<Record<string, readonly { type: string; help: string }[]>>;

async function metadata(): Promise<Metadata> {
  const response = await fetch(`${stored.prometheus}/api/v1/metadata`);
  return ((await response.json()) as { data: Metadata }).data;
}

/** Types of all metrics; helps do not come with version 2.0. */
async function checkMetadata(hasHelp: boolean): Promise<void> {
  const data = await metadata();
  for (const [name, type, help] of [
    ['item_value', 'gauge', 'Values.'],
    ['work_total', 'counter', 'Work.'],
    ['wait_seconds', 'histogram', 'Waits.'],
    ['size_bytes', 'summary', 'Sizes.'],
    ['native_seconds', 'histogram', 'Native.'],
  ] as const) {
    const said = (data[name] ?? []).filter((one) => one.type !== 'unknown');
    assert.deepEqual([...new Set(said.map((one) => one.type))], [type], name);
    const helps = said.map((one) => one.help).filter((text) => text !== '');
    assert.deepEqual(helps, hasHelp || helps.length > 0 ? [help] : [], name);
  }
}

/** Waits until all series have come with their types, and exemplars. */
async function whole(job: string, hasCustom: boolean): Promise<void> {
  const service = serviceOf(job);
  const typed = `SELECT uniqExact(Attributes['i']) = 400 AS there FROM otel_metrics_sum
    WHERE ServiceName = '${service}' AND MetricName = 'work_total' UNION ALL
    SELECT count() > 0 FROM otel_metrics_exp_histogram WHERE ServiceName = '${service}' UNION ALL
    SELECT count() > 0 FROM (${exemplars(job)}) UNION ALL
    SELECT uniqExact(Attributes['route']) >= ${hasCustom ? 2 : 0} FROM otel_metrics_histogram
    WHERE ServiceName = '${service}${customSuffix}'`;
  const there = async () => {
    return (await stored.rows<{ there: number }>(typed)).every((row) => row.there === 1);
  };
  await eventually('points with types and exemplars are stored', there);
}

for (const [name, binary, message] of [
  ['Prometheus 3 by remote write 1.0', current, 'prometheus.WriteRequest'],
  ['Prometheus 3 by remote write 2.0', current, 'io.prometheus.write.v2.Request'],
  ['Prometheus 2 by remote write 1.0', debian, 'prometheus.WriteRequest'],
] as const) {
  test(name, { timeout: 300_000 }, async (t) => {
    const why = obstacle(binary);
    if (why !== '') return t.skip(why);
    const job = `shop/cart-${name.replaceAll(/\W/g, '')}`;
    const running = await started(t, binary, job, message);
    const isVersion2 = message.includes('v2');
    await whole(job, isVersion2);
    await running.stop();
    await stored.settled();
    const { instance } = running;
    const mine = await storedPoints(stored, '(item_value|work_total)', 1100, job);
    checkNumbers(mine, job, instance);
    await checkDistributions(job);
    await checkNative(job, instance);
    if (isVersion2) await checkCustom(job + customSuffix);
    const ups = await storedPoints(stored, 'up', 1, job);
    assert.ok(ups.some(({ value, labels }) => value === 1 && labels.instance === instance));
    const [found] = await stored.rows<object>(exemplars(job));
    const [[, span], [, trace]] = exemplar.labels;
    assert.deepEqual(found, { name: 'seen_total', trace, span, value: exemplar.value });
    assert.deepEqual(await stored.program.unbalanced(), []);
    // Version 1.0 tells types apart from samples, and later than the first of them.
    await t.test('types and helps', () => checkMetadata(!isVersion2));
  });
}

async function started(
  t: TestContext,
  binary: Binary,
  job: string,
  message: string,
): Promise<Running> {
  const folder = join(stored.folder, job.replace('/', '-'));
  mkdirSync(folder);
  return startPrometheus(t, binary, { url, folder, job, message });
}

test('the Node client prometheus-remote-write', { timeout: 300_000 }, async (t) => {
  if (!installed('prometheus-remote-write')) {
    return t.skip('npm package prometheus-remote-write is not installed');
  }
  const client = await import('prometheus-remote-write' as string);
  const want = new Map<string, number>();
  const series = Array.from({ length: 1100 }, (_, i) => {
    const timestamp = 1_700_000_000_000 + i;
    want.set(pointKey('node_value', { i: String(i) }, `${timestamp}000000`), i * 0.25);
    return {
      labels: { __name__: 'node_value', i: String(i), job: 'node' },
      samples: [{ value: i * 0.25, timestamp }],
    };
  });
  for (let i = 0; i < series.length; i += 100) {
    const { status } = await client.pushTimeseries(series.slice(i, i + 100), { url });
    assert.equal(status, 204);
  }
  checkClient(await storedPoints(stored, 'node_value', want.size), want, { job: 'node' });
});

test('the Python client prometheus-remote-writer', { timeout: 300_000 }, async (t) => {
  const script = join(import.meta.dirname, 'prometheus-clients.py');
  const isThere =
    existsSync(python) &&
    (await run(python, ['-c', 'import prometheus_remote_writer']).then(
      () => true,
      () => false,
    ));
  if (!isThere) return t.skip('Python clients are not installed (.cache/python)');
  await run(python, [script, url]);
  const want = new Map<string, number>();
  for (let i = 0; i < 1200; i += 1) {
    const labels = { i: String(i) };
    want.set(pointKey('python_value', labels, 1_700_000_000_000_000_000n), i * 0.5);
    want.set(pointKey('python_value', labels, 1_700_000_015_000_000_000n), i * 0.5 + 1);
  }
  checkClient(await storedPoints(stored, 'python_value', want.size), want, { job: 'py' });
});

function checkClient(
  points: readonly StoredPoint[],
  want: ReadonlyMap<string, number>,
  labels: Texts,
): void {
  assert.deepEqual(valuesOf(points), want);
  for (const point of points) {
    assert.equal(point.kind, 'gauge');
    assert.deepEqual(point.labels, { ...point.attributes, ...labels });
  }
}
