import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { randomRequest, type Shape } from '../pdata/testing/random-request.ts';
import { OtelLogsEncoder } from '../wire/clickhouse/otel/logs.ts';
import { metricKinds, OtelMetricsEncoder } from '../wire/clickhouse/otel/metrics.ts';
import { OtelTracesEncoder } from '../wire/clickhouse/otel/traces.ts';
import { SmartSpansEncoder } from '../wire/clickhouse/smart/spans.ts';
import { WrittenRows } from '../wire/clickhouse/smart/written-rows.ts';
import { groups, logRecord, span } from '../wire/clickhouse/testing/arbitrary.ts';
import {
  type Attribute,
  logBytes,
  request,
  type Span,
  spanBytes,
} from '../wire/clickhouse/testing/otlp-model.ts';
import {
  loadColumns,
  NativeMetricsEncoder,
  NativeOtelEncoder,
  NativeSmartEncoder,
} from './columns.ts';

const addon = loadColumns();
const skip = addon === undefined ? 'native/build/columns.node is not there' : false;

/** Requests that are encoded as one batch, then another as the next. */
const batches = <Item>(item: fc.Arbitrary<Item>) =>
  fc.array(fc.array(groups(item), { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 3 });

const entity: fc.Arbitrary<Attribute> = fc.tuple(
  fc.constantFrom(
    'wirestitch.client.entity',
    'wirestitch.server.entity',
    'wirestitch.other.entity',
  ),
  fc.oneof(
    fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n).map((int) => ({ int })),
    fc.constantFrom({ int: 0n }, { string: '7' }, { double: 1 }),
  ),
);

const spanWithEntities: fc.Arbitrary<Span> = fc
  .tuple(span, fc.array(entity, { maxLength: 3 }))
  .map(([one, more]) => ({ ...one, attributes: [...one.attributes, ...more] }));

const shape: fc.Arbitrary<Shape> = fc.record({ unknown: fc.boolean(), wild: fc.boolean() });
const seeds = fc.array(fc.nat(), { minLength: 1, maxLength: 4 });

test('data points for the contrib tables: the same bytes as the twin', { skip }, () => {
  const pairs = (['DateTime', 'DateTime64(9)'] as const).map((some, i, both) => {
    const other = both[1 - i]!;
    const times = {
      gauge: some,
      sum: other,
      histogram: some,
      exponential_histogram: other,
      summary: some,
    };
    return [new OtelMetricsEncoder(times), new NativeMetricsEncoder(addon!, times)] as const;
  });
  const rows = new Map<string, number>();
  fc.assert(
    fc.property(fc.array(seeds, { minLength: 1, maxLength: 2 }), shape, (list, form) => {
      for (const [plain, fast] of pairs) {
        for (const batch of list) {
          for (const seed of batch) {
            const bytes = randomRequest('metrics', seed, form);
            plain.append(bytes);
            fast.append(bytes);
          }
          assert.equal(fast.rows, plain.rows);
          for (const kind of metricKinds) {
            const options = { table: kind, batchId: 9n, batchColumn: 'batch' };
            const expected = plain.seal(kind, options);
            for (const block of expected) rows.set(kind, (rows.get(kind) ?? 0) + block.rows);
            assert.deepEqual(bodies(fast.seal(kind, options)), bodies(expected));
          }
        }
      }
    }),
    { numRuns: 250 },
  );
  for (const kind of metricKinds) assert.ok((rows.get(kind) ?? 0) > 100, `${kind}: few rows`);
});

test('requests in any legal shape: the same bytes as the twin', { skip }, () => {
  const traces = [new OtelTracesEncoder(), new NativeOtelEncoder(addon!, 'traces')] as const;
  const logs = [new OtelLogsEncoder(), new NativeOtelEncoder(addon!, 'logs')] as const;
  const key = new Uint8Array(16).fill(3);
  const smart = [
    new SmartSpansEncoder(key, new WrittenRows()),
    new NativeSmartEncoder(addon!, key, new WrittenRows()),
  ] as const;
  const options = { table: 't', batchId: 1n };
  fc.assert(
    fc.property(seeds, shape, (list, form) => {
      for (const seed of list) {
        const [spans, records] = (['traces', 'logs'] as const).map((signal) =>
          randomRequest(signal, seed, form),
        );
        for (const encoder of traces) encoder.append(spans!);
        for (const encoder of logs) encoder.append(records!);
        for (const encoder of smart) encoder.append(spans!, 1_790_000_000);
      }
      for (const [plain, fast] of [traces, logs]) {
        assert.deepEqual(bodies(fast.seal(options)), bodies(plain.seal(options)));
      }
      assert.deepEqual(bodies(smart[1].seal(1n).blocks), bodies(smart[0].seal(1n).blocks));
    }),
    { numRuns: 250 },
  );
});

