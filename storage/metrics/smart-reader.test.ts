import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { MetricsBuilder } from '../../pdata/builder.ts';
import { WrittenRows } from '../../wire/clickhouse/smart/written-rows.ts';
import { SmartMetricsEncoder } from '../../wire/clickhouse/smart-metrics/encoder.ts';
import { migrate, readIdKey } from '../schema/migrate.ts';
import { openTestDatabase, type TestDatabase } from '../schema/testing/chdb-client.ts';
import { quoteName } from '../sql.ts';
import {
  isStale,
  type Labels,
  type Matcher,
  type MatchOperator,
  type MetricLimits,
  MetricReadError,
  type MetricReader,
  type SeriesSamples,
} from './model.ts';
import { createSmartMetricReader } from './smart-reader.ts';

let database: TestDatabase;
let encoder: SmartMetricsEncoder;
const NOW_S = 1_790_000_000 + 1_800;
const NOW_MS = NOW_S * 1000;
const range = { startMs: NOW_MS, endMs: NOW_MS + 600_000 };

before(async () => {
  database = await openTestDatabase();
  await migrate(database.client, { database: 'smart', ttlDays: 0 });
  const key = await readIdKey(database.client, { database: 'smart' });
  encoder = new SmartMetricsEncoder(key, new WrittenRows());
  await fill();
});

after(() => database.close());

async function store(build: (builder: MetricsBuilder) => void): Promise<void> {
  const builder = new MetricsBuilder();
  build(builder);
  for (const bytes of builder.finish().ranges()) encoder.append(bytes, NOW_S);
  for (const block of encoder.seal(1n).blocks) {
    const columns = block.columns.map(quoteName).join(', ');
    const sql = `INSERT INTO smart.${block.table} (${columns}) FORMAT Native`;
    await database.client.insert(sql, [block.body]);
  }
}

function target(builder: MetricsBuilder, name: string, instance: string): void {
  builder.resource({ 'service.name': name, 'service.instance.id': instance });
  builder.scope('');
}

const ns = (seconds: number, plus = 0n): bigint =>
  BigInt(NOW_MS + seconds * 1000) * 1_000_000n + plus;

/** Two instances of a counter, a gauge, a histogram, a summary; each batch is stored twice. */
async function fill(): Promise<void> {
  const build = (builder: MetricsBuilder): void => {
    for (const instance of ['a:1', 'b:1']) {
      target(builder, 'api', instance);
      builder.metric('requests_total', '', 'Requests.', { 'prometheus.type': 'counter' });
      builder.sum(2, true);
      for (let i = 0; i < 3; i++) {
        for (const code of ['200', '500']) {
          const value = instance === 'a:1' ? i * 10 : i * 10 + 0.5;
          const attributes = { code, path: `/${i}\n` };
          builder.numberPoint({ timeUnixNano: ns(i * 15), value, attributes: { code } });
          if (i === 0) builder.numberPoint({ timeUnixNano: ns(0), value: 1n, attributes });
        }
      }
    }
    target(builder, 'db', 'c:1');
    builder.metric('temperature', 'Cel', 'How warm.');
    builder.gauge();
    for (const [i, value] of [1.5, -0, Number.NaN, Infinity, 1 / 3].entries()) {
      builder.numberPoint({ timeUnixNano: ns(i, 999_999n), value });
    }
    builder.numberPoint({ timeUnixNano: ns(5), flags: 1 });
    builder.metric('latency', 's');
    builder.histogram(2);
    const explicitBounds = [0.5, 1, 1e-7];
    for (const i of [0, 15]) {
      const bucketCounts = [1n, 2n, 3n, BigInt(i)];
      const count = BigInt(6 + i);
      builder.histogramPoint({
        timeUnixNano: ns(i),
        count,
        sum: 2.5,
        bucketCounts,
        explicitBounds,
      });
    }
    builder.histogramPoint({ timeUnixNano: ns(30), count: 0n, flags: 1 });
    builder.metric('wait', 's');
    builder.summary();
    const quantiles = [{ quantile: 0.99, value: 7 }];
    builder.summaryPoint({ timeUnixNano: ns(0), count: 4n, sum: 8, quantiles });
  };
  await store(build);
  await store(build);
}

function reader(limits: Partial<MetricLimits> = {}): MetricReader {
  const { client } = database;
  return createSmartMetricReader({ client, database: 'smart', now: () => NOW_MS, limits });
}

