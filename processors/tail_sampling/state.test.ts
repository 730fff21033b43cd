import assert from 'node:assert/strict';
import { test } from 'node:test';
import { background } from '../../component/consumer.ts';
import { testSettings } from '../../testing/settings.ts';
import { collectingSink } from '../../testing/sinks.ts';
import { factory } from './index.ts';
import { always, errors, names, spans, type TestSpan } from './testing/fixture.ts';

/** A successor of a running processor, as a reload makes it. */
async function reloaded(before: unknown, after: unknown, between: () => Promise<void>) {
  const settings = testSettings();
  const sink = collectingSink<'traces'>();
  const make = (given: unknown) =>
    factory.create('traces', settings, factory.config.parse(given), sink);
  const old = make(before);
  await old.start();
  await old.consume(
    spans([
      { trace: 1, name: 'a' },
      { trace: 2, name: 'b', error: true },
    ]),
    background,
  );
  await settings.clock.advance(2500);
  await old.consume(
    spans([
      { trace: 3, name: 'c' },
      { trace: 4, name: 'd', error: true },
    ]),
    background,
  );
  await between();
  const successor = make(after);
  await successor.takeOver!(old);
  await successor.start();
  await old.shutdown();
  const send = (list: readonly TestSpan[]) => successor.consume(spans(list), background);
  const stop = async () => {
    await successor.shutdown();
    assert.equal(settings.budget.used, 0);
    assert.equal(settings.clock.pending, 0);
    assert.equal(settings.meter.gauges, 0);
  };
  return { settings, send, stop, names: () => names(sink.batches) };
}

test('another configuration goes on with what waits and what was decided', async () => {
  for (const block_on_overflow of [false, true]) {
    const before = { decision_wait: '1s', policies: errors };
    const after = { decision_wait: '20s', policies: always, block_on_overflow };
    const { settings, send, stop, names } = await reloaded(before, after, async () => {});
    assert.deepEqual(names(), ['2:b']);
    await send([
      { trace: 1, name: 'late' },
      { trace: 2, name: 'late' },
      { trace: 5, name: 'new' },
    ]);
    await settings.clock.advance(3000);
    assert.deepEqual(names(), ['2:b', '2:late', '3:c', '4:d']);
    await stop();
    assert.deepEqual(names().slice(4), ['5:new']);
  }
});

test('a shorter wait and smaller caches apply to what is there', async () => {
  const caches = { sampled_cache_size: 10, non_sampled_cache_size: 10 };
  const before = { decision_wait: '1s', policies: errors, decision_cache: caches };
  const after = {
    decision_wait: '1s',
    policies: errors,
    decision_cache: { sampled_cache_size: 10 },
  };
  const { settings, send, stop, names } = await reloaded(before, after, async () => {});
  await send([
    { trace: 2, name: 'late' },
    { trace: 1, name: 'again', error: true },
  ]);
  await settings.clock.advance(3000);
  assert.deepEqual(names(), ['2:b', '2:late', '4:d', '1:again']);
  await stop();
});

test('a successor that cannot be had leaves the other as it is', async () => {
  const settings = testSettings();
  const sink = collectingSink<'traces'>();
  const make = (given: unknown) =>
    factory.create('traces', settings, factory.config.parse(given), sink);
  const old = make({ policies: always });
  await old.start();
  await old.consume(spans([{ trace: 1 }]), background);
  const bad = make({ policies: [{ name: 'x', type: 'nonsense' }] });
  await assert.rejects(bad.takeOver!(old), /unknown sampling policy type nonsense/);
  await old.shutdown();
  assert.deepEqual(names(sink.batches), ['1:s0']);
});
