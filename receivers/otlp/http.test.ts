import assert from 'node:assert/strict';
import net from 'node:net';
import { after, before, beforeEach, test } from 'node:test';
import zlib from 'node:zlib';
import { PipelineError } from '../../component/errors.ts';
import { toJson } from '../../pdata/json.ts';
import { permanent, retryable } from '../../testing/sinks.ts';
import { sampleBatch } from '../../testing/spans.ts';
import { createCompressor } from '../../wire/compression/compressor.ts';
import { encodings } from '../../wire/compression/types.ts';
import { Code } from '../../wire/status/code.ts';
import { decodeStatus } from '../../wire/status/status.ts';
import { post, type Running, spans, startReceiver } from './testing.ts';

let running: Running;
before(async () => {
  running = await startReceiver({
    http: {
      max_request_body_size: 200_000,
      include_metadata: true,
      response_headers: { 'x-extra': 'yes' },
      cors: {
        allowed_origins: ['https://*.example.com'],
        allowed_headers: ['x-tenant'],
        max_age: 60,
      },
    },
  });
});
after(() => running.receiver.shutdown());
beforeEach(() => {
  running.traces.batches.length = 0;
  running.traces.contexts.length = 0;
});

const send = (...rest: Parameters<typeof post> extends [unknown, ...infer R] ? R : never) =>
  post(running.httpPort, ...rest);
const budgetIsFree = () => assert.equal(running.settings.budget.used, 0);

test('protobuf and JSON are taken, with and without content-length', async () => {
  const pb = await send('/v1/traces', spans(3));
  assert.deepEqual([pb.status, pb.headers['content-type']], [200, 'application/x-protobuf']);
  assert.equal(pb.body.length, 0);
  assert.equal(pb.headers['x-extra'], 'yes');
  const text = toJson(sampleBatch('traces', 2));
  const type = { 'content-type': 'Application/JSON; charset=utf-8' };
  const json = await send('/v1/traces?x=1', text, type, 'POST', true);
  assert.equal(json.status, 200);
  assert.equal(json.headers['content-type'], 'application/json');
  assert.equal(json.body.toString(), '{"partialSuccess":{}}');
  assert.equal(running.traces.items, 5);
  const { client } = running.traces.contexts[0]!;
  assert.equal(client.address, '127.0.0.1');
  assert.deepEqual(client.metadata.get('content-type'), ['application/x-protobuf']);
  const accepted = 'otelcol_receiver_accepted_spans';
  assert.equal(running.settings.meter.value(accepted, { receiver: 'otlp', transport: 'http' }), 5);
  budgetIsFree();
});

test('logs and metrics have their paths; an empty request is a success', async () => {
  const logs = Buffer.concat(sampleBatch('logs', 2).ranges());
  const metrics = Buffer.concat(sampleBatch('metrics', 2).ranges());
  assert.equal((await send('/v1/logs', logs)).status, 200);
  assert.equal((await send('/v1/metrics', metrics)).status, 200);
  assert.deepEqual([running.logs.items, running.metrics.items], [2, 2]);
  assert.equal((await send('/v1/traces', '')).status, 200);
  assert.equal(
    (await send('/v1/traces', '{}', { 'content-type': 'application/json' })).status,
    200,
  );
  assert.equal(running.traces.batches.length, 0);
});

for (const encoding of encodings) {
  test(`content-encoding ${encoding}`, async () => {
    const body = await (await createCompressor(encoding))([spans(50)]);
    const reply = await send('/v1/traces', body, { 'content-encoding': encoding });
    assert.equal(reply.status, 200);
    assert.equal(running.traces.items, 50);
    budgetIsFree();
  });
}