/** `a=b`, `a!=b`, `a=~b`, `a!~b`. */
function matchers(...texts: readonly string[]): Matcher[] {
  return texts.map((text) => {
    const [, name = '', operator = '', value = ''] = /^(\w+)(=~|!=|!~|=)(.*)$/s.exec(text)!;
    return { name, operator: operator as MatchOperator, value };
  });
}

const text = (labels: Labels): string => labels.map((pair) => pair.join('=')).join(' ');

function shown(series: readonly SeriesSamples[]): [string, number[], number[]][] {
  return series.map(({ labels, times, values }) => [
    text(labels),
    [...times].map((ms) => (ms - NOW_MS) / 1000),
    [...values],
  ]);
}

test('series by labels of points and of their resource, duplicates once', async () => {
  const found = await reader().select(
    matchers('__name__=requests_total', 'code=500', 'path=', 'job=api'),
    range,
  );
  assert.deepEqual(shown(found), [
    ['__name__=requests_total code=500 instance=a:1 job=api', [0, 15, 30], [0, 10, 20]],
    ['__name__=requests_total code=500 instance=b:1 job=api', [0, 15, 30], [0.5, 10.5, 20.5]],
  ]);
});

test('the range is inclusive, in milliseconds', async () => {
  const one = matchers('__name__=requests_total', 'code=200', 'path=', 'instance=a:1');
  const times = async (from: number, to: number): Promise<number[]> => {
    const at = { startMs: NOW_MS + from, endMs: NOW_MS + to };
    return shown(await reader().select(one, at)).flatMap(([, times]) => times);
  };
  assert.deepEqual(await times(0, 15_000), [0, 15]);
  assert.deepEqual(await times(1, 14_999), []);
  assert.deepEqual(await times(15_000, 15_000), [15]);
  const gauge = await reader().select(matchers('__name__=temperature'), {
    startMs: NOW_MS + 1000,
    endMs: NOW_MS + 1000,
  });
  assert.deepEqual(shown(gauge)[0]?.slice(1), [[1], [-0]]);
  assert.equal(
    (await reader().select(one, { startMs: -(2 ** 63), endMs: 2 ** 63 })).length,
    1,
    'the widest range',
  );
});

test('values come back as they are, a stale marker as its NaN', async () => {
  const [series] = await reader().select(matchers('__name__=temperature'), range);
  const { values } = series!;
  assert.deepEqual([...values.subarray(0, 5)], [1.5, -0, Number.NaN, Infinity, 1 / 3]);
  assert.deepEqual(
    [...values.keys()].map((i) => isStale(values, i)),
    [false, false, false, false, false, true],
  );
});

test('matchers compare the whole value, absent labels are empty', async () => {
  const names = async (...texts: string[]): Promise<string[]> => {
    const found = await reader().series([matchers(...texts)], range);
    return [...new Set(found.map((labels) => `${new Map(labels).get('__name__')}`))];
  };
  assert.deepEqual(await names('__name__=~temp'), []);
  assert.deepEqual(await names('__name__=~temp.*'), ['temperature']);
  assert.deepEqual(await names('__name__!~requests.*|latency.*|wait.*'), ['temperature']);
  assert.deepEqual(await names('path=~/.'), []);
  assert.deepEqual(await names('path=~/..'), ['requests_total'], 'a point matches line ends');
  assert.deepEqual(await names('code!=', 'path='), ['requests_total']);
  assert.deepEqual(await names('code=', '__name__!~.*_.*'), ['temperature', 'wait']);
  assert.deepEqual(await names('no_such=', '__name__=wait'), ['wait']);
  assert.deepEqual(await names('job=~d|b|db', '__name__=~wait|latency'), ['wait']);
});

