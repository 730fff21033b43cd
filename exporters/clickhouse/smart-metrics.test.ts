import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import type { Metrics } from '../../pdata/batch.ts';
import { MetricsBuilder } from '../../pdata/builder.ts';
import { migrate, readIdKey } from '../../storage/schema/migrate.ts';
import { openTestDatabase, type TestDatabase } from '../../storage/schema/testing/chdb-client.ts';
import { formatTypedJson } from '../../storage/schema/typed-json.ts';
import { quoteName, rowsOf } from '../../storage/sql.ts';
import type { Block } from '../../wire/clickhouse/block.ts';
import { WrittenRows } from '../../wire/clickhouse/smart/written-rows.ts';
import { SmartMetricsEncoder } from '../../wire/clickhouse/smart-metrics/encoder.ts';
import { attributes, groups } from '../../wire/clickhouse/testing/arbitrary.ts';
import {
  type Attribute,
  bytes,
  fixed64,
  type Group,
  message,
  number,
  request,
  string,
  attributes as wireAttributes,
} from '../../wire/clickhouse/testing/otlp-model.ts';
import { idText, modelValue, pairsOf } from './testing/expected.ts';

let database: TestDatabase;
let key: Uint8Array;
const NOW_S = 1_790_000_000 + 1_800;
const NOW_NS = BigInt(NOW_S) * 1_000_000_000n;

before(async () => {
  database = await openTestDatabase();
  await migrate(database.client, { database: 'smart', ttlDays: 0 });
  key = await readIdKey(database.client, { database: 'smart' });
});

after(() => database.close());

async function insert(blocks: readonly Block[]): Promise<void> {
  for (const block of blocks) {
    const columns = block.columns.map(quoteName).join(', ');
    const into = `smart.${block.table} (${columns})`;
    await database.client.insert(`INSERT INTO ${into} FORMAT Native`, [block.body]);
  }
}

function rows<T extends object>(sql: string): Promise<T[]> {
  return rowsOf<T>(database.client, sql);
}

function sealed(batch: Metrics, encoder = new SmartMetricsEncoder(key, new WrittenRows())) {
  for (const range of batch.ranges()) encoder.append(range, NOW_S);
  return encoder.seal(7n);
}

/** The bits of a double, an integer, or neither. */
type Value = { readonly bits: bigint } | { readonly int: bigint } | undefined;

interface Point {
  readonly time: bigint;
  readonly start: bigint;
  readonly flags: number;
  readonly attributes: readonly Attribute[];
  readonly value: Value;
  readonly exemplars: readonly {
    readonly value: Value;
    readonly traceId: Uint8Array;
    readonly attributes: readonly Attribute[];
  }[];
}

interface Metric {
  readonly name: string;
  readonly unit: string;
  readonly description: string;
  readonly sum: { readonly temporality: number; readonly monotonic: boolean } | undefined;
  readonly points: readonly Point[];
}

const doubleBits = fc.oneof(
  fc.bigInt(0n, 2n ** 64n - 1n),
  fc
    .oneof(
      fc.double(),
      fc.integer({ min: -100_000, max: 100_000 }).map((n) => n / 100),
    )
    .map((v) => {
      const view = new DataView(new ArrayBuffer(8));
      view.setFloat64(0, v);
      return view.getBigUint64(0);
    }),
  fc.constantFrom(0x7ff0000000000002n, 1n << 63n, 0n, 0x7ff0000000000000n),
);
const value: fc.Arbitrary<Value> = fc.oneof(
  { weight: 6, arbitrary: doubleBits.map((bits) => ({ bits })) },
  { weight: 2, arbitrary: fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n).map((int) => ({ int })) },
  { weight: 1, arbitrary: fc.constant(undefined) },
);
const point: fc.Arbitrary<Point> = fc.record({
  time: fc.constant(0n),
  start: fc.oneof(fc.constant(0n), fc.bigInt(0n, 2n ** 64n - 1n)),
  flags: fc.constantFrom(0, 1, 0xffff_ffff),
  attributes,
  value,
  exemplars: fc.array(
    fc.record({ value, traceId: fc.uint8Array({ minLength: 16, maxLength: 16 }), attributes }),
    { maxLength: 2 },
  ),
});
const metric: fc.Arbitrary<Metric> = fc.record({
  name: fc.constantFrom('up', 'http.server.request.duration', 'ß'),
  unit: fc.constantFrom('', 's'),
  description: fc.constantFrom('', 'What it is.'),
  sum: fc.option(fc.record({ temporality: fc.constantFrom(0, 1, 2), monotonic: fc.boolean() }), {
    nil: undefined,
  }),
  points: fc.array(point, { maxLength: 5 }),
});

