import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { background } from '../../component/consumer.ts';
import { TracesBuilder } from '../../pdata/builder.ts';
import { SpanField, SpanReader } from '../../pdata/readers.ts';
import { testSettings } from '../../testing/settings.ts';
import { collectingSink, retryable } from '../../testing/sinks.ts';
import { factory } from './index.ts';
import {
  alwaysSample,
  neverSample,
  parseRandomness,
  parseThreshold,
  probabilityOf,
  randomnessText,
  thresholdFor,
  thresholdText,
} from './threshold.ts';
import { TraceState } from './trace-state.ts';

test('thresholds of probabilities, as the specification has them', () => {
  const text = (probability: number, precision = 4) =>
    thresholdText(thresholdFor(probability, precision)!);
  assert.equal(text(1), '0');
  assert.equal(text(0.5), '8');
  assert.equal(text(0.25), 'c');
  assert.equal(text(1 / 3), 'aaab');
  assert.equal(text(0.01), 'fd70a');
  assert.equal(text(2 ** -56, 14), 'ffffffffffffff');
  assert.equal(thresholdFor(2 ** -57, 4), undefined);
  assert.equal(thresholdFor(1.5, 4), undefined);
  assert.equal(thresholdText(neverSample), '');
  assert.deepEqual(parseThreshold('0'), alwaysSample);
  assert.equal(parseThreshold('123456789012345'), undefined);
  assert.equal(parseRandomness('1234'), undefined);
});

test('texts of thresholds and randomness are read back', () => {
  const bits = fc.record({
    hi: fc.integer({ min: 0, max: 2 ** 24 - 1 }),
    lo: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  });
  fc.assert(
    fc.property(bits, (value) => {
      assert.deepEqual(parseThreshold(thresholdText(value)), { ...value });
      assert.deepEqual(parseRandomness(randomnessText(value)), { ...value });
    }),
  );
});

test('a threshold stands for about the probability that it was made from', () => {
  fc.assert(
    fc.property(fc.double({ min: 1e-12, max: 1, noNaN: true }), (probability) => {
      const back = probabilityOf(thresholdFor(probability, 4)!);
      assert.ok(Math.abs(back - probability) / probability < 1e-3, `${probability} ${back}`);
    }),
  );
});

test('trace states are read and written', () => {
  const state = new TraceState();
  assert.equal(state.read('a=1, ot=th:c;rv:d0000000000000;x:y ,b@c=2'), '');
  assert.equal(state.thresholdText, 'c');
  assert.equal(state.randomnessText, 'd0000000000000');
  assert.equal(state.write(), 'ot=rv:d0000000000000;th:c;x:y,a=1,b@c=2');
  for (const bad of [
    'x',
    '=1',
    'A=1',
    'a=',
    'ot=th',
    'ot=;',
    'ot=th:x',
    'ot=rv:1',
    `a=${'x'.repeat(257)}`,
  ]) {
    assert.notEqual(state.read(bad), '', bad);
  }
  const many = (n: number) => Array.from({ length: n }, (_, i) => `k${i}=v`).join(',');
  assert.equal(state.read(many(31)), '');
  assert.notEqual(state.read(many(32)), '');
});

test('any text is either refused or read again from what is written', () => {
  const member = fc.oneof(
    fc.constantFrom('ot=th:8', 'ot=rv:00000000000001', 'a=b', '', ' ', 'ot=a:b;th:1', 'x@y=z'),
    fc.string({ maxLength: 8 }),
  );
  fc.assert(
    fc.property(fc.array(member, { maxLength: 6 }), (members) => {
      const state = new TraceState();
      if (state.read(members.join(',')) !== '') return;
      const again = new TraceState();
      assert.equal(again.read(state.write()), '');
      assert.equal(again.write(), state.write());
    }),
  );
});

function spans(count: number) {
  const builder = new TracesBuilder();
  builder.resource({ a: 'b' });
  builder.scope('lib');
  for (let i = 0; i < count; i += 1) {
    const traceId = Buffer.alloc(16, 5);
    traceId.writeUInt32BE(Math.imul(i, 2654435761) >>> 0, 9);
    const times = { startTimeUnixNano: 1n, endTimeUnixNano: 2n };
    builder.span({ traceId, spanId: Buffer.alloc(8, 1), name: 'x', ...times });
  }
  return builder.finish();
}

test('the share is kept, marked, counted, and the rest accounted for', async () => {
  const settings = testSettings();
  const sink = collectingSink<'traces'>();
  const { book, meter } = settings;
  book.node('source', 'source');
  book.node('sink', 'source');
  const config = factory.config.parse({ sampling_percentage: 25, mode: 'equalizing' });
  const next = book.edge('test', 'sink', sink);
  const processor = factory.create('traces', settings, config, next);
  const entry = book.edge('source', 'test', processor);
  await entry.consume(spans(4000), background);
  assert.ok(sink.items > 800 && sink.items < 1200, String(sink.items));
  assert.deepEqual(book.check(), []);
  const name = 'otelcol_processor_probabilistic_sampler_count_traces_sampled';
  assert.equal(meter.value(name, { policy: 'trace_id_w3c', sampled: 'true' }), sink.items);
  assert.equal(meter.value(name), 4000);
  const reader = new SpanReader(sink.batches[0]!);
  assert.ok(reader.nextAnyItem());
  assert.equal(reader.item.string(SpanField.traceState), 'ot=th:c');
});

test('what the next refuses is refused', async () => {
  const sink = collectingSink<'traces'>();
  sink.failures.push(retryable());
  const config = factory.config.parse({ sampling_percentage: 100 });
  const processor = factory.create('traces', testSettings(), config, sink);
  await assert.rejects(processor.consume(spans(1), background), /try later/);
});

test('bad configurations are refused with the known texts', () => {
  const bad = (given: unknown, text: RegExp) => {
    const parsed = factory.config.safeParse(given);
    assert.match(parsed.error?.issues.map(({ message }) => message).join('; ') ?? '', text);
  };
  bad({ sampling_percentage: -1 }, /sampling rate is negative/);
  bad({ sampling_percentage: Number.POSITIVE_INFINITY }, /sampling rate is invalid/);
  bad({ sampling_percentage: 1e-18 }, /sampling rate is too small/);
  bad({ sampling_precision: 0 }, /invalid sampling precision: 0/);
  bad({ sampling_precision: 15 }, /sampling precision is too great, should be <= 14: 15/);
  bad({ mode: 'random' }, /unsupported sampler mode "random"/);
  bad({ attribute_source: 'x' }, /invalid attribute source: x/);
});
