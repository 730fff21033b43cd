import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { toJson } from '../../pdata/json.ts';
import { telemetrySchema } from './config.ts';
import { createMeter } from './meter.ts';
import { ReadingWriter } from './push/reading-writer.ts';
import type { Point } from './reading.ts';
import { compileViews, filterPoints } from './views.ts';

function metered(...views: object[]) {
  const config = telemetrySchema.parse({ metrics: { level: 'detailed', views } });
  const faults: string[] = [];
  const meter = createMeter();
  meter.setViews(compileViews(config.metrics.views ?? [], (fault) => faults.push(fault)));
  return { meter, faults };
}

const plain = { description: 'd', unit: '1' };

test('drop, rename, leave attributes out', () => {
  const { meter } = metered(
    { selector: { instrument_name: 'gone*' }, stream: { aggregation: { drop: {} } } },
    {
      selector: { instrument_name: 'old', instrument_type: 'counter' },
      stream: { name: 'new', description: 'other', attribute_keys: { excluded: ['b'] } },
    },
  );
  meter.counter('gone_a', plain).add(1);
  const counter = meter.counter('old', plain);
  counter.add(1, { a: '1', b: '1' });
  counter.add(2, { a: '1', b: '2' });
  counter.add(4, { a: '2', b: '2' });
  assert.deepEqual(meter.collect(), [
    {
      name: 'new',
      description: 'other',
      unit: '1',
      scope: 'wirestitch',
      kind: 'counter',
      points: [
        { attributes: { a: '1' }, value: 3 },
        { attributes: { a: '2' }, value: 4 },
      ],
    },
  ]);
});

test('other buckets, while it runs as well', () => {
  const { meter } = metered();
  const histogram = meter.histogram('h', plain, [10]);
  histogram.record(3);
  const views = [
    {
      selector: { instrument_name: 'h' },
      stream: { aggregation: { explicit_bucket_histogram: { boundaries: [1, 5] } } },
    },
  ];
  const config = telemetrySchema.parse({ metrics: { level: 'detailed', views } });
  meter.setViews(compileViews(config.metrics.views!, assert.fail));
  histogram.record(3);
  const [reading] = meter.collect();
  assert.deepEqual(reading?.points[0]?.buckets, { bounds: [1, 5], counts: [0, 1, 0], count: 1 });
});

test('what makes a view useless is told', () => {
  const { faults } = metered(
    { selector: { instrument_name: 'a*' }, stream: { name: 'b' } },
    {
      selector: { instrument_name: 'a' },
      stream: { aggregation: { explicit_bucket_histogram: { boundaries: [2, 1] } } },
    },
    {
      selector: { instrument_name: 'a' },
      stream: { aggregation: { base2_exponential_bucket_histogram: { max_scale: 21 } } },
    },
  );
  assert.deepEqual(
    faults.map((fault) => fault.replace(/ (cannot|have|needs).*/, '')),
    ['a view', "a view's boundaries", "a view's histogram"],
  );
});

test('a view that does not go with a metric changes nothing', () => {
  const { meter } = metered();
  meter.gauge('g', plain, () => 1);
  const views = [{ selector: { instrument_name: 'g' }, stream: { aggregation: { sum: {} } } }];
  const config = telemetrySchema.parse({ metrics: { level: 'detailed', views } });
  const compiled = compileViews(config.metrics.views!, assert.fail);
  assert.throws(() => meter.setViews(compiled), /^Error: incompatible aggregation/);
  assert.equal(meter.collect().length, 1);
});

test('merged series lose nothing', () => {
  const point = fc.record({
    attributes: fc.dictionary(fc.constantFrom('a', 'b', 'c'), fc.constantFrom('1', '2')),
    value: fc.integer({ min: 0, max: 1000 }),
  });
  fc.assert(
    fc.property(fc.array(point), fc.constantFrom('a', 'b', 'c'), (points, left) => {
      const merged = filterPoints(points, 'counter', (key) => key !== left);
      const sum = (all: readonly Point[]) => all.reduce((total, { value }) => total + value, 0);
      assert.equal(sum(merged), sum(points));
      for (const { attributes } of merged) assert.ok(!(left in attributes) || points.length === 0);
    }),
  );
});

test('exponential buckets by OTLP, all so far and what came', () => {
  const stream = { aggregation: { base2_exponential_bucket_histogram: { max_size: 4 } } };
  const { meter } = metered({ selector: { instrument_name: 'h' }, stream });
  const histogram = meter.histogram('h', plain, [1]);
  for (const value of [0, 1, 2, 3]) histogram.record(value, { k: 'v' });
  const delta = new ReadingWriter({}, '1', 5n, 'delta');
  const points = (now: bigint): { count?: string; zeroCount?: string }[] => {
    const { resourceMetrics } = JSON.parse(toJson(delta.write(meter.collect(), now)));
    const [metric] = resourceMetrics[0].scopeMetrics[0].metrics ?? [];
    return metric?.exponentialHistogram.dataPoints ?? [];
  };
  assert.equal(points(10n)[0]?.count, '4');
  assert.deepEqual(points(11n), [], 'nothing came');
  histogram.record(1000, { k: 'v' });
  const [last] = points(12n);
  assert.deepEqual([last?.count, Number(last?.zeroCount ?? 0)], ['1', 0]);
});