function valueBytes(double: number, int: number, of: Value): Uint8Array {
  if (of === undefined) return new Uint8Array(0);
  return 'bits' in of ? fixed64(double, of.bits) : fixed64(int, of.int);
}

function metricBytes(one: Metric): Uint8Array {
  const points = one.points.map((p) =>
    message(
      1,
      fixed64(2, p.start),
      fixed64(3, p.time),
      valueBytes(4, 6, p.value),
      ...p.exemplars.map((e) =>
        message(
          5,
          fixed64(2, p.time),
          valueBytes(3, 6, e.value),
          bytes(5, e.traceId),
          wireAttributes(7, e.attributes),
        ),
      ),
      wireAttributes(7, p.attributes),
      number(8, p.flags),
    ),
  );
  const { sum } = one;
  return Buffer.concat([
    string(1, one.name),
    string(2, one.description),
    string(3, one.unit),
    sum === undefined
      ? message(5, ...points)
      : message(7, ...points, number(2, sum.temporality), number(3, sum.monotonic ? 1 : 0)),
  ]);
}

/** An order that does not depend on the one that rows and equal keys came in. */
const byText = (a: unknown, b: unknown): number => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1);

/** What decides about the series, without the scope. */
function expectedRow(group: Group<Metric>, one: Metric, p: Point) {
  const texts = (list: readonly Attribute[]) =>
    pairsOf(list, 'string', (v) => ('string' in v ? v.string : ''));
  const others = (list: readonly Attribute[]) =>
    list
      .filter(([, v]) => !('string' in v))
      .map(([k, v]) => [k, formatTypedJson(modelValue(v))] as const);
  return {
    time: String(p.time),
    start: String(BigInt.asIntN(64, p.start)),
    flags: p.flags,
    value: valueText(p.value),
    name: one.name,
    type: one.sum === undefined ? 'gauge' : 'sum',
    unit: one.unit,
    temporality: one.sum?.temporality ?? 0,
    monotonic: one.sum?.monotonic ?? false,
    attributes: texts(p.attributes).sort(byText),
    others: others(p.attributes).sort(byText),
    resource: texts(group.attributes),
    exemplars: p.exemplars
      .map((e) => [idText(e.traceId, 16), valueText(e.value), texts(e.attributes)] as const)
      .sort(byText),
  };
}

function valueText(of: Value): string {
  if (of === undefined) return 'none';
  if ('int' in of) return `int ${of.int}`;
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, of.bits);
  const number = view.getFloat64(0);
  return Number.isNaN(number) ? `bits ${of.bits}` : `double ${of.bits}`;
}

/** The bits of `value`; CAST keeps those of NaN only where they were kept as such. */
const storedValue = `multiIf(scale = -3, 'none', scale = -2, concat('int ', toString(mantissa)),
  isNaN(value), concat('bits ', toString(reinterpretAsUInt64(mantissa))),
  concat('double ', toString(reinterpretAsUInt64(value))))`;

const pairs = (map: string): string => `CAST(${map}, 'Array(Tuple(String, String))')`;