test('spans for the contrib table: the same bytes as the twin', { skip }, () => {
  const plain = new OtelTracesEncoder();
  const fast = new NativeOtelEncoder(addon!, 'traces');
  fc.assert(
    fc.property(batches(span), fc.boolean(), fc.bigInt(0n, 2n ** 64n - 1n), (list, some, id) => {
      const present = some
        ? new Set(['Timestamp', 'SpanAttributes', 'Links.Attributes'])
        : undefined;
      const options = {
        table: 't',
        batchId: id,
        ...(present === undefined ? { batchColumn: 'batch' } : { present }),
      };
      for (const batch of list) {
        for (const sample of batch) {
          const bytes = new Uint8Array(request(sample, spanBytes));
          plain.append(bytes);
          fast.append(bytes);
        }
        assert.equal(fast.rows, plain.rows);
        assert.deepEqual(bodies(fast.seal(options)), bodies(plain.seal(options)));
      }
    }),
    { numRuns: 150 },
  );
});

test('log records for the contrib table: the same bytes as the twin', { skip }, () => {
  const plain = new OtelLogsEncoder();
  const fast = new NativeOtelEncoder(addon!, 'logs');
  fc.assert(
    fc.property(batches(logRecord), (list) => {
      for (const batch of list) {
        for (const sample of batch) {
          const bytes = new Uint8Array(request(sample, logBytes));
          plain.append(bytes);
          fast.append(bytes);
        }
        const options = { table: 't', batchId: 1n };
        assert.deepEqual(bodies(fast.seal(options)), bodies(plain.seal(options)));
      }
    }),
    { numRuns: 150 },
  );
});

test('spans of schema smart: the same bytes as the twin, dictionaries too', { skip }, () => {
  const key = new Uint8Array(16).fill(7);
  const limits = { remembered: 20, newADay: 60 };
  const [forPlain, forFast] = [new WrittenRows(), new WrittenRows()];
  const plain = new SmartSpansEncoder(key, forPlain, limits);
  const fast = new NativeSmartEncoder(addon!, key, forFast, limits);
  let now = 1_790_000_000;
  fc.assert(
    fc.property(batches(spanWithEntities), fc.boolean(), (list, delivered) => {
      for (const batch of list) {
        for (const sample of batch) {
          const bytes = new Uint8Array(request(sample, spanBytes));
          plain.append(bytes, now);
          fast.append(bytes, now);
        }
        now += 1000;
        const [a, b] = [fast.seal(5n), plain.seal(5n)];
        assert.deepEqual(bodies(a.blocks), bodies(b.blocks));
        assert.deepEqual(a.dictionaryKeys, b.dictionaryKeys);
        if (!delivered) continue;
        forPlain.add(b.dictionaryKeys);
        forFast.add(a.dictionaryKeys);
      }
    }),
    { numRuns: 150 },
  );
  assert.ok(fast.inlined > 0);
  assert.equal(fast.inlined, plain.inlined);
});

test('doubles as text: the same as the twin', { skip }, () => {
  const plain = new OtelLogsEncoder();
  const fast = new NativeOtelEncoder(addon!, 'logs');
  const record = fc.sample(logRecord, { numRuns: 1, seed: 1 })[0]!;
  fc.assert(
    fc.property(
      fc.array(
        fc.oneof(
          fc.double(),
          fc.integer({ min: -1074, max: 1023 }).map((exponent) => 2 ** exponent),
          fc
            .tuple(fc.integer(), fc.integer({ min: -30, max: 30 }))
            .map(([m, e]) => Number(`${m}e${e}`)),
        ),
        { maxLength: 200 },
      ),
      (values) => {
        const scope = { name: '', version: '', attributes: [], dropped: 0, url: '' };
        const items = values.map((double) => ({ ...record, body: { double } }));
        const one = { attributes: [], url: '', scopes: [{ ...scope, items }] };
        const bytes = new Uint8Array(request([one], logBytes));
        plain.append(bytes);
        fast.append(bytes);
        const options = { table: 't', batchId: 1n };
        assert.deepEqual(bodies(fast.seal(options)), bodies(plain.seal(options)));
      },
    ),
    { numRuns: 200 },
  );
});

function bodies(
  blocks: readonly { readonly body: Uint8Array; readonly columns: readonly string[] }[],
) {
  return blocks.map(({ body, ...rest }) => ({
    ...rest,
    body: Buffer.from(body).toString('latin1'),
  }));
}
