import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toJson } from '../../pdata/json.ts';
import { settle } from '../../testing/clock.ts';
import { testGates, testSettings } from '../../testing/settings.ts';
import { always, errors, prefix, started } from './testing/fixture.ts';

test('gates add counts, and write the policy into scopes', async () => {
  const names = ['recordpolicy', 'metricstatcountspanssampled', 'metricstatcountbytessampled'];
  const ids = names.map((name) => `processor.tailsamplingprocessor.${name}`);
  const settings = testSettings({ gates: testGates(...ids) });
  const composite = {
    max_total_spans_per_second: 10,
    composite_sub_policy: [{ name: 'inner', type: 'always_sample' }],
    rate_allocation: [{ policy: 'inner', percent: 100 }],
  };
  const { sink, send, stop } = await started(
    {
      decision_wait: '1s',
      decision_cache: { sampled_cache_size: 5 },
      policies: [{ name: 'outer', type: 'composite', composite }, ...always],
    },
    settings,
  );
  await send([{ trace: 1 }, { trace: 1 }]);
  await settings.clock.advance(2000);
  await send([{ trace: 1 }]);
  await settle();
  const json = sink.batches.map(toJson);
  for (const text of json)
    assert.match(text, /tailsampling.policy","value":\{"stringValue":"outer"/);
  assert.match(json[0]!, /tailsampling.composite_policy","value":\{"stringValue":"inner"/);
  assert.doesNotMatch(json[0]!, /cached_decision/);
  assert.match(json[1]!, /tailsampling.cached_decision","value":\{"boolValue":true/);
  assert.equal(settings.meter.value(`${prefix}count_spans_sampled`, { policy: 'all' }), 2);
  assert.ok(settings.meter.value(`${prefix}count_bytes_sampled`, { policy: 'all' }) > 100);
  await stop();
});

test('span-ingest marks the spans that decided only', async () => {
  const gates = testGates('processor.tailsamplingprocessor.recordpolicy');
  const settings = testSettings({ gates });
  const config = { sampling_strategy: 'span-ingest', policies: errors };
  const { sink, send, stop, names } = await started(config, settings);
  await send([{ trace: 1, name: 'a' }], 'one');
  await send([{ trace: 1, name: 'b' }], 'two');
  await send([{ trace: 1, name: 'c', error: true }], 'three');
  await settle();
  assert.deepEqual(names(), ['1:a', '1:b', '1:c']);
  assert.equal(toJson(sink.batches[0]!).match(/tailsampling.policy/g)?.length, 1);
  await stop();
});