const SELECT = `
  SELECT reinterpretAsInt64(p.time) AS time, reinterpretAsInt64(p.start_time) AS start,
    p.flags AS flags, ${storedValue} AS value, s.name AS name, s.type AS type, s.unit AS unit,
    s.temporality AS temporality, s.monotonic AS monotonic, ${pairs('s.attributes')} AS attributes,
    ${pairs('s.attributes_other')} AS others,
    CAST(r.attributes, 'Array(Tuple(String, String))') AS resource,
    e.all AS exemplars
  FROM (SELECT *, value FROM smart.metric_samples) AS p
  LEFT JOIN (SELECT * FROM smart.metric_series FINAL) AS s ON s.id = p.series_id AND s.day = p.day
  LEFT JOIN (SELECT * FROM smart.resources FINAL) AS r ON r.id = s.resource_id AND r.day = p.day
  LEFT JOIN (SELECT series_id, time, groupArray((hex(trace_id), ${storedValue},
      CAST(attributes, 'Array(Tuple(String, String))'))) AS all
    FROM (SELECT *, value FROM smart.metric_exemplars) GROUP BY series_id, time) AS e
    ON e.series_id = p.series_id AND e.time = p.time
  ORDER BY p.time
  SETTINGS output_format_json_named_tuples_as_objects = 0`;

test('every field of generated points is given back, values bit by bit', async () => {
  const seed = (Date.now() ^ process.pid) >>> 0;
  let next = NOW_NS;
  const samples = fc.sample(groups(metric), { numRuns: 120, seed }).map((sample) =>
    sample.map((group) => ({
      ...group,
      scopes: group.scopes.map((scope) => ({
        ...scope,
        items: scope.items.map((one) => ({
          ...one,
          points: one.points.map((p) => ({ ...p, time: next++ })),
        })),
      })),
    })),
  );
  const encoder = new SmartMetricsEncoder(key, new WrittenRows());
  for (const sample of samples) encoder.append(request(sample, metricBytes), NOW_S);
  await insert(encoder.seal(1n).blocks);
  const expected = samples.flatMap((sample) =>
    sample.flatMap((group) =>
      group.scopes.flatMap((s) =>
        s.items.flatMap((one) => one.points.map((p) => expectedRow(group, one, p))),
      ),
    ),
  );
  const stored = await rows<Record<string, unknown>>(SELECT);
  assert.equal(stored.length, expected.length);
  assert.ok(stored.length > 50);
  for (const [index, row] of stored.entries()) {
    for (const list of [row.attributes, row.others, row.exemplars]) {
      (list as unknown[]).sort(byText);
    }
    assert.deepEqual(row, JSON.parse(JSON.stringify(expected[index])), `seed ${seed}`);
  }
});

function shop(fill: (builder: MetricsBuilder) => void): Metrics {
  const builder = new MetricsBuilder();
  builder.resource({
    'service.namespace': 'shop',
    'service.name': 'cart',
    'service.instance.id': 'cart-1:8080',
  });
  builder.scope('meter', '1.2', { team: 'a' });
  fill(builder);
  return builder.finish();
}

