import assert from 'node:assert/strict';
import { test } from 'node:test';
import { background, type Context } from '../../component/consumer.ts';
import { settle } from '../../testing/clock.ts';
import { testSettings } from '../../testing/settings.ts';
import { collectingSink, permanent } from '../../testing/sinks.ts';
import { sampleBatch } from '../../testing/spans.ts';
import { config } from './config.ts';
import { factory } from './index.ts';

async function started(given: object, mutates = false) {
  const settings = testSettings({ id: 'queuebatch' });
  const sink = collectingSink<'traces'>(mutates);
  const processor = factory.create('traces', settings, config.parse(given), sink);
  await processor.start();
  const send = (items: number, ctx: Context = background) =>
    processor.consume(sampleBatch('traces', items), ctx);
  const node = () => settings.book.snapshot().nodes.find(({ node: id }) => id === 'queuebatch');
  return { settings, sink, processor, send, node };
}

test('small batches become one, at its size or after some time', async () => {
  const { settings, sink, processor, send } = await started({ batch: { min_size: 5 } });
  await send(2);
  await settle();
  assert.equal(sink.batches.length, 0);
  await send(3);
  await settle();
  assert.deepEqual(
    sink.batches.map((batch) => batch.itemCount),
    [5],
  );
  await send(1);
  await settings.clock.advance(200);
  assert.deepEqual(
    sink.batches.map((batch) => batch.itemCount),
    [5, 1],
  );
  const { meter } = settings;
  const who = { processor: 'queuebatch' };
  assert.equal(meter.value('otelcol_processor_queuebatch_sent_items', who), 6);
  assert.equal(meter.value('otelcol_processor_queuebatch_queue_capacity', who), 10);
  assert.deepEqual(
    [...meter.names].filter((name) => name.includes('exporter')),
    [],
  );
  await processor.shutdown();
  assert.equal(meter.gauges, 0);
});

test('a shutdown hands on what waits', async () => {
  const { sink, processor, send } = await started({});
  await send(2);
  await processor.shutdown();
  assert.equal(sink.items, 2);
});

test('what the next one refuses is dropped and counted', async () => {
  const { settings, sink, send, node } = await started({ batch: { enabled: false } });
  sink.failures.push(permanent());
  await send(4);
  await settle();
  assert.equal(settings.meter.value('otelcol_processor_queuebatch_send_failed_items'), 4);
  assert.equal(
    Object.values(node()!.dropped).reduce((a, b) => a + b),
    4,
  );
  assert.equal(node()!.delivered, 0);
  assert.equal(node()!.held, 0);
});

test('a sender that waits for the result is told', async () => {
  const given = { wait_for_result: true, batch: { enabled: false } };
  const { sink, send } = await started(given);
  sink.failures.push(permanent('no'));
  await assert.rejects(send(1), /no/);
});

test('clients are kept apart and known to the next one', async () => {
  const { settings, sink, send } = await started({
    batch: { partition: { metadata_keys: ['tenant'] } },
  });
  const of = (tenant: string): Context => ({
    ...background,
    client: { address: '', metadata: new Map([['tenant', [tenant]]]) },
  });
  await send(1, of('a'));
  await send(2, of('b'));
  await send(3, of('a'));
  await settings.clock.advance(200);
  assert.deepEqual(sink.batches.map((batch) => batch.itemCount).sort(), [2, 4]);
  const tenants = sink.contexts.map(({ client }) => client.metadata.get('tenant')?.[0]);
  assert.deepEqual(tenants.sort(), ['a', 'b']);
});

test('one that edits is given batches to edit', async () => {
  const { sink, processor, send } = await started({ batch: { enabled: false } }, true);
  const edited: boolean[] = [];
  sink.consume = async (batch) => void edited.push(batch.ranges().length > 0);
  await send(1);
  await processor.shutdown();
  assert.deepEqual(edited, [true]);
});
