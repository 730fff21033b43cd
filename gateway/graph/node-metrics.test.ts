import assert from 'node:assert/strict';
import test from 'node:test';
import { background } from '../../component/consumer.ts';
import { fakeClock } from '../../testing/clock.ts';
import { retryable } from '../../testing/sinks.ts';
import { sampleBatch } from '../../testing/spans.ts';
import { createMeter } from '../telemetry/meter.ts';
import type { Environment } from './environment.ts';
import { nodeMeter } from './node-metrics.ts';
import type { AnyConsumer, NodePlan } from './plan.ts';

function planOf(type: string): NodePlan {
  const component = { kind: 'processor', id: `${type}/a`, factory: { type } };
  return { component, fields: { 'otelcol.signal': 'traces' } } as unknown as NodePlan;
}

function started(level: 'normal' | 'detailed') {
  const clock = { now: 0, monotonicMs: () => clock.now };
  const meter = createMeter(level);
  const own = nodeMeter(planOf('filter'), { meter, clock } as unknown as Environment)!;
  const told = (name: string) =>
    meter.collect().find((reading) => reading.name === `otelcol_processor_${name}`)?.points[0];
  return { clock, own, told };
}

/** Hands on what it gets after some time, or drops it. */
function slow(clock: { now: number }, next: AnyConsumer | undefined): AnyConsumer {
  return {
    mutates: false,
    async consume(batch, ctx) {
      clock.now += 2000;
      await next?.consume(batch, ctx);
    },
  };
}

const batch = sampleBatch('traces', 3);

test('items in and out; the time of a processor is its own', async () => {
  const { clock, own, told } = started('detailed');
  const taking: AnyConsumer = {
    mutates: false,
    async consume() {
      clock.now += 60_000;
    },
  };
  await own.input(slow(clock, own.output(taking))).consume(batch, background);
  await own.input(slow(clock, undefined)).consume(batch, background);
  assert.deepEqual([told('incoming_items')?.value, told('outgoing_items')?.value], [6, 3]);
  assert.deepEqual(told('incoming_items')?.attributes, {
    processor: 'filter/a',
    'otel.signal': 'traces',
  });
  const duration = told('internal_duration')!;
  assert.deepEqual([duration.value, duration.buckets?.count], [4, 2]);
});

test('a refusal further on counts as handed on; no time is taken below level detailed', async () => {
  const { clock, own, told } = started('normal');
  const refusing: AnyConsumer = {
    mutates: false,
    consume: () => Promise.reject(retryable('busy')),
  };
  const input = own.input(slow(clock, own.output(refusing)));
  await assert.rejects(input.consume(batch, background), /busy/);
  assert.deepEqual([told('incoming_items')?.value, told('outgoing_items')?.value], [3, 3]);
  assert.equal(told('internal_duration'), undefined);
});

test('processors that hold what comes are not counted', () => {
  const env = { meter: createMeter(), clock: fakeClock() } as unknown as Environment;
  assert.equal(nodeMeter(planOf('batch'), env), undefined);
});