test('a series is written once a day until it is stored, with the labels of Prometheus', async () => {
  const written = new WrittenRows();
  const encoder = new SmartMetricsEncoder(key, written);
  const two = (day: bigint) =>
    shop((builder) => {
      builder.metric('requests', '1', 'Requests.', { 'prometheus.type': 'counter' });
      builder.sum(2, true);
      for (const second of [0n, 15n, 30n]) {
        const timeUnixNano = NOW_NS + day * 86_400_000_000_000n + second * 1_000_000_000n;
        builder.numberPoint({ timeUnixNano, value: 1.25, attributes: { path: '/a', code: 200 } });
      }
    });
  const first = sealed(two(0n), encoder);
  assert.deepEqual(
    first.blocks.map((block) => [block.table, block.rows]),
    [
      ['resources', 1],
      ['scopes', 1],
      ['metric_series', 1],
      ['metric_samples', 3],
    ],
  );
  const unconfirmed = sealed(two(0n), encoder);
  assert.deepEqual(
    unconfirmed.blocks.map((block) => block.table),
    ['resources', 'scopes', 'metric_series', 'metric_samples'],
  );
  written.add(first.dictionaryKeys);
  for (let times = 0; times < 2; times++) {
    const again = sealed(two(0n), encoder);
    assert.deepEqual(
      again.blocks.map((block) => block.table),
      ['metric_samples'],
    );
  }
  const before = sealed(two(-1n), encoder);
  assert.deepEqual(
    before.blocks.map((block) => [block.table, block.day]),
    ['resources', 'scopes', 'metric_series', 'metric_samples'].map((table) => [
      table,
      Math.floor(NOW_S / 86_400) - 1,
    ]),
  );
  await insert(first.blocks);
  await insert(unconfirmed.blocks);
  const found = await rows(
    `SELECT type, unit, description, temporality, monotonic, metadata, service, labels
     FROM smart.metric_series FINAL WHERE name = 'requests'`,
  );
  assert.deepEqual(found, [
    {
      type: 'sum',
      unit: '1',
      description: 'Requests.',
      temporality: 2,
      monotonic: true,
      metadata: { 'prometheus.type': 'counter' },
      service: 'cart',
      labels: {
        path: '/a',
        code: '200',
        otel_scope_name: 'meter',
        otel_scope_version: '1.2',
        otel_scope_team: 'a',
        job: 'shop/cart',
        instance: 'cart-1:8080',
      },
    },
  ]);
});

test('a batch that is sent again changes nothing', async () => {
  const batch = shop((builder) => {
    builder.metric('again');
    builder.gauge();
    for (let i = 0n; i < 100n; i++) {
      builder.numberPoint({ timeUnixNano: NOW_NS + i, value: Number(i) / 4 });
    }
  });
  const { blocks } = sealed(batch);
  await insert(blocks);
  await insert(blocks);
  const of = `series_id IN (SELECT id FROM smart.metric_series WHERE name = 'again')`;
  const [row] = await rows(
    `SELECT toUInt32(count()) AS count, sum(value) AS sum
     FROM (SELECT *, value FROM smart.metric_samples FINAL WHERE ${of})`,
  );
  assert.deepEqual(row, { count: 100, sum: 4950 / 4 });
});

test('histograms, exponential histograms and summaries keep their fields', async () => {
  const at = { timeUnixNano: NOW_NS, startTimeUnixNano: NOW_NS - 5n };
  const batch = shop((builder) => {
    builder.metric('explicit', 's');
    builder.histogram(1);
    const explicit = { bucketCounts: [1n, 2n, 3n], explicitBounds: [0.5, 1] };
    builder.histogramPoint({ ...at, count: 6n, sum: 4.5, min: 0, max: 9, ...explicit });
    builder.metric('exponential', 's');
    builder.exponentialHistogram(2);
    builder.exponentialPoint({
      ...at,
      ...{ count: 9n, scale: -3, zeroCount: 2n, zeroThreshold: 1e-9, max: 3 },
      positive: { offset: -7, counts: [1n, 0n, 2n ** 63n] },
      negative: { offset: 4, counts: [5n] },
    });
    builder.metric('summary', 's');
    builder.summary();
    builder.summaryPoint({
      ...{ ...at, count: 3n, sum: 6 },
      quantiles: [
        { quantile: 0.5, value: 2 },
        { quantile: 0.9, value: Number.NaN },
      ],
    });
  });
  const { blocks } = sealed(batch);
  await insert(blocks);
  const found = await rows(
    `SELECT s.name AS name, s.type AS type, h.* EXCEPT (day, series_id, time, start_time),
       toString(reinterpretAsUInt64(h.time) - reinterpretAsUInt64(h.start_time)) AS took
     FROM smart.metric_histograms AS h
     JOIN smart.metric_series AS s ON s.id = h.series_id AND s.day = h.day ORDER BY s.name`,
  );
  const common = {
    ...{ flags: 0, took: '5', bounds: [], counts: [], scale: 0, zero_count: '0' },
    ...{ zero_threshold: 0, positive_offset: 0, negative_offset: 0, negative_counts: [] },
    ...{ quantile_values: [], min: 0, max: 0, sum: 0 },
  };
  assert.deepEqual(found, [
    {
      ...{ ...common, name: 'explicit', type: 'histogram', present: 7, count: '6', sum: 4.5 },
      ...{ max: 9, bounds: [0.5, 1], counts: ['1', '2', '3'] },
    },
    {
      ...{ ...common, name: 'exponential', type: 'exponential_histogram', present: 4, count: '9' },
      ...{ max: 3, scale: -3, zero_count: '2', zero_threshold: 1e-9, positive_offset: -7 },
      ...{ negative_offset: 4, counts: ['1', '0', '9223372036854775808'], negative_counts: ['5'] },
    },
    {
      ...{ ...common, name: 'summary', type: 'summary', present: 1, count: '3', sum: 6 },
      ...{ bounds: [0.5, 0.9], quantile_values: [2, null] },
    },
  ]);
});

