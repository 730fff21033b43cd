import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { toJson } from '../../pdata/json.ts';
import { testSettings } from '../../testing/settings.ts';
import { collectingSink, permanent, retryable } from '../../testing/sinks.ts';
import { config } from './config.ts';
import { zipkinReceiver } from './receiver.ts';

const recordings = join(import.meta.dirname, '../../wire/zipkin/testdata');
const recording = (name: string) => readFileSync(join(recordings, name));

async function start(t: TestContext, keys: object = {}) {
  const settings = testSettings({ id: 'zipkin' });
  const sink = collectingSink<'traces'>();
  const given = config.parse({ endpoint: '127.0.0.1:0', ...keys });
  const receiver = zipkinReceiver(settings, given, sink);
  await receiver.start();
  t.after(() => receiver.shutdown());
  const { port } = receiver.address as AddressInfo;
  const post = async (
    path: string,
    body: Buffer | string,
    type: string,
    headers: Record<string, string> = {},
  ) => {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
      method: 'POST',
      body,
      headers: { 'content-type': type, ...headers },
    });
    return { status: answer.status, text: await answer.text() };
  };
  return { settings, sink, post, port };
}

const span = '{"traceId":"1","id":"2","name":"get","timestamp":5}';

test('both versions in all formats', async (t) => {
  const { sink, post, settings } = await start(t);
  const json = 'application/json';
  for (const [path, name, type, spans] of [
    ['/api/v2/spans', 'sorts.zipkin2.json', json, 12],
    ['/api/v2/spans', 'all.zipkin2.pb', 'application/x-protobuf', 4],
    ['/api/v1/spans', 'sorts.zipkin1.json', `${json}; charset=utf-8`, 12],
    ['/api/v1/spans', 'all.zipkin1.thrift', 'application/x-thrift', 5],
    ['/behind/a/proxy/api/v1/spans', 'kinds.zipkin1.thrift', 'application/x-thrift', 7],
  ] as const) {
    const before = sink.items;
    assert.deepEqual(await post(path, recording(name), type), { status: 202, text: '' });
    assert.equal(sink.items - before, spans, name);
  }
  const accepted = (transport: string) =>
    settings.meter.value('otelcol_receiver_accepted_spans', { transport, receiver: 'zipkin' });
  assert.deepEqual(
    ['http_v2_json', 'http_v2_proto', 'http_v1_json', 'http_v1_thrift'].map(accepted),
    [12, 4, 12, 12],
  );
  assert.equal(settings.budget.used, 0);
});

test('compressed bodies; nothing at all is fine', async (t) => {
  const { sink, post } = await start(t);
  const body = Buffer.from(`[${span}]`);
  for (const [coding, data] of [
    ['gzip', gzipSync(body)],
    ['zstd', zstdCompressSync(body)],
  ] as const) {
    const answer = await post('/api/v2/spans', data, '', { 'content-encoding': coding });
    assert.equal(answer.status, 202);
  }
  assert.equal(sink.items, 2);
  assert.equal((await post('/api/v2/spans', '[]', '')).status, 202);
  assert.equal(sink.items, 2);
});

test('parse_string_tags', async (t) => {
  const { sink, post } = await start(t, { parse_string_tags: true });
  await post('/api/v2/spans', '[{"traceId":"1","id":"2","timestamp":1,"tags":{"n":"5"}}]', '');
  assert.match(toJson(sink.batches[0]!), /\{"key":"n","value":\{"intValue":"5"\}\}/);
});

test('the good spans of a message are kept, and the sender is told which are not', async (t) => {
  const { sink, post, settings } = await start(t);
  const body = `[${span},{"traceId":"1","id":"0"},{"traceId":"x","id":"1"},${span}]`;
  const { status, text } = await post('/api/v2/spans', body, '');
  assert.equal(status, 400);
  assert.equal(
    text,
    '2 of 4 spans are refused: span 1: a span id is required; ' +
      'span 2: traceId "x" is not hex of the right length\n',
  );
  assert.equal(sink.items, 2);
  assert.equal(settings.meter.value('otelcol_receiver_accepted_spans'), 2);
  assert.equal(settings.meter.value('otelcol_receiver_refused_spans'), 2);
});

test('what cannot be read at all is refused whole', async (t) => {
  const { sink, post, settings } = await start(t);
  for (const [path, body, type] of [
    ['/api/v2/spans', `[${span}`, ''],
    ['/api/v2/spans', '', ''],
    ['/api/v2/spans', Buffer.of(10, 200), 'application/x-protobuf'],
    ['/api/v1/spans', Buffer.of(12, 0x7f, 255, 255, 255), 'application/x-thrift'],
    ['/api/v1/spans', '{}', ''],
    ['/api/v2/spans', gzipSync(`[${span}]`), ''],
  ] as const) {
    const { status, text } = await post(path, body, type);
    assert.equal(status, 400);
    assert.match(text, /^cannot read (JSON|protobuf|Thrift) at byte \d+: .+\n$/);
  }
  const bad = await post('/api/v2/spans', 'no gzip', '', { 'content-encoding': 'gzip' });
  assert.equal(bad.status, 400);
  assert.equal(sink.items, 0);
  assert.equal(settings.budget.used, 0);
});

test('other methods, large bodies, no memory', async (t) => {
  const { port, post, settings } = await start(t, { max_request_body_size: 1000 });
  assert.equal((await fetch(`http://127.0.0.1:${port}/api/v2/spans`)).status, 405);
  const big = ' '.repeat(1001);
  assert.equal((await post('/api/v2/spans', big, '')).status, 413);
  const packed = await post('/api/v2/spans', gzipSync(big), '', { 'content-encoding': 'gzip' });
  assert.equal(packed.status, 413);
  const { budget } = settings;
  const all = budget.limit - budget.used;
  assert.ok(budget.tryReserve(all));
  assert.equal((await post('/api/v2/spans', `[${span}]`, '')).status, 503);
  budget.release(all);
  assert.equal((await post('/api/v2/spans', `[${span}]`, '')).status, 202);
});

test('what the pipeline refuses', async (t) => {
  const { sink, post, settings } = await start(t);
  sink.failures.push(retryable(), permanent());
  const again = await post('/api/v2/spans', `[${span}]`, '');
  assert.deepEqual(again, { status: 500, text: '"Internal Server Error"' });
  const never = await post('/api/v2/spans', `[${span}]`, '');
  assert.deepEqual(never, { status: 400, text: '"Bad Request"' });
  assert.equal(settings.meter.value('otelcol_receiver_refused_spans'), 2);
});
