import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ConnectorNext } from '../../component/factory.ts';
import { TracesBuilder } from '../../pdata/builder.ts';
import { toJson } from '../../pdata/json.ts';
import { setAttribute } from '../../pdata/overlay.ts';
import { AttributeKey, SpanReader } from '../../pdata/readers.ts';
import { type AttributeSet, encodeValue } from '../../pdata/values.ts';
import { pointLines, startConnector } from '../../testing/connector.ts';
import { testGates, testSettings } from '../../testing/settings.ts';
import { collectingSink, permanent } from '../../testing/sinks.ts';
import { factory } from './index.ts';

const begin = 1_700_000_000_000_000_000n;

interface Span {
  readonly name?: string;
  readonly ms?: number;
  readonly attributes?: AttributeSet;
  readonly state?: string;
  readonly id?: number;
}

function spans(resource: AttributeSet, ...given: Span[]) {
  const builder = new TracesBuilder();
  builder.resource(resource);
  builder.scope('lib', '1');
  for (const { name = 'get', ms = 3, attributes = {}, state = '', id = 1 } of given) {
    builder.span({
      traceId: Buffer.alloc(16, id),
      spanId: Buffer.alloc(8, id),
      name,
      kind: 2,
      startTimeUnixNano: begin,
      endTimeUnixNano: begin + BigInt(ms * 1e6),
      attributes,
      traceState: state,
    });
  }
  return builder.finish();
}

const a = { 'service.name': 'a' };
const quiet = { exclude_dimensions: ['collector.instance.id', 'span.kind', 'status.code'] };
const delta = { ...quiet, aggregation_temporality: 'AGGREGATION_TEMPORALITY_DELTA' };

const start = (given: object, settings = testSettings()) =>
  startConnector(factory, ['traces', 'metrics'] as const, given, { settings });

type Started = Awaited<ReturnType<typeof start>>;

/** What the next export says; `traces.span.metrics.` and `.name` are left out. */
async function flushed({ settings, sink }: Started): Promise<string[]> {
  sink.batches.length = 0;
  await settings.clock.advance(60_000);
  return sink.batches
    .flatMap(pointLines)
    .map((line) => line.replace('traces.span.metrics.', '').replaceAll('.name', ''));
}

async function finish(started: Started): Promise<void> {
  await started.stop();
  assert.deepEqual(started.settings.book.check(), []);
  assert.equal(started.settings.budget.used, 0);
  assert.equal(started.settings.clock.pending, 0);
}

test('cumulative counters begin at 0; durations are there at once', async () => {
  const started = await start(quiet);
  await started.send(spans(a, {}, { name: 'put', ms: 5 }, { ms: 4 }));
  assert.deepEqual(await flushed(started), [
    'calls service=a span=get: 0',
    'calls service=a span=put: 0',
    'duration service=a span=get: 2/7',
    'duration service=a span=put: 1/5',
  ]);
  assert.deepEqual((await flushed(started)).slice(0, 2), [
    'calls service=a span=get: 2',
    'calls service=a span=put: 1',
  ]);
  await finish(started);
});

test('delta: each interval for itself, from the end of the last one', async () => {
  const started = await start({ ...delta, metric_timestamp_cache_size: 1 });
  await started.send(spans(a, {}, { name: 'put' }));
  assert.equal((await flushed(started)).length, 4);
  assert.deepEqual(await flushed(started), []);
  await started.send(spans(a, {}, { name: 'put' }));
  assert.deepEqual((await flushed(started)).slice(0, 2), [
    'calls service=a span=get: 1',
    'calls service=a span=put: 1',
  ]);
  const starts = [...toJson(started.sink.batches[0]!).matchAll(/"startTimeUnixNano":"(\d+)"/g)];
  // one of the two was remembered: it goes on from its export, a minute before the other began
  assert.equal(new Set(starts.map(([, ns]) => ns)).size, 2);
  await finish(started);
});

