import assert from 'node:assert/strict';
import { test } from 'node:test';
import { background, type Consumer } from '../../component/consumer.ts';
import type { Traces } from '../../pdata/batch.ts';
import { settle } from '../../testing/clock.ts';
import { testSettings } from '../../testing/settings.ts';
import { permanent } from '../../testing/sinks.ts';
import { factory } from './index.ts';
import { always, errors, names, prefix, spans, started } from './testing/fixture.ts';

test('a trace is decided as a whole, after decision_wait', async () => {
  const { settings, send, stop, names } = await started({ decision_wait: '2s', policies: errors });
  await send([
    { trace: 1, name: 'a' },
    { trace: 2, name: 'b' },
  ]);
  await settings.clock.advance(1000);
  await send([{ trace: 1, name: 'c', error: true }], 'other');
  await settings.clock.advance(1000);
  assert.deepEqual(names(), []);
  await settings.clock.advance(1000);
  assert.deepEqual(names(), ['1:a', '1:c']);
  const { meter } = settings;
  const sampled = { sampled: 'true', decision: 'sampled' };
  assert.equal(meter.value(`${prefix}global_count_traces_sampled`, sampled), 1);
  assert.equal(meter.value(`${prefix}count_traces_sampled`, { policy: 'e', ...sampled }), 1);
  assert.equal(meter.value(`${prefix}count_traces_sampled`, { decision: 'not_sampled' }), 1);
  assert.equal(meter.value(`${prefix}new_trace_id_received`), 2);
  assert.equal(meter.value(`${prefix}sampling_traces_on_memory`), 2);
  await stop();
});

test('spans that come late follow the decision, with and without a cache', async () => {
  for (const decision_cache of [{}, { sampled_cache_size: 10, non_sampled_cache_size: 10 }]) {
    const config = { decision_wait: '1s', policies: errors, decision_cache };
    const { settings, send, stop, names } = await started(config);
    await send([
      { trace: 1, error: true, name: 'a' },
      { trace: 2, name: 'b' },
    ]);
    await settings.clock.advance(2000);
    await send([
      { trace: 2, name: 'c' },
      { trace: 1, name: 'd' },
      { trace: 2, name: 'e' },
    ]);
    await settle();
    assert.deepEqual(names(), ['1:a', '1:d']);
    const { meter } = settings;
    const cached = 'sampled_cache_size' in decision_cache;
    assert.equal(meter.value(`${prefix}early_releases_from_cache_decision`), cached ? 3 : 0);
    assert.equal(meter.value(`${prefix}sampling_late_span_age`), cached ? 0 : 2);
    assert.equal(meter.value(`${prefix}sampling_traces_on_memory`), cached ? 0 : 2);
    await stop();
  }
});

test('the oldest trace goes when there are too many', async () => {
  const { settings, send, stop, names } = await started({
    decision_wait: '1s',
    num_traces: 2,
    policies: always,
  });
  await send([{ trace: 1 }, { trace: 2 }, { trace: 3 }]);
  await settings.clock.advance(3000);
  assert.deepEqual(names(), ['2:s1', '3:s2']);
  assert.equal(settings.meter.value(`${prefix}sampling_trace_dropped_too_early`), 1);
  await stop();
});

test('block_on_overflow lets senders wait, and takes decided traces out', async () => {
  const { settings, send, stop, names } = await started({
    decision_wait: '1s',
    num_traces: 2,
    block_on_overflow: true,
    policies: always,
  });
  let taken = 0;
  const sent = [
    send([{ trace: 1 }, { trace: 2 }, { trace: 3 }]).then(() => taken++),
    send([{ trace: 4 }]).then(() => taken++),
  ];
  await settle();
  assert.equal(taken, 0);
  await settings.clock.advance(2000);
  assert.equal(taken, 2);
  await Promise.all(sent);
  await settings.clock.advance(2000);
  assert.deepEqual(names(), ['1:s0', '2:s1', '3:s2', '4:s0']);
  await stop();
});

test('a sender that waits when the processor is shut down has its spans decided', async () => {
  const { send, stop, names } = await started({
    num_traces: 1,
    block_on_overflow: true,
    policies: always,
  });
  const sent = send([{ trace: 1 }, { trace: 2 }]);
  await settle();
  await stop();
  await sent;
  assert.deepEqual(names(), ['1:s0', '2:s1']);
});

test('a trace that is too large is dropped at once, and what comes of it later', async () => {
  const { settings, send, stop, names } = await started({
    decision_wait: '1s',
    maximum_trace_size_bytes: 300,
    policies: always,
  });
  const big = { big: 'x'.repeat(300) };
  await send([{ trace: 1 }, { trace: 2, attributes: big }]);
  await send([{ trace: 2 }]);
  await settings.clock.advance(2000);
  assert.deepEqual(names(), ['1:s0']);
  assert.equal(settings.meter.value(`${prefix}traces_dropped_too_large`), 1);
  await stop();
});

