import assert from 'node:assert/strict';
import { test } from 'node:test';
import { background } from '../../component/consumer.ts';
import type { Traces } from '../../pdata/batch.ts';
import { TracesBuilder } from '../../pdata/builder.ts';
import { SpanReader } from '../../pdata/readers.ts';
import { type TestSettings, testSettings } from '../../testing/settings.ts';
import { collectingSink, permanent } from '../../testing/sinks.ts';
import { factory } from './index.ts';

function spans(service: string, list: readonly (readonly [trace: number, name: string])[]): Traces {
  const builder = new TracesBuilder();
  builder.resource({ 'service.name': service }, 'https://example.com/resource');
  builder.scope('lib', '1', {}, 'https://example.com/scope');
  for (const [trace, name] of list) {
    const times = { startTimeUnixNano: 1n, endTimeUnixNano: 2n };
    builder.span({ traceId: Buffer.alloc(16, trace), spanId: Buffer.alloc(8, 1), name, ...times });
  }
  return builder.finish();
}

function names(batch: Traces): string {
  const reader = new SpanReader(batch);
  const out: string[] = [];
  while (reader.nextAnyItem()) out.push(reader.name);
  return out.join(' ');
}

async function started(given: unknown, settings: TestSettings = testSettings()) {
  const sink = collectingSink<'traces'>();
  const { book } = settings;
  book.node('source', 'source');
  book.node('sink', 'source');
  const next = book.edge('test', 'sink', sink);
  const processor = factory.create('traces', settings, factory.config.parse(given), next);
  await processor.start();
  const entry = book.edge('source', 'test', processor);
  const stop = async () => {
    await processor.shutdown();
    assert.equal(settings.budget.used, 0);
    assert.equal(settings.clock.pending, 0);
    assert.deepEqual(book.check(), []);
  };
  return {
    settings,
    sink,
    stop,
    send: (service: string, list: readonly (readonly [number, string])[]) =>
      entry.consume(spans(service, list), background),
    names: () => sink.batches.map(names),
  };
}

const prefix = 'otelcol_processor_groupbytrace_';

test('each trace is sent on as a batch, wait_duration after its first span', async () => {
  const { settings, sink, send, stop, names } = await started({ wait_duration: '2s' });
  await send('a', [
    [1, 'a'],
    [2, 'b'],
    [1, 'c'],
  ]);
  await settings.clock.advance(1500);
  await send('b', [
    [1, 'd'],
    [3, 'e'],
  ]);
  assert.equal(settings.meter.value(`${prefix}num_traces_in_memory`), 3);
  await settings.clock.advance(500);
  assert.deepEqual(names(), ['a c d', 'b']);
  await settings.clock.advance(1500);
  assert.deepEqual(names(), ['a c d', 'b', 'e']);
  assert.equal(settings.meter.value(`${prefix}traces_released`), 3);
  assert.equal(settings.meter.value(`${prefix}spans_released`), 5);
  const text = Buffer.concat(sink.batches[0]!.ranges()).toString('latin1');
  assert.ok(text.includes('https://example.com/resource') && text.includes('example.com/scope'));
  await stop();
});

test('the oldest trace is dropped when there are too many', async () => {
  const { settings, send, stop, names } = await started({ num_traces: 2 });
  await send('a', [
    [1, 'a'],
    [2, 'b'],
    [3, 'c'],
  ]);
  await settings.clock.advance(1000);
  assert.deepEqual(names(), ['b', 'c']);
  assert.equal(settings.meter.value(`${prefix}traces_evicted`), 1);
  assert.equal(settings.meter.value(`${prefix}conf_num_traces`), 2);
  await stop();
});

test('shutdown sends on what waits', async () => {
  const { send, stop, names } = await started({ wait_duration: '1h' });
  await send('a', [
    [1, 'a'],
    [2, 'b'],
  ]);
  await stop();
  assert.deepEqual(names(), ['a', 'b']);
});

test('what the next refuses is dropped, logged and accounted for', async () => {
  const { settings, sink, send, stop, names } = await started({});
  sink.failures.push(permanent('full'));
  await send('a', [
    [1, 'a'],
    [2, 'b'],
  ]);
  await settings.clock.advance(1000);
  assert.deepEqual(names(), ['b']);
  const line = settings.logger.lines.find(({ level }) => level === 'error');
  assert.equal(line?.message, 'consume failed');
  await stop();
});

test('many traces are sent on in slices', async () => {
  const { settings, sink, send, stop } = await started({});
  for (let i = 0; i < 4; i += 1) {
    const list = Array.from({ length: 250 }, (_, trace) => [trace, `${i}`] as const);
    await send('a', list);
  }
  await settings.clock.advance(1000);
  assert.equal(sink.batches.length, 250);
  assert.ok(sink.batches.every((batch) => names(batch) === '0 1 2 3'));
  await stop();
});

test('what cannot be had is refused at the start, by its key', () => {
  const bad = (given: unknown, text: RegExp) => {
    const config = factory.config.parse(given);
    const create = () => factory.create('traces', testSettings(), config, collectingSink());
    assert.throws(create, text);
  };
  bad({ store_on_disk: true }, /store_on_disk/);
  bad({ discard_orphans: true }, /discard_orphans/);
  bad({ num_workers: 0 }, /num_workers/);
  bad({ num_traces: 0 }, /num_traces/);
});

test('another configuration goes on with the traces that wait', async () => {
  const settings = testSettings();
  const first = collectingSink<'traces'>();
  const make = (wait: string, sink: typeof first) =>
    factory.create('traces', settings, factory.config.parse({ wait_duration: wait }), sink);
  const old = make('10s', first);
  await old.start();
  await old.consume(
    spans('a', [
      [1, 'a'],
      [2, 'b'],
    ]),
    background,
  );
  await settings.clock.advance(1000);
  const sink = collectingSink<'traces'>();
  const successor = make('2s', sink);
  await successor.takeOver!(old);
  await successor.start();
  await old.shutdown();
  await successor.consume(spans('a', [[1, 'c']]), background);
  await settings.clock.advance(1000);
  assert.deepEqual(sink.batches.map(names), ['a c', 'b']);
  assert.equal(first.items, 0);
  await successor.shutdown();
  assert.equal(settings.budget.used, 0);
  assert.equal(settings.clock.pending, 0);
  assert.equal(settings.meter.gauges, 0);
});
