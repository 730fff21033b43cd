import assert from 'node:assert/strict';
import test from 'node:test';
import { background } from '../../component/consumer.ts';
import { TracesBuilder } from '../../pdata/builder.ts';
import { Ledger } from '../../pipeline/ledger.ts';
import { testSettings } from '../../testing/settings.ts';
import { factory } from './index.ts';

test('what it takes counts as delivered', async () => {
  const book = new Ledger();
  const exporter = factory.create('traces', testSettings({ id: 'nop', book }), {});
  const builder = new TracesBuilder();
  builder.resource({});
  builder.scope('', '');
  builder.span({
    traceId: new Uint8Array(16).fill(1),
    spanId: new Uint8Array(8).fill(1),
    name: 'a',
    startTimeUnixNano: 1n,
    endTimeUnixNano: 2n,
  });
  await exporter.start();
  await exporter.consume(builder.finish(), background);
  await exporter.shutdown();
  const delivered = book.snapshot().nodes.map((node) => node.delivered);
  assert.deepEqual(delivered, [1]);
});

test('it has no keys', () => {
  assert.deepEqual(factory.config.parse({}), {});
  assert.equal(factory.config.safeParse({ endpoint: 'x' }).success, false);
});
