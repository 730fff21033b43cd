import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { uncompressSync } from 'snappy';
import { parseJson } from '../../pdata/json.ts';
import { testGates, testSettings } from '../../testing/settings.ts';
import { readWriteRequest } from '../../wire/prometheus/remote-write/read.ts';
import { modelOf } from '../../wire/prometheus/testing/model.ts';
import { RemoteWriteBackend } from './backend.ts';
import { config, gateFaults, gateIds, messageTypes } from './config.ts';

interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly text?: string;
}

/** A server that keeps what comes; `replies` come before 204. */
async function server(t: TestContext, replies: Reply[] = []) {
  const received: Received[] = [];
  const http = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = uncompressSync(Buffer.concat(chunks)) as Buffer;
      received.push({ headers: request.headers, body });
      const { status, headers = {}, text = '' } = replies.shift() ?? { status: 204 };
      response.writeHead(status, headers).end(text);
    });
  }).listen(0, '127.0.0.1');
  await once(http, 'listening');
  t.after(() => http.close());
  return { received, url: `http://127.0.0.1:${(http.address() as AddressInfo).port}/write` };
}

async function backend(t: TestContext, endpoint: string, keys: object = {}, gates: string[] = []) {
  const settings = testSettings({ id: 'prometheus_remote_write', gates: testGates(...gates) });
  const made = new RemoteWriteBackend(settings, config.parse({ endpoint, ...keys }));
  await made.start();
  t.after(() => made.shutdown());
  const attempt = { number: 1, previousUnknown: false, deadlineMs: Number.POSITIVE_INFINITY };
  return { settings, made, attempt };
}

function gauges(count: number) {
  const dataPoints = Array.from({ length: count }, (_, i) => ({
    asDouble: i,
    timeUnixNano: '1700000000000000000',
    attributes: [{ key: 'i', value: { stringValue: `value ${i}` } }],
  }));
  const delta = { aggregationTemporality: 1, dataPoints: [{ asInt: '1' }] };
  const metrics = [
    { name: 'g', gauge: { dataPoints } },
    { name: 'd', sum: delta },
  ];
  const request = { resourceMetrics: [{ scopeMetrics: [{ metrics }] }] };
  return parseJson('metrics', Buffer.from(JSON.stringify(request)));
}

const series = (received: readonly Received[], version: 1 | 2 = 1): string[] =>
  received.flatMap(({ body }) =>
    modelOf(readWriteRequest(body, version).request).map(({ labels }) => labels.i!),
  );

test('sends version 1.0 with its headers', async (t) => {
  const { received, url } = await server(t);
  const { made, attempt, settings } = await backend(t, url);
  await made.push(gauges(3), attempt);
  const [{ headers }] = received as [Received];
  assert.equal(headers['content-type'], 'application/x-protobuf');
  assert.equal(headers['content-encoding'], 'snappy');
  assert.equal(headers['x-prometheus-remote-write-version'], '0.1.0');
  assert.deepEqual(series(received), ['value 0', 'value 1', 'value 2']);
  const value = (name: string) =>
    settings.meter.value(`otelcol_exporter_prometheusremotewrite_${name}`);
  assert.equal(value('translated_time_series'), 3);
  assert.equal(value('failed_translations'), 1);
  assert.equal(value('sent_batches'), 1);
  assert.equal(value('consumers'), 5);
});

test('sends version 2.0 and counts what was written', async (t) => {
  const headers = { 'X-Prometheus-Remote-Write-Samples-Written': '3' };
  const { received, url } = await server(t, [{ status: 204, headers }]);
  const keys = { protobuf_message: messageTypes[2] };
  const { made, attempt, settings } = await backend(t, url, keys, [gateIds.version2]);
  await made.push(gauges(3), attempt);
  const type = received[0]!.headers['content-type'];
  assert.equal(type, 'application/x-protobuf;proto=io.prometheus.write.v2.Request');
  assert.equal(received[0]!.headers['x-prometheus-remote-write-version'], '2.0.0');
  assert.deepEqual(series(received, 2), ['value 0', 'value 1', 'value 2']);
  const written = 'otelcol_exporter_prometheusremotewrite_written_samples';
  assert.equal(settings.meter.value(written), 3);
  assert.match(settings.logger.lines.at(-1)!.message, /exemplars-written is missing/);
});

test('tells of points that cannot be series', async (t) => {
  const { url } = await server(t);
  const { made, attempt } = await backend(t, url);
  const progress = { arrived: 0, leftOut: 0, leftOutAs: '' };
  await made.push(gauges(2), { ...attempt, progress });
  assert.deepEqual(progress, { arrived: 0, leftOut: 1, leftOutAs: 'not_translatable' });
});

test('cuts batches, and sends again only what failed', async (t) => {
  const replies = [{ status: 204 }, { status: 503, headers: { 'retry-after': '7' }, text: 'busy' }];
  const { received, url } = await server(t, replies);
  const keys = { max_batch_size_bytes: 400, max_batch_request_parallelism: 1 };
  const { made, attempt } = await backend(t, url, keys);
  const batch = gauges(20);
  await assert.rejects(made.push(batch, attempt), (error: Error & Record<string, unknown>) => {
    assert.match(error.message, /failed with HTTP status 503: busy/);
    assert.deepEqual([error.retryable, error.retryAfterMs], [true, 7000]);
    return true;
  });
  const first = received.length;
  assert.ok(first > 2);
  for (const { body } of received) assert.ok(body.length <= 400);
  await made.push(batch, { ...attempt, number: 2 });
  assert.equal(received.length, first + 1);
  const texts = series(received);
  assert.equal(new Set(texts).size, 20);
  assert.equal(texts.length, 20 + series(received.slice(first)).length);
});

for (const [status, retryable] of [
  [400, false],
  [404, false],
  [415, false],
  [429, true],
  [500, true],
] as const) {
  test(`status ${status} is ${retryable ? 'tried again' : 'final'}`, async (t) => {
    const { url } = await server(t, [{ status, text: 'why' }]);
    const { made, attempt } = await backend(t, url);
    await assert.rejects(made.push(gauges(1), attempt), { retryable });
  });
}

test('does not start without a URL that can be sent to', async () => {
  const made = new RemoteWriteBackend(testSettings(), config.parse({ endpoint: 'localhost:8888' }));
  await assert.rejects(made.start(), /cannot send to "localhost:8888": expected an http/);
});

test('version 2.0 needs its feature gate', () => {
  const given = config.parse({ protobuf_message: messageTypes[2] });
  assert.match(gateFaults(given, testGates())[0]!.message, /enableSendingRW2/);
  assert.deepEqual(gateFaults(given, testGates(gateIds.version2)), []);
});

test('takes points and scopes with very many attributes', async (t) => {
  const { received, url } = await server(t);
  const { made, attempt } = await backend(t, url, { max_batch_size_bytes: 100_000_000 });
  const attributes = Array.from({ length: 20_000 }, (_, i) => ({
    key: `k${i}`,
    value: { stringValue: 'v' },
  }));
  const scope = { attributes };
  const dataPoints = [{ asDouble: 1, timeUnixNano: '1', attributes }];
  const metrics = [{ name: 'g', gauge: { dataPoints } }];
  const request = { resourceMetrics: [{ scopeMetrics: [{ scope, metrics }] }] };
  await made.push(parseJson('metrics', Buffer.from(JSON.stringify(request))), attempt);
  const [found] = modelOf(readWriteRequest(received[0]!.body, 1).request);
  assert.equal(Object.keys(found!.labels).length, 40_001);
});