test('histograms and summaries are the series that Prometheus has of them', async () => {
  const all = await reader().select(matchers('__name__=~latency.*|wait.*'), range);
  assert.deepEqual(
    shown(all).map(([labels, times]) => [labels, times]),
    [
      ['__name__=latency_bucket instance=c:1 job=db le=+Inf', [0, 15, 30]],
      ['__name__=latency_bucket instance=c:1 job=db le=0.0000001', [0, 15, 30]],
      ['__name__=latency_bucket instance=c:1 job=db le=0.5', [0, 15, 30]],
      ['__name__=latency_bucket instance=c:1 job=db le=1', [0, 15, 30]],
      ['__name__=latency_count instance=c:1 job=db', [0, 15, 30]],
      ['__name__=latency_sum instance=c:1 job=db', [0, 15, 30]],
      ['__name__=wait instance=c:1 job=db quantile=0.99', [0]],
      ['__name__=wait_count instance=c:1 job=db', [0]],
      ['__name__=wait_sum instance=c:1 job=db', [0]],
    ],
  );
  const bucket = matchers('__name__=latency_bucket', 'le=~1|.Inf');
  const [inf, one] = await reader().select(bucket, range);
  assert.deepEqual([...inf!.values], [6, 21, Number.NaN]);
  assert.deepEqual([...one!.values], [3, 3, Number.NaN]);
  assert.ok(isStale(one!.values, 2));
  assert.deepEqual(await reader().select(matchers('__name__=latency'), range), []);
});

test('label names, label values and metadata', async () => {
  const one = reader();
  assert.deepEqual(await one.labelNames([], range), [
    ...['__name__', 'code', 'instance', 'job', 'le', 'path', 'quantile'],
  ]);
  assert.deepEqual(await one.labelNames([matchers('__name__=temperature')], range), [
    ...['__name__', 'instance', 'job'],
  ]);
  assert.deepEqual(await one.labelValues('__name__', [matchers('job=db')], range), [
    ...['latency_bucket', 'latency_count', 'latency_sum', 'temperature'],
    ...['wait', 'wait_count', 'wait_sum'],
  ]);
  const two = [matchers('__name__=wait'), matchers('code=200')];
  assert.deepEqual(await one.labelValues('job', two, range), ['api', 'db']);
  assert.deepEqual(await one.labelValues('code', two, range), ['200']);
  assert.deepEqual(await one.labelValues('le', [], range), ['+Inf', '0.0000001', '0.5', '1']);
  assert.deepEqual(await one.labelValues('quantile', [], range), ['0.99']);
  const tomorrow = { startMs: NOW_MS + 86_400_000, endMs: NOW_MS + 2 * 86_400_000 };
  assert.deepEqual(await one.labelValues('job', [], tomorrow), []);
  const metadata = await one.metadata(range);
  assert.deepEqual([...metadata.keys()], ['latency', 'requests_total', 'temperature', 'wait']);
  assert.deepEqual(metadata.get('requests_total'), [
    { type: 'counter', unit: '', help: 'Requests.' },
  ]);
  assert.deepEqual(
    await one.metadata(range, 'temperature'),
    new Map([['temperature', [{ type: 'gauge', unit: 'Cel', help: 'How warm.' }]]]),
  );
});

async function reasonOf(call: Promise<unknown>): Promise<string> {
  const error = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof MetricReadError, String(error));
  return `${error.reason}: ${error.message}`;
}

test('limits are told, and expressions that cannot be read', async () => {
  const name = matchers('__name__=requests_total');
  assert.match(await reasonOf(reader({ series: 3 }).select(name, range)), /^too_broad: .*3 series/);
  assert.match(
    await reasonOf(reader({ samples: 5 }).select(name, range)),
    /^too_broad: .*5 samples/,
  );
  assert.match(await reasonOf(reader({ names: 2 }).labelNames([], range)), /^too_broad: .*2 label/);
  assert.match(await reasonOf(reader().select(matchers('a=~('), range)), /^bad_query: /);
  assert.match(await reasonOf(reader().select(matchers('le=~('), range)), /^bad_query: /);
});

test('a database without the schema holds nothing', async () => {
  const { client } = database;
  const empty = createSmartMetricReader({ client, database: 'none', now: () => NOW_MS });
  assert.deepEqual(await empty.select(matchers('a=b'), range), []);
  assert.deepEqual(await empty.labelNames([], range), []);
});

test('series whose labels are the same are one, whatever type they were sent as', async () => {
  await store((builder) => {
    for (const [i, type] of (['gauge', 'sum', 'gauge'] as const).entries()) {
      builder.resource({ 'service.name': 'x', n: BigInt(i) });
      builder.scope('');
      builder.metric('changes');
      if (type === 'gauge') builder.gauge();
      else builder.sum(2, true);
      builder.numberPoint({ timeUnixNano: ns(i), value: i });
      builder.numberPoint({ timeUnixNano: ns(i + 10), value: i });
    }
  });
  const found = await reader().select(matchers('__name__=changes'), range);
  assert.deepEqual(shown(found), [
    ['__name__=changes job=x', [0, 1, 2, 10, 11, 12], [0, 1, 2, 0, 1, 2]],
  ]);
});

