import assert from 'node:assert/strict';
import { test } from 'node:test';
import { background, type Consumer } from '../../component/consumer.ts';
import { settle } from '../../testing/clock.ts';
import { type TestSettings, testSettings } from '../../testing/settings.ts';
import { collectingSink, permanent } from '../../testing/sinks.ts';
import { numberedSpans, range, spanNumbers } from '../../testing/spans.ts';
import { factory } from './index.ts';

async function started(given: unknown, settings: TestSettings = testSettings()) {
  const sink = collectingSink<'traces'>();
  const { book } = settings;
  book.node('source', 'source');
  const next: Consumer<'traces'> = book.edge('test', 'sink', sink);
  book.node('sink', 'source');
  const processor = factory.create('traces', settings, factory.config.parse(given), next);
  await processor.start();
  const entry = book.edge('source', 'test', processor);
  const send = (from: number, count: number, ctx = background) =>
    entry.consume(numberedSpans(range(from, count)), ctx);
  const arrived = () => sink.batches.map(spanNumbers);
  return { settings, sink, processor, send, arrived };
}

function assertSettled(settings: TestSettings): void {
  assert.equal(settings.budget.used, 0);
  assert.equal(settings.clock.pending, 0);
  assert.deepEqual(settings.book.check(), []);
}

test('a batch goes when it is large enough, with all that is there', async () => {
  const { settings, processor, send, arrived } = await started({ send_batch_size: 10 });
  await send(0, 4);
  await send(4, 4);
  assert.deepEqual(arrived(), []);
  await send(8, 4);
  await settle();
  assert.deepEqual(arrived(), [range(0, 12)]);
  const { meter } = settings;
  assert.equal(meter.value('otelcol_processor_batch_batch_size_trigger_send'), 1);
  assert.equal(meter.value('otelcol_processor_batch_timeout_trigger_send'), 0);
  assert.equal(meter.value('otelcol_processor_batch_batch_send_size', { processor: 'test' }), 1);
  await processor.shutdown();
  assert.equal(meter.gauges, 0);
  assertSettled(settings);
});

test('a small batch goes after the timeout, counted from its first request', async () => {
  const { settings, processor, send, arrived } = await started({});
  await send(0, 1);
  await settings.clock.advance(150);
  await send(1, 1);
  await settings.clock.advance(49);
  assert.deepEqual(arrived(), []);
  await settings.clock.advance(1);
  assert.deepEqual(arrived(), [[0, 1]]);
  await processor.shutdown();
  assertSettled(settings);
});

test('timeout 0 sends at once, split at the largest size', async () => {
  const { settings, processor, send, arrived } = await started({
    timeout: 0,
    send_batch_size: 2,
    send_batch_max_size: 3,
  });
  await send(0, 7);
  await settle();
  assert.deepEqual(arrived(), [range(0, 3), range(3, 3), [6]]);
  await processor.shutdown();
  assertSettled(settings);
});

test('send_batch_max_size splits; what is left waits for more', async () => {
  const { settings, processor, send, arrived } = await started({
    send_batch_size: 4,
    send_batch_max_size: 5,
  });
  await send(0, 12);
  await settle();
  assert.deepEqual(arrived(), [range(0, 5), range(5, 5)]);
  await send(12, 2);
  await settle();
  assert.deepEqual(arrived()[2], range(10, 4));
  await processor.shutdown();
  assertSettled(settings);
});

test('shutdown sends what is there', async () => {
  const { settings, processor, send, arrived } = await started({});
  await send(0, 3);
  await processor.shutdown();
  assert.deepEqual(arrived(), [range(0, 3)]);
  await assert.rejects(send(3, 1), /not running/);
  assertSettled(settings);
});

test('what the next refuses is dropped, logged and accounted for', async () => {
  const { settings, sink, processor, send } = await started({ send_batch_size: 2 });
  sink.failures.push(permanent('queue full'));
  await send(0, 3);
  await settle();
  const node = settings.book.snapshot().nodes.find(({ node }) => node === 'test');
  assert.deepEqual(node?.dropped, { refused_by_next: 3 });
  const line = settings.logger.lines.find(({ level }) => level === 'error');
  assert.equal(line?.message, 'Sender failed');
  await processor.shutdown();
  assertSettled(settings);
});