test('wrong method, path, content type and content encoding', async () => {
  const method = await send('/v1/traces', '', {}, 'PUT');
  assert.deepEqual(
    [method.status, method.body.toString(), method.headers['content-type']],
    [405, '405 method not allowed, supported: [POST]', 'text/plain'],
  );
  assert.equal((await send('/v1/spans', spans(1))).status, 404);
  assert.equal((await send('/v1development/profiles', spans(1))).status, 404);
  const type = await send('/v1/traces', spans(1), { 'content-type': 'text/plain' });
  assert.equal(type.status, 415);
  assert.equal(
    type.body.toString(),
    '415 unsupported media type, supported: [application/json, application/x-protobuf]',
  );
  const encoding = await send('/v1/traces', spans(1), { 'content-encoding': 'br' });
  assert.equal(encoding.status, 400);
  assert.deepEqual(decodeStatus(encoding.body), {
    code: Code.INVALID_ARGUMENT,
    message: 'unsupported Content-Encoding: br',
  });
  assert.equal(running.traces.batches.length, 0);
});

test('bodies that are not OTLP are 400 with the place of the fault, in the encoding of the request', async () => {
  const cut = await send('/v1/traces', spans(3).subarray(0, 40));
  assert.equal(cut.status, 400);
  assert.equal(cut.headers['content-type'], 'application/x-protobuf');
  const status = decodeStatus(cut.body);
  assert.equal(status.code, Code.INVALID_ARGUMENT);
  assert.match(status.message, /cannot read/);
  const json = { 'content-type': 'application/json' };
  const bad = await send('/v1/traces', '{"resourceSpans":', json);
  assert.equal(bad.status, 400);
  assert.equal(bad.headers['content-type'], 'application/json');
  assert.equal(JSON.parse(bad.body.toString()).code, Code.INVALID_ARGUMENT);
  assert.equal((await send('/v1/traces', '', json)).status, 400);
  const damaged = await send('/v1/traces', 'no gzip', { 'content-encoding': 'gzip' });
  assert.equal(damaged.status, 400);
  assert.match(decodeStatus(damaged.body).message, /cannot decompress/);
  budgetIsFree();
  assert.equal(running.traces.batches.length, 0);
});

test('bodies over the limit are 413: declared, chunked, decompressed', async () => {
  const large = Buffer.alloc(200_001);
  assert.equal((await send('/v1/traces', large)).status, 413);
  assert.equal((await send('/v1/traces', large, {}, 'POST', true)).status, 413);
  const bomb = zlib.gzipSync(Buffer.alloc(50 << 20));
  const reply = await send('/v1/traces', bomb, { 'content-encoding': 'gzip' });
  assert.equal(reply.status, 413);
  assert.equal(decodeStatus(reply.body).message, 'request body over 200000 bytes');
  budgetIsFree();
});

test('what the pipeline refuses: status, Retry-After, counters', async () => {
  const { failures } = running.traces;
  const answer = async (failure: PipelineError) => {
    failures.push(failure);
    const reply = await send('/v1/traces', spans(2));
    return [reply.status, reply.headers['retry-after'], decodeStatus(reply.body).code];
  };
  const again = { retryAfterMs: 1500 };
  assert.deepEqual(await answer(retryable()), [503, undefined, Code.UNAVAILABLE]);
  assert.deepEqual(await answer(retryable('x', again)), [503, '2', Code.UNAVAILABLE]);
  const exhausted = { status: Code.RESOURCE_EXHAUSTED };
  assert.deepEqual(await answer(retryable('x', { ...again, ...exhausted })), [429, '2', 8]);
  assert.deepEqual(await answer(retryable('x', exhausted)), [503, undefined, 14]);
  assert.deepEqual(await answer(permanent()), [500, undefined, Code.INTERNAL]);
  const codes = [
    [Code.INVALID_ARGUMENT, 400],
    [Code.UNAUTHENTICATED, 401],
    [Code.PERMISSION_DENIED, 403],
    [Code.UNIMPLEMENTED, 404],
    [Code.UNAVAILABLE, 500],
  ] as const;
  for (const [status, http] of codes) {
    const [seen] = await answer(new PipelineError('no', { retryable: false, status }));
    assert.equal(seen, http);
  }
  const { meter } = running.settings;
  assert.equal(meter.value('otelcol_receiver_refused_spans', { transport: 'http' }), 20);
  budgetIsFree();
});