test('exponential histograms come back as they are, apart from numbers', async () => {
  await store((builder) => {
    target(builder, 'native', 'n:1');
    builder.metric('native', 's');
    builder.exponentialHistogram(2);
    const start = { startTimeUnixNano: ns(-5) };
    for (let twice = 0; twice < 2; twice++) {
      builder.exponentialPoint({
        ...{ ...start, timeUnixNano: ns(0), count: 9n, sum: 1.5, scale: 3, zeroCount: 2n },
        zeroThreshold: 1e-9,
        positive: { offset: -7, counts: [1n, 0n, 2n] },
        negative: { offset: 4, counts: [4n] },
      });
    }
    builder.exponentialPoint({ timeUnixNano: ns(15), count: 0n, scale: 0, flags: 1 });
  });
  const one = matchers('__name__=~nat.*', 'job=native');
  const found = await reader().selectHistograms(one, range);
  const none = { offset: 0, counts: [] };
  assert.deepEqual(found, [
    {
      labels: [
        ['__name__', 'native'],
        ['instance', 'n:1'],
        ['job', 'native'],
      ],
      points: [
        {
          ...{ timeMs: NOW_MS, startMs: NOW_MS - 5000, stale: false, count: 9, sum: 1.5, scale: 3 },
          ...{ zeroCount: 2, zeroThreshold: 1e-9 },
          positive: { offset: -7, counts: [1, 0, 2] },
          negative: { offset: 4, counts: [4] },
        },
        {
          ...{ timeMs: NOW_MS + 15_000, startMs: 0, stale: true, count: 0, scale: 0 },
          ...{ zeroCount: 0, zeroThreshold: 0, positive: none, negative: none },
        },
      ],
    },
  ]);
  assert.deepEqual(await reader().select(one, range), []);
  assert.equal((await reader().series([one], range)).length, 1);
  assert.match(
    await reasonOf(reader({ samples: 1 }).selectHistograms(one, range)),
    /^too_broad: .*1 samples/,
  );
});

test('bounds are written as their sender has them', async () => {
  const near = { startMs: NOW_MS + 100_000, endMs: NOW_MS + 101_000 };
  await store((builder) => {
    target(builder, 'prom', 'p:1');
    builder.metric('sent', 's', '', { 'prometheus.type': 'histogram' });
    builder.histogram(2);
    const explicitBounds = [-1, 0.25, 1, 1e-7, 5_000_000];
    const bucketCounts = [1n, 1n, 1n, 1n, 1n, 1n];
    builder.histogramPoint({ timeUnixNano: ns(100), count: 6n, bucketCounts, explicitBounds });
  });
  const one = matchers('job=prom', 'le!~-.*', '__name__=sent_bucket');
  const found = await reader().select(one, near);
  assert.deepEqual(
    found.map(({ labels }) => new Map(labels).get('le')),
    ['+Inf', '0.25', '1.0', '1e-07', '5e+06'],
  );
  assert.deepEqual(await reader().labelValues('le', [matchers('job=prom')], near), [
    ...['+Inf', '-1.0', '0.25', '1.0', '1e-07', '5e+06'],
  ]);
});

test('series of later days are no reason to refuse a range in the past', async () => {
  const day = 86_400;
  await store((builder) => {
    for (const [i, at] of [60 - day, 60, 120].entries()) {
      target(builder, 'churn', `c:${i}`);
      builder.metric('churn');
      builder.gauge();
      builder.numberPoint({ timeUnixNano: ns(at), value: i });
    }
  });
  const churn = matchers('__name__=churn');
  const yesterday = { startMs: NOW_MS - day * 1000, endMs: NOW_MS - day * 1000 + 120_000 };
  const one = reader({ series: 1 });
  assert.deepEqual(
    (await one.select(churn, yesterday)).map(({ labels }) => text(labels)),
    ['__name__=churn instance=c:0 job=churn'],
  );
  const both = { startMs: yesterday.startMs, endMs: NOW_MS + 120_000 };
  assert.match(await reasonOf(one.select(churn, both)), /^too_broad: /);
  assert.equal((await reader().select(churn, both)).length, 3);
});
