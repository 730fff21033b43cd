import assert from 'node:assert/strict';
import { test } from 'node:test';
import { background } from '../../component/consumer.ts';
import { parseJson, toJson } from '../../pdata/json.ts';
import { type TestSettings, testSettings } from '../../testing/settings.ts';
import { collectingSink } from '../../testing/sinks.ts';
import { config } from './config.ts';
import { factory } from './index.ts';

/** A cumulative monotonic sum with one point for each value; times are seconds. */
function sum(values: readonly number[], seconds: number, name = 'm'): object {
  const dataPoints = values.map((asInt, i) => ({
    asInt: String(asInt),
    timeUnixNano: `${seconds}000000000`,
    attributes: [{ key: 'i', value: { intValue: String(i) } }],
  }));
  return { name, sum: { aggregationTemporality: 2, isMonotonic: true, dataPoints } };
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

test('differences, counted by what became of points', async () => {
  const { processor, settings, values, send } = await started({ initial_value: 'drop' });
  await send(sum([5, 6], 1));
  assert.deepEqual(values(), [], 'an empty batch is not handed on');
  await send(sum([7, 1], 2));
  assert.deepEqual(values(), ['2']);
  const { meter } = settings;
  assert.equal(meter.value('otelcol_cumulativetodelta_datapoints', { metric_type: 'sum' }), 1);
  const dropped = 'otelcol_cumulativetodelta_datapoints_dropped';
  assert.equal(meter.value(dropped, { metric_type: 'sum', reason: 'initial' }), 2);
  assert.equal(meter.value(dropped, { metric_type: 'sum', reason: 'reset' }), 1);
  assert.equal(meter.value('otelcol_cumulativetodelta_streams_tracked'), 2);
  await processor.shutdown();
  assert.equal(settings.budget.used, 0);
  assert.equal(meter.gauges, 0);
});

test('streams are forgotten by the time of their last point', async () => {
  const settings = testSettings();
  const { send, values } = await started({ initial_value: 'keep', max_staleness: '10s' }, settings);
  const now = Math.floor(settings.clock.unixMs() / 1000);
  await send(sum([5], now - 60, 'old'), sum([5], now + 60, 'new'));
  await settings.clock.advance(10_000);
  assert.equal(settings.meter.value('otelcol_cumulativetodelta_streams_tracked'), 1);
  values();
  await send(sum([7], now, 'old'), sum([7], now + 61, 'new'));
  assert.deepEqual(values(), ['7', '2']);
});

test('a reload hands the streams on', async () => {
  const first = await started({ initial_value: 'keep' });
  await first.send(sum([5], 1));
  const { settings } = first;
  const sink = collectingSink<'metrics'>();
  const second = factory.create('metrics', settings, config.parse({}), sink);
  await second.takeOver?.(first.processor);
  await second.start();
  await first.processor.shutdown();
  await second.consume(batch(sum([9], 2)), background);
  assert.match(toJson(sink.batches[0]!), /"asInt":"4"/);
  await second.shutdown();
  assert.equal(settings.budget.used, 0);
});

test('without memory points of new streams are dropped and named', async () => {
  const settings = testSettings({ budgetBytes: 6000 });
  const { send, values } = await started({ initial_value: 'keep' }, settings);
  const many = Array.from({ length: 500 }, (_, i) => i);
  await send(sum(many, 1));
  const kept = values().length;
  assert.ok(kept > 5 && kept < 400, String(kept));
  const dropped = 'otelcol_cumulativetodelta_datapoints_dropped';
  assert.equal(settings.meter.value(dropped, { reason: 'no_memory' }), 500 - kept);
  await send(sum(many.slice(0, 3), 2));
  assert.deepEqual(values(), ['0', '0', '0'], 'streams that are there go on');
});

test('an unusual match_type matches everything, with a warning', async () => {
  const { settings } = await started({ include: { match_type: 'regex', metrics: ['x'] } });
  assert.match(settings.logger.lines[0]?.message ?? '', /include.match_type/);
});