test('what was counted since the last export is exported at the end', async () => {
  const started = await start(quiet);
  await started.send(spans(a, {}));
  await started.stop();
  const lines = started.sink.batches.flatMap(pointLines);
  assert.equal(lines[0], 'traces.span.metrics.calls service.name=a span.name=get: 1');
  await finish(started);
  assert.equal(started.sink.batches.length, 1);
});

test('an export that is refused is dropped, told and accounted for', async () => {
  const started = await start(delta);
  started.sink.failures.push(permanent('queue full'));
  await started.send(spans(a, {}));
  assert.deepEqual(await flushed(started), []);
  assert.match(started.settings.logger.lines.at(-1)!.message, /Failed ConsumeMetrics/);
  await finish(started);
});

test('series beyond the limit count as one, without exemplars', async () => {
  const given = { ...delta, aggregation_cardinality_limit: 2, exemplars: { enabled: true } };
  const started = await start(given);
  await started.send(
    spans(a, ...['w', 'x', 'y', 'z', 'w'].map((name, i) => ({ name, id: i + 1 }))),
  );
  assert.deepEqual((await flushed(started)).slice(0, 3), [
    'calls otel.metric.overflow=true: 2',
    'calls service=a span=w: 2',
    'calls service=a span=x: 1',
  ]);
  const text = toJson(started.sink.batches[0]!);
  assert.equal(text.match(/"traceId"/g)?.length, 2 * 3);
  await finish(started);
});

