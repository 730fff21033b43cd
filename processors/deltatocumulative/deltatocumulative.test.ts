import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { background } from '../../component/consumer.ts';
import { parseJson, toJson } from '../../pdata/json.ts';
import type { Buckets } from '../../pdata/objects/index.ts';
import { type TestSettings, testSettings } from '../../testing/settings.ts';
import { collectingSink } from '../../testing/sinks.ts';
import { config } from './config.ts';
import { downscale, fittingScale, merge } from './exponential-buckets.ts';
import { factory } from './index.ts';

/** A delta sum with one point for each value; times are seconds. */
function sum(values: readonly number[], seconds: number, name = 'm'): object {
  const dataPoints = values.map((asInt, i) => ({
    asInt: String(asInt),
    timeUnixNano: `${seconds}000000000`,
    attributes: [{ key: 'i', value: { intValue: String(i) } }],
  }));
  return { name, sum: { aggregationTemporality: 1, isMonotonic: true, dataPoints } };
}

function batch(...metrics: object[]) {
  const request = { resourceMetrics: [{ scopeMetrics: [{ metrics }] }] };
  return parseJson('metrics', Buffer.from(JSON.stringify(request)));
}

async function started(given: object, settings: TestSettings = testSettings()) {
  const sink = collectingSink<'metrics'>();
  const processor = factory.create('metrics', settings, config.parse(given), sink);
  await processor.start();
  const values = (): string[] => {
    const texts = sink.batches.splice(0).map((one) => toJson(one));
    return texts.flatMap((text) => [...text.matchAll(/"asInt":"(-?\d+)"/g)].map((m) => m[1]!));
  };
  const send = (...metrics: object[]) => processor.consume(batch(...metrics), background);
  return { processor, settings, values, send };
}

test('totals, counted by what became of points', async () => {
  const { processor, settings, values, send } = await started({ max_streams: 2 });
  await send(sum([5, 6, 7], 1));
  await send(sum([7, 1], 2));
  await send(sum([7], 2));
  assert.deepEqual(values(), ['5', '6', '12', '7']);
  const { meter } = settings;
  const points = 'otelcol_deltatocumulative_datapoints';
  assert.equal(meter.value(points), 6);
  assert.equal(meter.value(points, { error: 'limit' }), 1);
  assert.equal(meter.value(points, { error: 'delta.ErrOutOfOrder' }), 1);
  assert.equal(meter.value('otelcol_deltatocumulative_streams_tracked'), 2);
  assert.equal(meter.value('otelcol_deltatocumulative_streams_limit'), 2);
  assert.equal(meter.value('otelcol_deltatocumulative_streams_max_stale'), 300);
  await processor.shutdown();
  assert.deepEqual([settings.budget.used, meter.gauges], [0, 0]);
});

test('streams without points are forgotten', async () => {
  const { send, values, settings } = await started({ max_stale: '90s' });
  await send(sum([5], 1, 'old'), sum([5], 1, 'new'));
  await settings.clock.advance(60_000);
  await send(sum([1], 2, 'new'));
  await settings.clock.advance(60_000);
  assert.equal(settings.meter.value('otelcol_deltatocumulative_streams_tracked'), 1);
  values();
  await send(sum([7], 3, 'old'), sum([7], 3, 'new'));
  assert.deepEqual(values(), ['7', '13']);
});

test('a reload hands the streams on', async () => {
  const first = await started({});
  await first.send(sum([5], 1));
  const { settings } = first;
  const sink = collectingSink<'metrics'>();
  const second = factory.create('metrics', settings, config.parse({}), sink);
  await second.takeOver?.(first.processor);
  await second.start();
  await first.processor.shutdown();
  await second.consume(batch(sum([9], 2)), background);
  assert.match(toJson(sink.batches[0]!), /"asInt":"14"/);
  await second.shutdown();
  assert.equal(settings.budget.used, 0);
});

test('without memory points of new streams are dropped and named', async () => {
  const settings = testSettings({ budgetBytes: 6000 });
  const { send, values } = await started({}, settings);
  const many = Array.from({ length: 500 }, (_, i) => i + 1);
  await send(sum(many, 1));
  const kept = values().length;
  assert.ok(kept > 5 && kept < 400, String(kept));
  const points = 'otelcol_deltatocumulative_datapoints';
  assert.equal(settings.meter.value(points, { error: 'memory' }), 500 - kept);
  await send(sum([1, 1, 1], 2));
  assert.deepEqual(values(), ['2', '3', '4'], 'streams that are there go on');
});

const bucketsOf = (offset: number, counts: readonly number[]): Buckets => ({
  offset,
  bucketCounts: counts.map(BigInt),
});

test('buckets keep their total, and each count stays within its wider bucket', () => {
  const buckets = fc.tuple(
    fc.integer({ min: -40, max: 40 }),
    fc.array(fc.nat(9), { maxLength: 30 }),
  );
  fc.assert(
    fc.property(buckets, buckets, fc.nat(6), ([offset, counts], [other, others], by) => {
      const a = bucketsOf(offset, counts);
      downscale(a, by, 0);
      const byIndex = new Map<number, bigint>();
      for (const [i, count] of counts.entries()) {
        const index = (offset + i) >> by;
        byIndex.set(index, (byIndex.get(index) ?? 0n) + BigInt(count));
      }
      for (const [i, count] of a.bucketCounts.entries()) {
        assert.equal(count, byIndex.get(a.offset + i) ?? 0n);
      }
      const total = (one: Buckets) => one.bucketCounts.reduce((sum, count) => sum + count, 0n);
      const b = bucketsOf(other, others);
      const both = total(a) + total(b);
      merge(a, b);
      assert.equal(total(a), both);
    }),
    { numRuns: 300 },
  );
});

test('buckets that are far apart cost no time', () => {
  const a = bucketsOf(-(2 ** 31), [0, 0, 1]);
  const b = bucketsOf(2 ** 31 - 4, [0, 1, 0]);
  assert.equal(fittingScale(160, 20, a, b), -5);
  assert.equal(fittingScale(160, 20, bucketsOf(0, []), bucketsOf(2 ** 30, [1])), 20);
  downscale(a, 2 ** 31, -(2 ** 31));
  assert.equal(a.offset, -1);
});