test('metadata keeps batches apart, up to the limit', async () => {
  const { settings, sink, processor, send, arrived } = await started({
    send_batch_size: 4,
    metadata_keys: ['Tenant'],
    metadata_cardinality_limit: 2,
  });
  const of = (tenant: string) => ({
    ...background,
    client: {
      address: 'a:1',
      metadata: new Map([
        ['tenant', [tenant]],
        ['other', ['x']],
      ]),
    },
  });
  await send(0, 2, of('a'));
  await send(10, 2, of('b'));
  await assert.rejects(send(20, 2, of('c')), /too many batcher metadata-value combinations/);
  await send(2, 2, of('a'));
  await settle();
  assert.deepEqual(arrived(), [range(0, 4)]);
  assert.deepEqual([...sink.contexts[0]!.client.metadata], [['tenant', ['a']]]);
  assert.equal(settings.meter.value('otelcol_processor_batch_metadata_cardinality'), 2);
  await processor.shutdown();
  assertSettled(settings);
});

test('what waits is reserved, and refused when it does not fit', async () => {
  const settings = testSettings({ budgetBytes: 2000 });
  const { processor, send } = await started({}, settings);
  await send(0, 1);
  assert.ok(settings.budget.used > 0);
  await assert.rejects(send(1, 100), /memory budget exhausted/);
  await processor.shutdown();
  assertSettled(settings);
});

test('a slow next makes senders wait instead of filling memory', async () => {
  const settings = testSettings();
  let open = () => {};
  const next: Consumer<'traces'> = {
    mutates: false,
    consume: () => new Promise((resolve) => (open = resolve)),
  };
  const config = factory.config.parse({ send_batch_size: 10_000 });
  const processor = factory.create('traces', settings, config, next);
  await processor.start();
  const batch = numberedSpans(range(0, 10_000));
  let accepted = 0;
  const sent = range(0, 10).map(() => processor.consume(batch, background).then(() => accepted++));
  await settle();
  assert.equal(accepted, 5);
  open();
  await settle();
  assert.ok(accepted > 5);
  const stopped = Promise.all(sent).then(() => processor.shutdown());
  for (let i = 0; i < 10; i++) {
    open();
    await settle();
  }
  await stopped;
  assert.equal(settings.budget.used, 0);
});

test('bad configurations are refused with the known texts', () => {
  const bad = (given: unknown, text: RegExp) => {
    const parsed = factory.config.safeParse(given);
    assert.match(parsed.error?.issues.map(({ message }) => message).join('; ') ?? '', text);
  };
  bad(
    { send_batch_size: 10, send_batch_max_size: 5 },
    /^send_batch_max_size must be greater or equal to send_batch_size$/,
  );
  bad({ metadata_keys: ['a', 'A'] }, /^duplicate entry in metadata_keys: "a"/);
  bad({ timeout: '-1s' }, /must be at least 0s/);
  bad({ foo: 1 }, /foo/);
});

test('a batch that cannot be split is dropped and accounted for; the next one goes on', async () => {
  const { settings, processor, arrived } = await started({
    send_batch_size: 2,
    send_batch_max_size: 2,
  });
  const broken = numberedSpans(range(0, 3));
  const split = () => {
    throw new Error('no way');
  };
  Object.defineProperty(broken, 'split', { value: split });
  const entry = settings.book.edge('source', 'test', processor);
  await entry.consume(broken, background);
  await settle();
  await entry.consume(numberedSpans(range(3, 2)), background);
  await settle();
  assert.deepEqual(arrived(), [range(3, 2)]);
  const node = settings.book.snapshot().nodes.find(({ node }) => node === 'test');
  assert.deepEqual(node?.dropped, { cannot_merge: 3 });
  await processor.shutdown();
  assertSettled(settings);
});

test('a shutdown waits for those who wait for room', async () => {
  const { settings, sink, processor, send, arrived } = await started({
    send_batch_size: 10,
    timeout: '1h',
  });
  let open = () => {};
  const gate = new Promise<void>((resolve) => {
    open = resolve;
  });
  const consume = sink.consume.bind(sink);
  sink.consume = (batch, ctx) => gate.then(() => consume(batch, ctx));
  await send(0, 10);
  await send(10, 32_768);
  const waiting = send(40_000, 1);
  const stopped = processor.shutdown();
  await settle();
  open();
  await Promise.all([waiting, stopped]);
  assert.equal(arrived().flat().length, 10 + 32_768 + 1);
  assertSettled(settings);
});