test('exemplars: a few of each interval', async () => {
  const started = await start({ ...quiet, exemplars: { enabled: true, max_per_data_point: 2 } });
  await started.send(spans(a, { id: 1 }, { id: 2 }, { id: 3 }));
  await flushed(started);
  const ids = () =>
    [...toJson(started.sink.batches[0]!).matchAll(/"spanId":"(..)/g)].map(([, id]) => id);
  assert.deepEqual(ids(), ['01', '02', '01', '02']);
  await flushed(started);
  assert.deepEqual(ids(), []);
  await finish(started);
});

test('series and resources without spans are forgotten', async () => {
  const started = await start({ ...quiet, series_expiration: '90s', metrics_expiration: '5m' });
  await started.send(spans(a, { name: 'old' }));
  await started.settings.clock.advance(40_000);
  await started.send(spans(a, { name: 'new' }));
  await flushed(started);
  const calls = async () => (await flushed(started)).filter((line) => line.startsWith('calls'));
  assert.equal((await calls()).length, 2);
  assert.deepEqual(await calls(), ['calls service=a span=new: 1']);
  for (let minute = 0; minute < 5; minute += 1) await flushed(started);
  assert.equal(started.sink.batches.length, 0);
  await finish(started);
});

test('of too many resources the one used longest ago goes, after an export', async () => {
  const started = await start({ ...quiet, resource_metrics_cache_size: 2 });
  for (const name of ['a', 'b', 'a', 'c']) await started.send(spans({ 'service.name': name }, {}));
  const services = async () =>
    (await flushed(started)).filter((line) => line.startsWith('calls')).map((line) => line[14]);
  assert.deepEqual(await services(), ['a', 'b', 'c']);
  assert.deepEqual(await services(), ['a', 'c']);
  await finish(started);
});

test('spans that stand for several count as several', async () => {
  const started = await start(delta);
  const states = ['ot=th:8', 'a=b,ot=th:c', 'ot=th:0', 'ot=th:zz', 'ot=rv:1;th:8', ''];
  await started.send(spans(a, ...states.map((state) => ({ state }))));
  assert.deepEqual(await flushed(started), [
    'calls service=a span=get: 10',
    'duration service=a span=get: 10/30',
  ]);
  await started.send(
    spans(a, ...Array.from({ length: 3000 }, (_, i) => ({ state: `i=${i},ot=th:55` }))),
  );
  const [line] = await flushed(started);
  const counted = Number(line!.split(': ')[1]);
  assert.ok(Math.abs(counted - 3000 * 1.5) < 150, `${counted} instead of about 4500`);
  await finish(started);
});

test('memory: series count together, new resources are refused, until there is room', async () => {
  const started = await start(delta, testSettings({ budgetBytes: 30_000 }));
  for (let i = 0; i < 300; i += 1) await started.send(spans(a, { name: `span ${i}` }));
  await started.send(spans({ 'service.name': 'late' }, {}));
  const lines = (await flushed(started)).filter((line) => line.startsWith('calls'));
  assert.ok(lines.length < 300);
  assert.equal(
    lines.reduce((sum, line) => sum + Number(line.split(': ')[1]), 0),
    300,
  );
  assert.ok(lines.some((line) => line.includes('overflow')));
  const node = started.settings.book.snapshot().nodes.find((one) => one.node === 'test')!;
  assert.equal(node.dropped.memory_budget, 1);
  await started.send(spans({ 'service.name': 'late' }, {}));
  assert.equal((await flushed(started))[0], 'calls service=late span=get: 1');
  await finish(started);
});

test('a successor goes on counting; with other buckets it begins anew', async () => {
  const first = await start(quiet);
  await first.send(spans(a, {}));
  await flushed(first);
  const sink = collectingSink<'metrics'>();
  const next: ConnectorNext<'metrics'> = Object.assign(sink, { pipelines: new Map() });
  const make = (given: object) => {
    const config = factory.config.parse({ ...quiet, ...given });
    return factory.create('traces', 'metrics', first.settings, config, next);
  };
  const other = make({ histogram: { unit: 's' } });
  await other.takeOver!(first.connector);
  const heir = make({ namespace: 'n' });
  await heir.takeOver!(first.connector);
  await heir.start();
  await first.stop();
  await first.settings.clock.advance(60_000);
  assert.deepEqual(sink.batches.flatMap(pointLines), [
    'n.calls service.name=a span.name=get: 1',
    'n.duration service.name=a span.name=get: 1/3',
  ]);
  await heir.shutdown();
  await other.shutdown();
  assert.equal(first.settings.budget.used, 0);
});

test('edits of an earlier processor are seen', async () => {
  const started = await start({ ...delta, dimensions: [{ name: 'k' }] });
  const batch = spans(a, { attributes: { k: 'before' } }).editable();
  const reader = new SpanReader(batch);
  assert.ok(reader.nextAnyItem());
  setAttribute(reader.item, new AttributeKey('k'), encodeValue('after'));
  await started.send(batch);
  assert.equal((await flushed(started))[0], 'calls service=a span=get k=after: 1');
  await finish(started);
});

test('feature gates', async () => {
  const gates = testGates(
    'connector.spanmetrics.excludeResourceMetrics',
    '-connector.spanmetrics.includeCollectorInstanceID',
    'connector.spanmetrics.legacyMetricNames',
    'spanmetrics.statusCodeConvention.useOtelPrefix',
  );
  const given = { ...delta, exclude_dimensions: [], histogram: { disable: true } };
  const started = await start(given, testSettings({ gates }));
  const builder = new TracesBuilder();
  builder.resource(a);
  for (const statusCode of [0, 2]) {
    const ids = { traceId: Buffer.alloc(16, 1), spanId: Buffer.alloc(8, 1) };
    const times = { startTimeUnixNano: begin, endTimeUnixNano: begin };
    builder.span({ ...ids, ...times, name: 'get', statusCode });
  }
  await started.send(builder.finish());
  assert.deepEqual(await flushed(started), [
    'calls service=a span=get span.kind=SPAN_KIND_UNSPECIFIED otel.status_code=ERROR: 1',
    'calls service=a span=get span.kind=SPAN_KIND_UNSPECIFIED: 1',
  ]);
  assert.match(toJson(started.sink.batches[0]!), /"resource":\{\}/);
  await finish(started);
});

test('the end tells what was counted when it was refused before', async () => {
  const started = await start(quiet);
  await started.send(spans(a, {}, {}));
  started.sink.failures.push(permanent());
  assert.deepEqual(await flushed(started), []);
  await finish(started);
  assert.match(started.sink.batches.flatMap(pointLines)[0] ?? '', /calls .*: 2$/);
});
