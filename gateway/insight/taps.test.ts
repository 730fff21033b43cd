import assert from 'node:assert/strict';
import test from 'node:test';
import { background, type Consumer } from '../../component/consumer.ts';
import { PipelineError } from '../../component/errors.ts';
import type { TapSample } from '../../component/insight.ts';
import { TracesBuilder } from '../../pdata/builder.ts';
import { fanoutNode, Ledger } from '../../pipeline/ledger.ts';
import { fakeClock } from '../../testing/clock.ts';
import { listLogger } from '../../testing/settings.ts';
import { Taps } from './taps.ts';

function spans(count: number, text = 'x') {
  const builder = new TracesBuilder();
  builder.resource({ attributes: new Map([['service.name', 'shop']]) } as never);
  builder.scope('s', '');
  for (let i = 0; i < count; i++) {
    const ids = { traceId: new Uint8Array(16).fill(1), spanId: new Uint8Array(8).fill(i + 1) };
    const attributes = { password: 'hunter2', text };
    const times = { startTimeUnixNano: 1n, endTimeUnixNano: 2n };
    builder.span({ ...ids, name: `span ${i}`, ...times, attributes } as never);
  }
  return builder.finish();
}

function setup(source = 'a') {
  const ledger = new Ledger();
  const clock = fakeClock();
  const logger = listLogger();
  const taps = new Taps({ ledger, clock, logger });
  let refusal: PipelineError | undefined;
  const sink: Consumer<'traces'> = {
    mutates: false,
    consume: async () => {
      if (refusal !== undefined) throw refusal;
    },
  };
  const edge = ledger.edge(source, 'b', sink);
  const samples: TapSample[] = [];
  const reader = { takes: true };
  const receive = (sample: TapSample): boolean => {
    if (reader.takes) samples.push(sample);
    return reader.takes;
  };
  const send = (batch = spans(1)) => edge.consume(batch, background);
  const refuse = (error: PipelineError | undefined) => {
    refusal = error;
  };
  return { ledger, clock, logger, taps, samples, reader, receive, send, refuse };
}

const options = { batchesPerSecond: 2, items: 3, mask: [] };
const ab = { from: 'a', to: 'b' };

test('samples are few, small, masked and plain', async () => {
  const { taps, samples, receive, send, clock } = setup();
  const stop = taps.open(ab, options, receive);
  await send(spans(100));
  const [sample] = samples;
  assert.equal(sample!.items, 100);
  assert.equal(sample!.shown, 3);
  assert.equal(sample!.masked, 3);
  const text = JSON.stringify(sample!.otlp);
  assert.match(text, /span 0.*span 1.*span 2/);
  assert.doesNotMatch(text, /hunter2|span 3/);
  await send(spans(7));
  assert.equal(samples.length, 1, 'the bucket is empty');
  await clock.advance(500);
  await send();
  assert.equal(samples.length, 2);
  assert.deepEqual([samples[1]!.passedBatches, samples[1]!.passedItems], [1, 7]);
  stop();
  await clock.advance(5000);
  await send();
  assert.equal(samples.length, 2, 'nobody looks');
});

test('a refusal is shown with its reason, and reaches the sender as it is', async () => {
  const { taps, samples, receive, send, refuse, ledger } = setup();
  taps.open(ab, options, receive);
  const full = new PipelineError('queue is full', { retryable: true });
  refuse(full);
  await assert.rejects(send(spans(5)), full);
  assert.equal(samples[0]!.refused, 'queue is full');
  const [edge] = ledger.snapshot().edges;
  assert.equal(edge!.items, 0);
  const refused = { status: 'UNAVAILABLE', retryable: true, items: 5, message: 'queue is full' };
  assert.deepEqual(edge!.refused, [refused]);
});

test('a slow reader loses samples and is told how many', async () => {
  const { taps, samples, reader, receive, send, clock } = setup();
  taps.open(ab, options, receive);
  reader.takes = false;
  for (let i = 0; i < 3; i++) {
    await send();
    await clock.advance(1000);
  }
  reader.takes = true;
  await send();
  assert.equal(samples.length, 1);
  assert.equal(samples[0]!.missed, 3);
});

test('what is too large is not shown, and counted', async () => {
  const { taps, samples, receive, send } = setup();
  taps.open(ab, options, receive);
  await send(spans(2, 'y'.repeat(100_000)));
  assert.equal(samples[0]!.otlp, undefined);
  assert.deepEqual([samples[0]!.items, samples[0]!.shown], [2, 0]);
});

test('there are at most eight taps, each on an edge that is there', async () => {
  const { taps, receive, send, samples } = setup(fanoutNode('a'));
  assert.throws(() => taps.open({ from: 'a', to: 'x' }, options, receive), { reason: 'not_found' });
  const stops = Array.from({ length: 8 }, () => taps.open(ab, options, receive));
  assert.throws(() => taps.open(ab, options, receive), { reason: 'busy' });
  await send();
  assert.equal(samples.length, 8, 'each looks at the branches of a fan-out, too');
  stops[0]!();
  stops[0]!();
  taps.open(ab, options, receive);
  assert.throws(() => taps.open(ab, options, receive), { reason: 'busy' });
});

test('a reader that fails does not harm the data', async () => {
  const { taps, send, logger } = setup();
  taps.open(ab, options, () => {
    throw new Error('broken');
  });
  await send();
  assert.equal(logger.lines.length, 1);
});
