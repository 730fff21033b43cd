import assert from 'node:assert/strict';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { compressSync } from 'snappy';
import { toJson } from '../../pdata/json.ts';
import { realClock } from '../../testing/clock.ts';
import { realTimeSettings } from '../../testing/settings.ts';
import { collectingSink, permanent, retryable } from '../../testing/sinks.ts';
import { sampleBatch } from '../../testing/spans.ts';
import { message1 } from '../../wire/prometheus/testing/message.ts';
import { config } from './config.ts';
import { deepflowReceiver } from './receiver.ts';

const all = ['traces', 'metrics', 'logs'] as const;

async function start(
  t: TestContext,
  signals: readonly (typeof all)[number][] = all,
  budgetBytes = 2 ** 26,
) {
  const settings = realTimeSettings(realClock(), { id: 'deepflow', budgetBytes });
  const sinks = {
    traces: collectingSink<'traces'>(),
    metrics: collectingSink<'metrics'>(),
    logs: collectingSink<'logs'>(),
  };
  const next = Object.fromEntries(signals.map((signal) => [signal, sinks[signal]]));
  const decoded = config.parse({ endpoint: '127.0.0.1:0' });
  const receiver = deepflowReceiver(settings, decoded, next);
  await receiver.start();
  t.after(() => receiver.shutdown());
  const base = `http://127.0.0.1:${(receiver.address as AddressInfo).port}`;
  const post = async (
    path: string,
    body: string | Uint8Array,
    headers: Readonly<Record<string, string>> = {},
  ) => {
    const given = typeof body === 'string' ? body : Uint8Array.from(body);
    const response = await fetch(base + path, { method: 'POST', body: given, headers });
    return { status: response.status, headers: response.headers, text: await response.text() };
  };
  return { settings, sinks, base, post };
}

const protobuf = { 'content-type': 'application/x-protobuf' };
const json = { 'content-type': 'application/json' };
const event = { message: 'm', timestamp: '2024-05-23T10:26:47Z' };
const segment = {
  traceId: 'f'.repeat(32),
  traceSegmentId: 'a'.repeat(32),
  service: 's',
  serviceInstance: 'i',
  spans: [{ parentSpanId: -1, startTime: 1_700_000_000_000, endTime: 1_700_000_000_001 }],
};

test('every path lands', async (t) => {
  const { post, sinks, settings } = await start(t);
  const spans = Buffer.concat(sampleBatch('traces', 3).ranges());
  const samples = [{ value: 1, time: 1_700_000_000_000 }];
  const write = compressSync(message1([{ labels: { __name__: 'up' }, samples }]));
  const answers = [
    await post('/api/v1/otel/trace', spans, protobuf),
    await post('/api/v1/otel/trace', toJson(sampleBatch('traces', 2)), json),
    await post('/api/v1/otel/trace/v1/traces', gzipSync(spans), {
      ...protobuf,
      'content-encoding': 'gzip',
    }),
    await post('/v3/segment', JSON.stringify(segment), json),
    await post('/v3/segments', JSON.stringify([segment, segment]), json),
    await post('/api/v1/prometheus', write, { ...protobuf, 'content-encoding': 'snappy' }),
    await post('/api/v1/telegraf', 'cpu,host=a usage=0.5 1700000000000000000\n'),
    await post('/api/v1/log', JSON.stringify([event, event]), json),
    await post('/api/v1/log', gzipSync(JSON.stringify(event)), { 'content-encoding': 'gzip' }),
  ];
  const statuses = answers.map(({ status }) => status);
  assert.deepEqual(statuses, [200, 200, 200, 200, 200, 204, 204, 200, 200]);
  assert.deepEqual([sinks.traces.items, sinks.metrics.items, sinks.logs.items], [11, 2, 3]);
  assert.equal(settings.budget.used, 0);
  const { meter } = settings;
  const given = { receiver: 'deepflow', transport: 'http' };
  assert.equal(meter.value('otelcol_receiver_accepted_spans', given), 11);
  assert.equal(meter.value('otelcol_receiver_accepted_metric_points', given), 2);
  assert.equal(meter.value('otelcol_receiver_accepted_log_records', given), 3);
});

test('paths of signals that no pipeline wants are not found, as are others', async (t) => {
  const { post, base } = await start(t, ['logs']);
  for (const path of [
    '/api/v1/otel/trace',
    '/v3/segments',
    '/api/v1/telegraf',
    '/api/v1/prometheus',
    '/api/v1/profile/ingest',
    '/api/v1/otel/metric',
    '/v3/logs',
    '/v0.4/traces',
  ]) {
    assert.equal((await post(path, 'x', json)).status, 404, path);
  }
  assert.equal((await fetch(base)).status, 200);
  const got = await fetch(`${base}/api/v1/log`);
  assert.deepEqual([got.status, got.headers.get('allow')], [405, 'POST']);
});

test('log events: the good ones are kept, the sender is told of the others', async (t) => {
  const { post, sinks, settings } = await start(t);
  const partly = await post('/api/v1/log', JSON.stringify([event, { level: 'info' }, event]));
  assert.equal(partly.status, 400);
  assert.equal(partly.text, '1 of 3 events are refused: event 1: it has no message\n');
  assert.equal(sinks.logs.items, 2);
  const broken = await post('/api/v1/log', '[{"message"');
  assert.equal(broken.status, 400);
  assert.match(broken.text, /^1 of 1 events are refused: event 0: a value that does not end/);
  assert.equal(sinks.logs.items, 2);
  assert.equal(settings.meter.value('otelcol_receiver_refused_log_records'), 2);
  const nothing = await post('/api/v1/log', '[]');
  assert.deepEqual([nothing.status, sinks.logs.items], [200, 2]);
  const unpacked = await post('/api/v1/log', 'no gzip', { 'content-encoding': 'gzip' });
  assert.equal(unpacked.status, 400);
  const unknown = await post('/api/v1/log', 'x', { 'content-encoding': 'br2' });
  assert.equal(unknown.status, 415);
  assert.equal(settings.budget.used, 0);
});

test('log events that the pipeline refuses', async (t) => {
  const { post, sinks, settings } = await start(t);
  sinks.logs.failures.push(retryable('full', { retryAfterMs: 2500 }), permanent('never'));
  const body = JSON.stringify([event]);
  const later = await post('/api/v1/log', body);
  assert.deepEqual(
    [later.status, later.headers.get('retry-after'), later.text],
    [503, '3', 'full\n'],
  );
  const never = await post('/api/v1/log', body);
  assert.deepEqual([never.status, never.text], [400, 'never\n']);
  assert.equal(settings.meter.value('otelcol_receiver_refused_log_records'), 2);
  assert.equal(settings.budget.used, 0);
});

test('a large request is read between others', async (t) => {
  const { post, sinks, settings } = await start(t);
  const events = Array.from({ length: 20_000 }, (_, n) => ({ ...event, n }));
  const large = post('/api/v1/log', JSON.stringify(events));
  const small = await post('/api/v1/log', JSON.stringify([event, {}]));
  assert.equal(small.status, 400);
  assert.equal((await large).status, 200);
  assert.equal(sinks.logs.items, 20_001);
  assert.equal(settings.budget.used, 0);
});

test('without memory nothing is taken', async (t) => {
  const { post, sinks, settings } = await start(t, all, 1024);
  const refused = await post('/api/v1/log', JSON.stringify(new Array(100).fill(event)));
  assert.deepEqual([refused.status, refused.headers.get('retry-after')], [503, '1']);
  assert.deepEqual([sinks.logs.items, settings.budget.used], [0, 0]);
});
