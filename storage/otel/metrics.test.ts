import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import {
  type MetricKind,
  metricKinds,
  OtelMetricsEncoder,
} from '../../wire/clickhouse/otel/metrics.ts';
import { attributes } from '../../wire/clickhouse/testing/arbitrary.ts';
import { asText, sortedPairs } from '../../wire/clickhouse/testing/as-text.ts';
import { TestDatabase } from '../../wire/clickhouse/testing/chdb-table.ts';
import {
  type Attribute,
  attributes as attributeBytes,
  bytes,
  double,
  fixed64,
  message,
  number,
  request,
  string,
  varint,
} from '../../wire/clickhouse/testing/otlp-model.ts';
import { createStatements } from './ddl.ts';
import { defaultTableNames } from './names.ts';

let database: TestDatabase;

before(() => {
  database = new TestDatabase();
  const options = { database: 'otel', tables: defaultTableNames, ttlSeconds: 0, cluster: '' };
  for (const sql of createStatements({ ...options, engine: 'MergeTree()', withBatch: false })) {
    database.run(sql);
  }
  for (const kind of metricKinds) {
    const table = defaultTableNames[kind];
    database.run(`CREATE TABLE otel.ordered_${kind} AS otel.${table} ENGINE = Memory`);
  }
});

after(() => database.close());

interface Exemplar {
  readonly attributes: readonly Attribute[];
  readonly time: bigint;
  readonly value: { readonly int: bigint } | { readonly double: number };
  readonly spanId: Uint8Array;
  readonly traceId: Uint8Array;
}

interface Point {
  readonly attributes: readonly Attribute[];
  readonly start: bigint;
  readonly time: bigint;
  readonly flags: number;
  readonly value: { readonly int: bigint } | { readonly double: number } | { readonly none: true };
  readonly exemplars: readonly Exemplar[];
  readonly count: bigint;
  readonly sum: number | undefined;
  readonly min: number | undefined;
  readonly max: number | undefined;
  readonly counts: readonly bigint[];
  readonly bounds: readonly number[];
  readonly packed: boolean;
  readonly scale: number;
  readonly offset: number;
  readonly zeroCount: bigint;
  readonly quantiles: readonly (readonly [number, number])[];
}

interface Metric {
  readonly kind: MetricKind;
  readonly name: string;
  readonly description: string;
  readonly unit: string;
  readonly temporality: number;
  readonly monotonic: boolean;
  readonly points: readonly Point[];
}

const finite = fc.double({ noNaN: true });
const u64 = fc.bigInt(0n, 2n ** 64n - 1n);
const i64 = fc.oneof(fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n), fc.bigInt(-1000n, 1000n));
const id = (length: number) =>
  fc.oneof(fc.uint8Array({ minLength: length, maxLength: length }), fc.constant(new Uint8Array(0)));
const NOW = 1_790_000_000_000_000_000n;
const time = fc.bigInt(NOW, NOW + 3_600_000_000_000n);
const text = fc.string({ maxLength: 20 });
const numberValue = fc.oneof(
  i64.map((int) => ({ int })),
  finite.map((double) => ({ double })),
);

const exemplar: fc.Arbitrary<Exemplar> = fc.record({
  attributes,
  time,
  value: numberValue,
  spanId: id(8),
  traceId: id(16),
});

const point: fc.Arbitrary<Point> = fc.record({
  attributes,
  start: fc.oneof(time, fc.constant(0n)),
  time,
  flags: fc.nat(3),
  value: fc.oneof({ weight: 9, arbitrary: numberValue }, fc.constant({ none: true } as const)),
  exemplars: fc.array(exemplar, { maxLength: 2 }),
  count: u64,
  sum: fc.option(finite, { nil: undefined }),
  min: fc.option(finite, { nil: undefined }),
  max: fc.option(finite, { nil: undefined }),
  counts: fc.array(u64, { maxLength: 5 }),
  bounds: fc.array(finite, { maxLength: 5 }),
  packed: fc.boolean(),
  scale: fc.integer(),
  offset: fc.integer(),
  zeroCount: u64,
  quantiles: fc.array(fc.tuple(finite, finite), { maxLength: 3 }),
});

const metric: fc.Arbitrary<Metric> = fc.record({
  kind: fc.constantFrom(...metricKinds),
  name: text,
  description: text,
  unit: text,
  temporality: fc.nat(2),
  monotonic: fc.boolean(),
  points: fc.array(point, { maxLength: 3 }),
});

const scope = fc.record({
  name: text,
  version: text,
  attributes,
  dropped: fc.nat(9),
  url: text,
  items: fc.array(metric, { maxLength: 4 }),
});
const groups = fc.array(
  fc.record({ attributes, url: text, scopes: fc.array(scope, { maxLength: 2 }) }),
  { maxLength: 2 },
);