test('cross-origin requests', async () => {
  const preflight = (origin: string, headers: string) =>
    send(
      '/v1/traces',
      '',
      {
        origin,
        'access-control-request-method': 'POST',
        'access-control-request-headers': headers,
      },
      'OPTIONS',
    );
  const good = await preflight('https://app.example.com', 'content-type,x-tenant');
  assert.equal(good.status, 204);
  assert.equal(good.headers['access-control-allow-origin'], 'https://app.example.com');
  assert.equal(good.headers['access-control-allow-headers'], 'content-type, x-tenant');
  assert.equal(good.headers['access-control-max-age'], '60');
  for (const [origin, headers] of [
    ['https://example.org', 'content-type'],
    ['https://app.example.com', 'x-other'],
  ] as const) {
    const bad = await preflight(origin, headers);
    assert.equal(bad.headers['access-control-allow-origin'], undefined);
  }
  const actual = await send('/v1/traces', spans(1), { origin: 'https://app.example.com' });
  assert.equal(actual.headers['access-control-allow-origin'], 'https://app.example.com');
});

test('a body that is cut off gives its memory back', async () => {
  const socket = net.connect(running.httpPort, '127.0.0.1');
  socket.on('error', () => undefined);
  const head = 'POST /v1/traces HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-protobuf\r\n';
  socket.write(`${head}content-length: 100000\r\n\r\n${'x'.repeat(1000)}`);
  while (running.settings.budget.used === 0) await new Promise((r) => setTimeout(r, 5));
  socket.destroy();
  while (running.settings.budget.used > 0) await new Promise((r) => setTimeout(r, 5));
  assert.equal(running.traces.batches.length, 0);
});

test('headers that are too large are 431, nonsense is 400', async () => {
  const talk = (text: string) =>
    new Promise<string>((resolve) => {
      const socket = net.connect(running.httpPort, '127.0.0.1', () => socket.write(text));
      let answer = '';
      socket.on('data', (chunk) => {
        answer += chunk;
      });
      socket.on('error', () => undefined);
      socket.on('close', () => resolve(answer));
    });
  const huge = `POST /v1/traces HTTP/1.1\r\nhost: x\r\nx: ${'y'.repeat(100_000)}\r\n\r\n`;
  assert.match(await talk(huge), /^HTTP\/1\.1 431/);
  assert.match(await talk('nonsense\r\n\r\n'), /^HTTP\/1\.1 400/);
});

test('without room in the budget: 503 and Retry-After, and it passes', async () => {
  const poor = await startReceiver({}, { budgetBytes: 100_000 });
  try {
    const reply = await post(poor.httpPort, '/v1/traces', Buffer.alloc(150_000));
    assert.deepEqual([reply.status, reply.headers['retry-after']], [503, '1']);
    assert.equal((await post(poor.httpPort, '/v1/traces', spans(1))).status, 200);
    assert.equal(poor.settings.budget.used, 0);
  } finally {
    await poor.receiver.shutdown();
  }
});

test('compression_algorithms says what is taken, plain bodies only where it has ""', async () => {
  const asked = async (compression_algorithms: string[]): Promise<number[]> => {
    const other = await startReceiver({ http: { compression_algorithms } });
    const gzip = { 'content-encoding': 'gzip' };
    const results = [
      await post(other.httpPort, '/v1/traces', spans(1)),
      await post(other.httpPort, '/v1/traces', zlib.gzipSync(spans(1)), gzip),
      await post(other.httpPort, '/v1/traces', spans(1), { 'content-encoding': 'br' }),
    ].map(({ status }) => status);
    await other.receiver.shutdown();
    assert.equal(other.settings.budget.used, 0);
    return results;
  };
  assert.deepEqual(await asked(['gzip']), [400, 200, 400]);
  assert.deepEqual(await asked(['', 'br']), [200, 400, 400]);
  assert.deepEqual(await asked(['br']), [400, 400, 400]);
});

test('compression_algorithms: [] takes bodies as they are', async () => {
  const plain = await startReceiver({
    http: { compression_algorithms: [], read_timeout: '5s' },
  });
  try {
    const reply = await post(plain.httpPort, '/v1/traces', spans(1), {
      'content-encoding': 'gzip',
    });
    assert.equal(reply.status, 200);
  } finally {
    await plain.receiver.shutdown();
  }
});
