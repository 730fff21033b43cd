import assert from 'node:assert/strict';
import { test } from 'node:test';
import { background, type Consumer } from '../component/consumer.ts';
import type { OwnSpan } from '../component/settings.ts';
import { WireError } from '../pdata/wire-error.ts';
import { testSettings } from '../testing/settings.ts';
import { collectingSink, retryable } from '../testing/sinks.ts';
import { sampleBatch } from '../testing/spans.ts';
import type { ReadSpans } from '../wire/tagged-spans/outcome.ts';
import { Outlet } from './outlet.ts';
import { SpanIntake } from './span-intake.ts';

const labels = { receiver: 'sender/1', transport: 'udp' };

test('what is delivered and what is refused is counted', async () => {
  const settings = testSettings({ id: 'sender/1' });
  const sink = collectingSink<'traces'>(true);
  const outlet = new Outlet('traces', sink, settings, 'udp', 'own');
  const batch = sampleBatch('traces', 3);
  assert.equal(await outlet.deliver(batch, background), undefined);
  assert.notEqual(sink.batches[0], batch, 'a consumer that edits gets a batch of its own');
  sink.failures.push(retryable('full'));
  const refusal = await outlet.deliver(batch, background);
  assert.deepEqual([refusal?.message, refusal?.retryable], ['full', true]);
  const count = (what: string) => settings.meter.value(`otelcol_receiver_${what}_spans`, labels);
  assert.deepEqual([count('accepted'), count('refused'), count('failed')], [3, 3, 0]);
});

/** Settings whose tracer keeps what it is told of its spans. */
function traced() {
  const told: Record<string, unknown>[] = [];
  const start = (name: string, _kind: string, parent?: string): OwnSpan => {
    const one: Record<string, unknown> = { name, parent };
    told.push(one);
    return {
      traceparent: `child of ${parent}`,
      set: (key, value) => void (one[key] = value),
      end: (error) => void (one.error = error),
    };
  };
  const tracer = { enabled: true, start, extract: () => undefined };
  return { told, settings: { ...testSettings({ id: 'sender/1' }), tracer } };
}

test('a message of spans is a span, whether it could be read or not', () => {
  const { told, settings } = traced();
  const sink: Consumer<'traces'> = { mutates: false, consume: () => assert.fail('no memory') };
  const intake = new SpanIntake(settings, sink, 'udp');
  const outcomes: string[] = [];
  const take = (read: () => ReadSpans): void =>
    intake.take(read, background, ({ kind }) => outcomes.push(kind));
  const batch = sampleBatch('traces', 2);
  take(() => ({ batch, refused: 0, reasons: [] }));
  take(() => {
    throw new WireError('no spans', 0, '');
  });
  assert.deepEqual(outcomes, ['refused', 'unreadable']);
  const of = (items: number, error?: string) => ({
    name: 'receiver/sender/1/TraceDataReceived',
    parent: undefined,
    transport: 'udp',
    accepted_spans: 0,
    refused_spans: items,
    error,
  });
  assert.deepEqual(told, [of(2, 'BUG: no memory'), of(0)]);
});

test('each receipt is a span, whose context goes on', async () => {
  const { told, settings } = traced();
  const sink = collectingSink<'traces'>();
  sink.failures.push(retryable('full'));
  const outlet = new Outlet('traces', sink, settings, 'udp', 'own');
  const ctx = { ...background, traceparent: 'parent' };
  await outlet.deliver(sampleBatch('traces', 2), ctx);
  await outlet.deliver(sampleBatch('traces', 3), ctx);
  const common = {
    name: 'receiver/sender/1/TraceDataReceived',
    parent: 'parent',
    transport: 'udp',
    format: 'own',
  };
  assert.deepEqual(told, [
    { ...common, accepted_spans: 0, refused_spans: 2, error: 'full' },
    { ...common, accepted_spans: 3, refused_spans: 0, error: undefined },
  ]);
  assert.equal(sink.contexts[0]?.traceparent, 'child of parent');
});
