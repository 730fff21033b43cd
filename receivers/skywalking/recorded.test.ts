/** What real agents sent, over gRPC: nothing is lost, and traces hold together. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import {
  itemsOf,
  plain,
  post,
  type Recorded,
  recording,
  startReceiver,
  streamed,
  unary,
} from './testing.ts';

/** Sends a recording as the agent did: runs of one path are a stream or calls of their own. */
async function replay(
  client: Parameters<typeof unary>[0],
  messages: readonly Recorded[],
): Promise<void> {
  const streams = new Map<string, Buffer[]>();
  for (const { path, data } of messages) {
    if (!/(Segment|Log|Meter)ReportService\/collect$|EventService/.test(path))
      await unary(client, path, data!);
    else if (data !== undefined) streams.set(path, [...(streams.get(path) ?? []), data]);
  }
  for (const [path, all] of streams) {
    assert.equal((await streamed(client, path, all)).length, 0);
  }
}

test('Node.js agent', async (t) => {
  const running = await startReceiver();
  t.after(running.close);
  await replay(running.client, recording('node-agent'));
  const spans = running.traces.batches.flatMap(itemsOf);
  assert.equal(spans.length, 19);
  const ids = new Set(spans.map((span) => span.spanId));
  assert.equal(ids.size, 19);
  // each request: its server, the client in it, the server that it calls
  const leaves = spans.filter((span) => span.name === 'GET:/leaf');
  assert.equal(leaves.length, 6);
  for (const leaf of leaves) {
    const client = spans.find((span) => span.spanId === leaf.parentSpanId);
    assert.equal(client.name, '/leaf');
    assert.equal(client.kind, 3);
    assert.equal(client.traceId, leaf.traceId);
    assert.equal(client.traceId, client.attributes['sw8.trace_id']);
    const server = spans.find((span) => span.spanId === client.parentSpanId);
    assert.equal(server.name, 'GET:/hello');
    assert.equal(server.kind, 2);
    assert.equal(server.parentSpanId, undefined);
    assert.equal(leaf.links[0].spanId, client.spanId);
    assert.match(client.attributes['url.full'], /^http:\/\/127\.0\.0\.1:\d+\/leaf\?/);
    assert.equal(client.attributes['server.address'], '127.0.0.1');
    assert.equal(typeof client.attributes['server.port'], 'number');
    assert.equal(client.attributes['sw8.component'], 'HttpClient');
  }
  const failed = spans.filter((span) => span.attributes['http.response.status_code'] === 500);
  assert.equal(failed.length, 2);
  const refused = spans.find((span) => span.name === '/x');
  assert.equal(refused.status.code, 2);
  assert.match(refused.status.message, /ECONNREFUSED/);
  assert.equal(refused.events[0].name, 'exception');

  const [properties] = running.logs.batches.flatMap(itemsOf);
  assert.equal(properties.eventName, 'skywalking.instance.properties');
  assert.equal(properties.attributes['sw8.instance.language'], 'NodeJS');
  // what the instance said of itself is on what came after it
  assert.equal(spans[0].resource['telemetry.sdk.language'], 'nodejs');
  assert.equal(spans[0].resource['service.name'], 'node-svc');
  assert.equal(typeof spans[0].resource['process.pid'], 'number');
});

test('Python agent: traces, logs and meters', async (t) => {
  const running = await startReceiver();
  t.after(running.close);
  await replay(running.client, recording('python-agent'));
  const spans = running.traces.batches.flatMap(itemsOf);
  const byId = new Map(spans.map((span) => [span.spanId, span]));
  assert.equal(byId.size, spans.length);
  const work = spans.filter((span) => span.name === 'work');
  assert.ok(work.length >= 5);
  assert.ok(work.every((span) => span.kind === 1 && byId.has(span.parentSpanId)));
  const threads = spans.filter((span) => span.name === 'thread');
  assert.ok(threads.length > 3);
  for (const { parentSpanId, traceId, links } of threads) {
    assert.equal(byId.get(parentSpanId).traceId, traceId);
    assert.equal(links[0].spanId, parentSpanId);
    assert.equal(plain(links[0].attributes).refType, 'CrossThread');
  }
  const failed = work.find((span) => span.status?.code === 2);
  assert.equal(failed.status.message, 'ValueError: three');
  assert.equal(failed.events[0].name, 'exception');
  const said = plain(failed.events[0].attributes);
  assert.match(String(said['exception.stacktrace']), /^Traceback/);

  const records = running.logs.batches.flatMap(itemsOf);
  const served = records.filter((record) => /serving \/hello/.test(record.body?.stringValue));
  assert.equal(served.length, 5);
  for (const record of served) {
    assert.equal(record.severityNumber, 9);
    assert.equal(record.severityText, 'INFO');
    assert.equal(record.resource['service.name'], 'py-svc');
    assert.ok(spans.some((span) => span.traceId === record.traceId));
  }
  const metrics = running.metrics.batches.flatMap(itemsOf);
  assert.ok(metrics.length > 10);
  assert.ok(metrics.every((m) => m.resource['service.instance.id'] === 'py-1'));
  assert.ok(metrics.some((m) => /cpu/i.test(m.name) && m.gauge !== undefined));
});

