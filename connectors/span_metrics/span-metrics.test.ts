import assert from 'node:assert/strict';
import { test } from 'node:test';
import { background } from '../../component/consumer.ts';
import type { ConnectorNext } from '../../component/factory.ts';
import { TracesBuilder } from '../../pdata/builder.ts';
import { toJson } from '../../pdata/json.ts';
import { settle } from '../../testing/clock.ts';
import { type TestSettings, testSettings } from '../../testing/settings.ts';
import { collectingSink, permanent } from '../../testing/sinks.ts';
import { factory } from './index.ts';

async function started(given: unknown, settings: TestSettings = testSettings()) {
  const { book } = settings;
  const sink = collectingSink<'metrics'>();
  book.node('source', 'source');
  book.node('sink', 'source');
  const edge = book.edge('test', 'sink', sink);
  const consume: typeof edge.consume = (batch, ctx) => edge.consume(batch, ctx);
  const next: ConnectorNext<'metrics'> = { mutates: false, consume, pipelines: new Map() };
  const config = factory.config.parse(given);
  const connector = factory.create('traces', 'metrics', settings, config, next);
  await connector.start();
  const entry = book.edge('source', 'test', connector);
  return {
    settings,
    sink,
    connector,
    send: (b: TracesBuilder) => entry.consume(b.finish(), background),
  };
}

test('x', async () => {
  const { settings, sink, connector, send } = await started({
    dimensions: [{ name: 'http.method' }],
    exemplars: { enabled: true },
  });
  const b = new TracesBuilder();
  b.resource({ 'service.name': 'shop' });
  for (let i = 0; i < 5; i++)
    b.span({
      traceId: Buffer.alloc(16, 1),
      spanId: Buffer.alloc(8, i + 1),
      name: `GET /${i % 2}`,
      kind: 2,
      startTimeUnixNano: 1_700_000_000_000_000_000n,
      endTimeUnixNano: 1_700_000_000_000_000_000n + BigInt(i) * 3_000_000n,
      attributes: { 'http.method': 'GET', n: 5 },
    });
  await send(b);
  await settings.clock.advance(60_000);
  console.log(JSON.stringify(JSON.parse(toJson(sink.batches[0]!)), null, 1));
  await connector.shutdown();
  assert.deepEqual(settings.book.check(), []);
});