test('a span without parent brings the decision forward', async () => {
  const { settings, send, stop, names } = await started({
    decision_wait: '10s',
    decision_wait_after_root_received: '2s',
    policies: always,
  });
  await send([{ trace: 1 }, { trace: 2, parent: false }]);
  await settings.clock.advance(3000);
  assert.deepEqual(names(), ['2:s1']);
  await settings.clock.advance(8000);
  assert.deepEqual(names(), ['2:s1', '1:s0']);
  await stop();
});

test('shutdown decides what waits, or drops it', async () => {
  for (const drop of [false, true]) {
    const { send, stop, names } = await started({
      drop_pending_traces_on_shutdown: drop,
      policies: always,
    });
    await send([{ trace: 1 }, { trace: 2 }]);
    await stop();
    assert.deepEqual(names(), drop ? [] : ['1:s0', '2:s1']);
  }
});

test('span-ingest samples when a span matches, with all that came before', async () => {
  const { settings, send, stop, names } = await started({
    decision_wait: '1s',
    sampling_strategy: 'span-ingest',
    policies: errors,
  });
  await send([
    { trace: 1, name: 'a' },
    { trace: 2, name: 'b' },
  ]);
  await send([{ trace: 1, name: 'c', error: true }]);
  await settle();
  assert.deepEqual(names(), ['1:a', '1:c']);
  await send([{ trace: 1, name: 'd' }]);
  await settings.clock.advance(2000);
  await send([{ trace: 2, name: 'e', error: true }]);
  await settle();
  assert.deepEqual(names(), ['1:a', '1:c', '1:d', '2:e']);
  await stop();
});

test('what the next refuses is dropped, logged and accounted for', async () => {
  const { settings, sink, send, stop } = await started({ decision_wait: '1s', policies: always });
  sink.failures.push(permanent('full'));
  await send([{ trace: 1 }, { trace: 2 }]);
  await settings.clock.advance(2000);
  const node = settings.book.snapshot().nodes.find(({ node }) => node === 'test');
  assert.deepEqual(node?.dropped, { refused_by_next: 2 });
  const line = settings.logger.lines.find(({ level }) => level === 'warn');
  assert.equal(line?.message, 'Error sending spans to destination');
  await stop();
});

test('what does not fit into memory is refused, and nothing of it kept', async () => {
  const settings = testSettings({ budgetBytes: 2 ** 20 });
  const { send, stop } = await started({ policies: always }, settings);
  const attributes = { big: 'x'.repeat(4000) };
  const many = Array.from({ length: 100 }, (_, trace) => ({ trace, attributes }));
  await send([{ trace: 1 }]).catch(() => undefined);
  await assert.rejects(async () => {
    for (let i = 0; i < 10; i += 1) await send(many);
  }, /memory budget exhausted/);
  await stop();
});

test('traces that come while a batch is decided wait for theirs', async () => {
  const settings = testSettings();
  const seen: Traces[] = [];
  let processor: ReturnType<typeof factory.create<'traces'>> | undefined;
  let late = 20_000;
  const next: Consumer<'traces'> = {
    mutates: false,
    async consume(batch) {
      seen.push(batch);
      await processor!.consume(spans([{ trace: late++, name: 'late' }]), background);
    },
  };
  const config = factory.config.parse({ decision_wait: '1s', policies: always });
  processor = factory.create('traces', settings, config, next);
  await processor.start();
  const many = Array.from({ length: 20_000 }, (_, trace) => ({ trace, name: 'first' }));
  await processor.consume(spans(many), background);
  await settings.clock.advance(2000);
  const first = names(seen);
  assert.ok(seen.length > 2, String(seen.length));
  assert.equal(first.length, 20_000);
  assert.ok(first.every((name) => name.endsWith(':first')));
  await processor.shutdown();
});

test('a decided trace that is forgotten while its late spans come begins anew', async () => {
  const { settings, send, stop, names } = await started({
    decision_wait: '1s',
    num_traces: 1,
    policies: always,
  });
  await send([{ trace: 1, name: 'a' }]);
  await settings.clock.advance(2000);
  await send([
    { trace: 2, name: 'b' },
    { trace: 1, name: 'c' },
  ]);
  await settings.clock.advance(2000);
  assert.deepEqual(names(), ['1:a', '1:c']);
  assert.equal(settings.meter.value(`${prefix}sampling_traces_on_memory`), 1);
  await stop();
});

test('decided traces are forgotten sooner where memory is short', async () => {
  const settings = testSettings({ budgetBytes: 2 ** 22 });
  const { sink, send, stop } = await started(
    { decision_wait: '1s', num_traces: 1_000_000_000, policies: errors },
    settings,
  );
  for (let i = 0; i < 60; i += 1) {
    const list = Array.from({ length: 2000 }, (_, n) => ({ trace: i * 2000 + n }));
    await send(list);
    await settings.clock.advance(1000);
    assert.ok(settings.budget.used <= settings.budget.limit);
  }
  await settings.clock.advance(2000);
  assert.equal(sink.items, 0);
  const remembered = settings.meter.value(`${prefix}sampling_traces_on_memory`);
  assert.ok(remembered > 1000 && remembered < 60_000, String(remembered));
  await stop();
});