const optional = (field: number, value: number | undefined): Uint8Array =>
  value === undefined ? new Uint8Array(0) : double(field, value);
const zigzag = (value: number): number => ((value << 1) ^ (value >> 31)) >>> 0;

function exemplarBytes(field: number, list: readonly Exemplar[]): Uint8Array {
  return Buffer.concat(
    list.map((one) =>
      message(
        field,
        fixed64(2, one.time),
        'int' in one.value ? fixed64(6, one.value.int) : double(3, one.value.double),
        bytes(4, one.spanId),
        bytes(5, one.traceId),
        attributeBytes(7, one.attributes),
      ),
    ),
  );
}

function list(
  field: number,
  packed: boolean,
  parts: readonly Uint8Array[],
  wire: number,
): Uint8Array {
  if (packed) return message(field, ...parts);
  return Buffer.concat(parts.flatMap((part) => [varint(field * 8 + wire), part]));
}

const raw64 = (value: bigint): Uint8Array => fixed64(1, value).subarray(1);
const rawDouble = (value: number): Uint8Array => double(1, value).subarray(1);

function pointBytes(kind: MetricKind, p: Point): Uint8Array {
  const times = [fixed64(2, p.start), fixed64(3, p.time)];
  if (kind === 'gauge' || kind === 'sum') {
    const value =
      'int' in p.value
        ? fixed64(6, p.value.int)
        : 'double' in p.value
          ? double(4, p.value.double)
          : new Uint8Array(0);
    const tail = [
      exemplarBytes(5, p.exemplars),
      attributeBytes(7, p.attributes),
      number(8, p.flags),
    ];
    return message(1, ...times, value, ...tail);
  }
  if (kind === 'summary') {
    const quantiles = p.quantiles.map(([q, v]) => message(6, double(1, q), double(2, v)));
    const head = [fixed64(4, p.count), double(5, p.sum ?? 0), ...quantiles];
    return message(1, ...times, ...head, attributeBytes(7, p.attributes), number(8, p.flags));
  }
  const common = [...times, fixed64(4, p.count), optional(5, p.sum), number(10, p.flags)];
  if (kind === 'histogram') {
    return message(
      1,
      ...common,
      list(6, p.packed, p.counts.map(raw64), 1),
      list(7, p.packed, p.bounds.map(rawDouble), 1),
      exemplarBytes(8, p.exemplars),
      attributeBytes(9, p.attributes),
      optional(11, p.min),
      optional(12, p.max),
    );
  }
  const buckets = [number(1, zigzag(p.offset)), list(2, p.packed, p.counts.map(varint), 0)];
  return message(
    1,
    attributeBytes(1, p.attributes),
    ...common,
    number(6, zigzag(p.scale)),
    fixed64(7, p.zeroCount),
    message(8, ...buckets),
    message(9, ...buckets),
    exemplarBytes(11, p.exemplars),
    optional(12, p.min),
    optional(13, p.max),
  );
}

const dataFields = { gauge: 5, sum: 7, histogram: 9, exponential_histogram: 10, summary: 11 };

function metricBytes(one: Metric): Uint8Array {
  return Buffer.concat([
    string(1, one.name),
    string(2, one.description),
    string(3, one.unit),
    message(
      dataFields[one.kind],
      ...one.points.map((p) => pointBytes(one.kind, p)),
      number(2, one.temporality),
      number(3, one.monotonic ? 1 : 0),
    ),
  ]);
}

const seconds = (nanos: bigint): number => Number(nanos / 1_000_000_000n);
const numberOf = (value: Point['value']): number =>
  'int' in value ? Number(value.int) : 'double' in value ? value.double : 0;
const hex = (bytesOf: Uint8Array, size: number): string =>
  Buffer.from(bytesOf.length === 0 ? new Uint8Array(size) : bytesOf).toString('hex');

function expectedRow(
  group: { attributes: readonly Attribute[]; url: string },
  s: ScopeOf,
  m: Metric,
  p: Point,
) {
  const service = group.attributes.find(([key]) => key === 'service.name');
  const head = {
    ResourceAttributes: sortedPairs(group.attributes),
    ResourceSchemaUrl: group.url,
    ScopeName: s.name,
    ScopeVersion: s.version,
    ScopeAttributes: sortedPairs(s.attributes),
    ScopeDroppedAttrCount: s.dropped,
    ScopeSchemaUrl: s.url,
    ServiceName: service === undefined ? '' : asText(service[1]),
    MetricName: m.name,
    MetricDescription: m.description,
    MetricUnit: m.unit,
    Attributes: sortedPairs(p.attributes),
    StartTimeUnix: seconds(p.start),
    TimeUnix: seconds(p.time),
    Flags: p.flags,
  };
  return { ...head, ...kindColumns(m, p) };
}