test('the views have the columns and values of the contrib tables', async () => {
  const sums = await rows(
    `SELECT toString(ResourceAttributes['service.name']) AS service, ScopeName, ScopeAttributes,
       MetricName, MetricDescription, Attributes, toString(TimeUnix) AS time, Value,
       AggregationTemporality, IsMonotonic
     FROM smart.otel_metrics_sum WHERE MetricName = 'requests' ORDER BY TimeUnix LIMIT 1`,
  );
  assert.deepEqual(sums, [
    {
      ...{ service: 'cart', ScopeName: 'meter', ScopeAttributes: { team: 'a' } },
      ...{ MetricName: 'requests', MetricDescription: 'Requests.' },
      ...{ Attributes: { path: '/a', code: '200' }, Value: 1.25 },
      time: `${new Date(NOW_S * 1000).toISOString().slice(0, 19).replace('T', ' ')}.000000000`,
      ...{ AggregationTemporality: 2, IsMonotonic: true },
    },
  ]);
  const [gauges] = await rows(
    "SELECT toUInt32(count()) AS n FROM smart.otel_metrics_gauge WHERE MetricName = 'again'",
  );
  assert.deepEqual(gauges, { n: 100 });
  const [histogram] = await rows(
    'SELECT Count, BucketCounts, Max FROM smart.otel_metrics_histogram',
  );
  assert.deepEqual(histogram, { Count: '6', BucketCounts: ['1', '2', '3'], Max: 9 });
  const [exponential] = await rows('SELECT Scale, ZeroCount FROM smart.otel_metrics_exp_histogram');
  assert.deepEqual(exponential, { Scale: -3, ZeroCount: '2' });
  const [summary] = await rows(
    'SELECT `ValueAtQuantiles.Quantile` AS q FROM smart.otel_metrics_summary',
  );
  assert.deepEqual(summary, { q: [0.5, 0.9] });
});

test('series beyond the limit are forgotten, ids stay', () => {
  const limits = { remembered: 3, bytes: 1 << 20 };
  const encoder = new SmartMetricsEncoder(key, new WrittenRows(), undefined, limits);
  const ids = (): string[] => {
    const batch = shop((builder) => {
      for (let i = 0; i < 10; i++) {
        builder.metric(`m${i % 5}`);
        builder.gauge();
        builder.numberPoint({ timeUnixNano: NOW_NS + BigInt(i), value: 1 });
      }
    });
    return sealed(batch, encoder).dictionaryKeys.filter((text) => text.includes('series'));
  };
  const first = ids();
  assert.equal(new Set(first).size, 5);
  assert.deepEqual(new Set(ids()), new Set(first));
});