test('Java agent: metrics of the virtual machine, properties, events', async (t) => {
  const running = await startReceiver();
  t.after(running.close);
  await replay(running.client, recording('java-agent'));
  const metrics = running.metrics.batches.flatMap(itemsOf);
  const resource = metrics[0].resource;
  assert.equal(resource['service.name'], 'java-svc');
  assert.equal(resource['service.instance.id'], 'java-1');
  const of = (name: string) => metrics.filter((metric) => metric.name === name);
  assert.ok(of('jvm.memory.used').length >= 3);
  const pools = of('jvm.memory.used')[0].gauge.dataPoints.map((point: Point) => {
    const { 'jvm.memory.pool.name': pool, 'jvm.memory.type': type } = plain(point.attributes);
    assert.ok(Number(point.asInt) >= 0);
    return `${pool} ${type}`;
  });
  assert.ok(pools.includes('METASPACE_USAGE non_heap'));
  assert.ok(pools.includes('OLDGEN_USAGE heap'));
  const cpu = of('jvm.cpu.recent_utilization').map((m) => m.gauge.dataPoints[0].asDouble as number);
  assert.ok(cpu.every((value) => value >= 0 && value <= 1));
  const collections = of('sw.jvm.gc.count');
  assert.equal(collections[0].sum.aggregationTemporality, 1);
  const live = of('jvm.thread.count')[0].gauge.dataPoints[0];
  assert.equal(plain(live.attributes)['thread.state'], 'live');
  assert.ok(Number(live.asInt) > 5);
  assert.ok(Number(of('jvm.class.count')[0].gauge.dataPoints[0].asInt) > 100);

  const records = running.logs.batches.flatMap(itemsOf);
  const start = records.find(({ eventName }) => eventName === 'Start');
  assert.equal(start.body.stringValue, 'Start Java Application');
  assert.match(start.attributes['sw8.event.parameter.OPTS'], /-Xmx64m/);
  const properties = records.find(
    ({ eventName }) => eventName === 'skywalking.instance.properties',
  );
  assert.equal(properties.attributes['sw8.instance.version'], '9.3.0-8b9243c');
});

test('browser client', async (t) => {
  const running = await startReceiver();
  t.after(running.close);
  const file = new URL('../../wire/skywalking/testdata/browser-client.jsonl', import.meta.url);
  for (const line of readFileSync(file, 'utf8').trim().split('\n')) {
    const { path, body } = JSON.parse(line) as { path: string; body: string };
    assert.equal((await post(running.httpPort, path, body)).status, 200);
  }
  const spans = running.traces.batches.flatMap(itemsOf);
  assert.deepEqual(
    spans.map((span) => [span.kind, span.status?.code, span.attributes['url.full']]),
    [
      [3, undefined, 'http://127.0.0.1:44931/api/one?x=1'],
      [3, 2, 'http://127.0.0.1:44931/api/bad'],
    ],
  );
  assert.equal(spans[0].traceId, '1a3a61e06a0a40d2a6df0b4657e4ff30');
  assert.equal(spans[0].attributes['sw8.component'], 'ajax');
  assert.deepEqual(spans[0].resource, { 'service.name': 'web', 'service.instance.id': 'v1' });
  const errors = running.logs.batches.flatMap(itemsOf);
  assert.ok(errors.every(({ eventName }) => eventName === 'exception'));
  const types = errors.map(({ attributes }) => attributes['exception.type']);
  assert.deepEqual([...new Set(types)], ['promise', 'js', 'ajax']);
  assert.match(errors[1].attributes['exception.message'], /Cannot read properties of null/);
});

interface Point {
  readonly attributes: Parameters<typeof plain>[0];
  readonly asInt: string;
}