function kindColumns(m: Metric, p: Point): Record<string, unknown> {
  if (m.kind === 'summary') {
    return {
      Count: String(p.count),
      Sum: p.sum ?? 0,
      'ValueAtQuantiles.Quantile': p.quantiles.map(([q]) => q),
      'ValueAtQuantiles.Value': p.quantiles.map(([, v]) => v),
    };
  }
  const exemplars = {
    'Exemplars.FilteredAttributes': p.exemplars.map((e) => sortedPairs(e.attributes)),
    'Exemplars.TimeUnix': p.exemplars.map((e) => seconds(e.time)),
    'Exemplars.Value': p.exemplars.map((e) => numberOf(e.value)),
    'Exemplars.SpanId': p.exemplars.map((e) => hex(e.spanId, 8)),
    'Exemplars.TraceId': p.exemplars.map((e) => hex(e.traceId, 16)),
  };
  if (m.kind === 'gauge') return { Value: numberOf(p.value), ...exemplars };
  const temporality = { AggregationTemporality: m.temporality };
  if (m.kind === 'sum') {
    return { Value: numberOf(p.value), ...exemplars, ...temporality, IsMonotonic: m.monotonic };
  }
  const counts = p.counts.map(String);
  const distribution = {
    Count: String(p.count),
    Sum: p.sum ?? 0,
    ...exemplars,
    Min: p.min ?? 0,
    Max: p.max ?? 0,
    ...temporality,
  };
  if (m.kind === 'histogram') {
    return { ...distribution, BucketCounts: counts, ExplicitBounds: p.bounds };
  }
  return {
    ...distribution,
    Scale: p.scale,
    ZeroCount: String(p.zeroCount),
    PositiveOffset: p.offset,
    PositiveBucketCounts: counts,
    NegativeOffset: p.offset,
    NegativeBucketCounts: counts,
  };
}

type ScopeOf = {
  readonly name: string;
  readonly version: string;
  readonly attributes: readonly Attribute[];
  readonly dropped: number;
  readonly url: string;
};

const pairs = (map: string): string => `CAST(${map}, 'Array(Tuple(String, String))') AS ${map}`;
const replaced = (kind: MetricKind): string =>
  [
    ...['ResourceAttributes', 'ScopeAttributes', 'Attributes'].map(pairs),
    'toUnixTimestamp(StartTimeUnix) AS StartTimeUnix',
    'toUnixTimestamp(TimeUnix) AS TimeUnix',
    ...(kind === 'summary'
      ? []
      : [
          "arrayMap(m -> CAST(m, 'Array(Tuple(String, String))'), `Exemplars.FilteredAttributes`) AS `Exemplars.FilteredAttributes`",
          'arrayMap(t -> toUnixTimestamp(t), `Exemplars.TimeUnix`) AS `Exemplars.TimeUnix`',
        ]),
  ].join(', ');

/** -0 is written as -0 and 0 as 0; JSON readers keep the sign, so both sides are compared as text. */
const plain = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(value, (_, v) => (typeof v === 'number' ? Number(v) + 0 : v)) ?? 'null',
    (_, v) => (v === 'inf' ? 'Infinity' : v === '-inf' ? '-Infinity' : v),
  );

test('points of all kinds come back as the contrib exporter has them', () => {
  const seed = (Date.now() ^ process.pid) >>> 0;
  const samples = fc.sample(groups, { numRuns: 150, seed });
  const encoder = new OtelMetricsEncoder({
    gauge: 'DateTime',
    sum: 'DateTime64(9)',
    histogram: 'DateTime',
    exponential_histogram: 'DateTime64(9)',
    summary: 'DateTime',
  });
  const expected = new Map<MetricKind, unknown[]>(metricKinds.map((kind) => [kind, []]));
  for (const sample of samples) {
    encoder.append(request(sample, metricBytes));
    for (const group of sample) {
      for (const s of group.scopes) {
        for (const m of s.items) {
          expected.get(m.kind)!.push(...m.points.map((p) => expectedRow(group, s, m, p)));
        }
      }
    }
  }
  for (const kind of metricKinds) {
    const blocks = encoder.seal(kind, { table: `ordered_${kind}`, batchId: 0n });
    for (const block of blocks) database.insert('otel', block);
    const sql = `SELECT * REPLACE (${replaced(kind)}) FROM otel.ordered_${kind}`;
    const stored = database.rows(sql);
    const wanted = expected.get(kind)!.map(infinities);
    assert.equal(stored.length, wanted.length, kind);
    assert.ok(stored.length > 5, kind);
    for (const [index, row] of stored.entries()) {
      assert.deepEqual(plain(row), plain(wanted[index]), `seed ${seed}, ${kind} ${index}`);
    }
  }
});

/** Infinite numbers as the texts that the answer has. */
function infinities(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(infinities);
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, infinities(v)]));
}
