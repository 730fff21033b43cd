/* Receivers that nobody waits for: what the pipeline does not take is counted. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Consumer } from '../../component/consumer.ts';
import { Counters } from '../../receivers/ebpf/counters.ts';
import { Output } from '../../receivers/ebpf/output.ts';
import { factory as hostMetrics } from '../../receivers/host_metrics/index.ts';
import { settle } from '../../testing/clock.ts';
import { faultySink } from '../../testing/contract/faulty-sink.ts';
import { judgeOf, mixes } from '../../testing/contract/judge.ts';
import { numbered, numbersFrom } from '../../testing/contract/numbered.ts';
import { inTime } from '../../testing/contract/passing.ts';
import { seededRandom } from '../../testing/random.ts';
import { testSettings } from '../../testing/settings.ts';

function ebpfOutput(budgetBytes?: number) {
  const settings = testSettings({
    id: 'ebpf',
    ...(budgetBytes === undefined ? {} : { budgetBytes }),
  });
  const sink = faultySink('traces');
  const output = new Output(sink as Consumer<'traces'>, settings, new Counters(settings));
  const counted = (what: string) => settings.meter.value(`otelcol_receiver_${what}_spans`);
  const send = (from: number, count: number) =>
    output.send(numbered('traces', numbersFrom(from, count)));
  return { settings, sink, output, counted, send };
}

for (const [name, mix] of Object.entries(mixes)) {
  test(`ebpf: every span is handed on or counted: ${name}`, async () => {
    const { settings, sink, output, counted, send } = ebpfOutput();
    sink.judge = judgeOf(mix, seededRandom(8));
    for (let i = 0; i < 40; i += 1) {
      send(10 * i, 10);
      await settings.clock.advance(300);
    }
    await inTime(settings.clock, output.close());
    assert.equal(new Set(sink.taken).size, sink.taken.length);
    assert.equal(sink.taken.length, counted('accepted'));
    assert.equal(counted('accepted') + counted('refused'), 400);
    if (mix.permanent === 0) assert.equal(sink.taken.length, 400);
    assert.equal(settings.budget.used, 0);
    assert.equal(settings.clock.pending, 0);
  });
}

test('ebpf: a pipeline that is slow bounds what waits', async () => {
  const { settings, sink, output, counted, send } = ebpfOutput();
  sink.hold();
  for (let i = 0; i < 20; i += 1) send(10 * i, 10);
  await settle();
  assert.equal(sink.calls.open, 8);
  assert.equal(counted('refused'), 120);
  sink.release();
  await inTime(settings.clock, output.close());
  assert.equal(sink.taken.length, 80);
  assert.equal(settings.budget.used, 0);
});

test('ebpf: what the end interrupts is counted', async () => {
  const { settings, sink, output, counted, send } = ebpfOutput();
  sink.judge = () => 'retryable';
  for (let i = 0; i < 5; i += 1) send(10 * i, 10);
  await settings.clock.advance(50);
  await inTime(settings.clock, output.close());
  assert.equal(counted('refused'), 50);
  assert.equal(settings.budget.used, 0);
});

for (const [name, mix] of Object.entries(mixes)) {
  test(`host_metrics: every point is handed on or counted: ${name}`, async () => {
    const settings = testSettings({ id: 'host_metrics' });
    const sink = faultySink('metrics');
    sink.judge = judgeOf(mix, seededRandom(3));
    const config = hostMetrics.config.parse({
      collection_interval: '1s',
      scrapers: { load: null, memory: null },
    });
    const next = { metrics: sink as Consumer<'metrics'> };
    const receiver = hostMetrics.create(settings, config, next);
    await receiver.start();
    for (let i = 0; i < 200 && sink.calls.all < 12; i += 1) {
      await settings.clock.advance(500);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    await inTime(settings.clock, receiver.shutdown());
    assert.ok(sink.calls.all >= 12);
    const { taken, refused } = sink.counts;
    const counted = (what: string) =>
      settings.meter.value(`otelcol_receiver_${what}_metric_points`);
    assert.equal(counted('accepted'), taken);
    assert.equal(counted('refused') + counted('failed'), refused);
    assert.equal(settings.meter.value('otelcol_scraper_scraped_metric_points'), taken + refused);
    assert.equal(settings.clock.pending, 0);
  });
}
