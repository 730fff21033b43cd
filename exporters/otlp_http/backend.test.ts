import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, test } from 'node:test';
import zlib from 'node:zlib';
import { PipelineError } from '../../component/errors.ts';
import { parseJson } from '../../pdata/json.ts';
import { retryAfterMs } from '../../pipeline/http-client/failure.ts';
import { realTimeSettings } from '../../testing/settings.ts';
import { sampleBatch } from '../../testing/spans.ts';
import { Code } from '../../wire/status/code.ts';
import { encodeStatus, statusJson } from '../../wire/status/status.ts';
import { OtlpHttpBackend } from './backend.ts';
import { checkUrls, config } from './config.ts';

const clock = {
  unixMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after(ms: number, run: () => void) {
    const timer = setTimeout(run, ms);
    timer.unref();
    return { cancel: () => clearTimeout(timer) };
  },
};
const closers: (() => unknown)[] = [];
after(async () => {
  for (const close of closers.reverse()) await close();
});

interface Seen {
  path: string;
  headers: http.IncomingHttpHeaders;
  body: Buffer;
}

async function backend(answer: http.RequestListener, given: object = {}) {
  const seen: Seen[] = [];
  const server = http.createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks);
      seen.push({ path: request.url ?? '', headers: request.headers, body });
      answer(request, response);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const settings = realTimeSettings(clock, { id: 'otlp_http' });
  const exporter = new OtlpHttpBackend(
    'traces',
    settings,
    config.parse({ endpoint: url, ...given }),
  );
  await exporter.start();
  closers.push(() => exporter.shutdown());
  const push = (items = 1, ms = 5000) =>
    exporter.push(sampleBatch('traces', items), {
      number: 1,
      previousUnknown: false,
      deadlineMs: clock.monotonicMs() + ms,
    });
  return { push, seen, settings, server };
}

async function failure(promise: Promise<void>): Promise<PipelineError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof PipelineError, String(error));
  return error;
}

const ok: http.RequestListener = (_, response) => void response.writeHead(200).end();
const bytes = (items: number) => Buffer.concat(sampleBatch('traces', items).ranges());

test('gzip by default, with its headers', async () => {
  const { push, seen } = await backend(ok, { headers: { 'X-Tenant': 'a' } });
  await push(1);
  await push(2000);
  const [first, second] = seen;
  assert.equal(first?.path, '/v1/traces');
  assert.equal(first?.headers['content-type'], 'application/x-protobuf');
  assert.equal(first?.headers['content-encoding'], 'gzip');
  assert.equal(first?.headers['x-tenant'], 'a');
  assert.match(first?.headers['user-agent'] ?? '', /^wirestitch\//);
  assert.ok(zlib.gunzipSync(first!.body).equals(bytes(1)));
  assert.ok(zlib.gunzipSync(second!.body).equals(bytes(2000)));
});

test('compression none, zstd; encoding json; an endpoint of its own', async () => {
  const plain = await backend(ok, { compression: 'none' });
  await plain.push(3);
  assert.ok(plain.seen[0]?.body.equals(bytes(3)));
  assert.equal(plain.seen[0]?.headers['content-encoding'], undefined);
  const zstd = await backend(ok, { compression: 'zstd', compression_params: { level: 3 } });
  await zstd.push(3);
  assert.ok(zlib.zstdDecompressSync(zstd.seen[0]!.body).equals(bytes(3)));
  const json = await backend(ok, { compression: 'none', encoding: 'json' });
  await json.push(3);
  assert.equal(json.seen[0]?.headers['content-type'], 'application/json');
  assert.equal(parseJson('traces', json.seen[0]!.body).itemCount, 3);
});

test('which statuses are tried again, and when', async () => {
  let status = 0;
  let headers: http.OutgoingHttpHeaders = {};
  let body: Buffer | string = '';
  const { push } = await backend(
    (_, response) => void response.writeHead(status, headers).end(body),
  );
  for (status of [400, 401, 403, 404, 408, 413, 429, 500, 501, 502, 503, 504]) {
    const error = await failure(push());
    assert.equal(error.retryable, [429, 502, 503, 504].includes(status), String(status));
    assert.equal(error.unknownOutcome, false);
  }
  status = 503;
  headers = { 'retry-after': '7', 'content-type': 'application/x-protobuf' };
  body = encodeStatus({ code: Code.UNAVAILABLE, message: 'overloaded' });
  const later = await failure(push());
  assert.equal(later.retryAfterMs, 7000);
  assert.match(later.message, /HTTP Status Code 503, Message=overloaded$/);
  headers = { 'content-type': 'application/json' };
  body = statusJson({ code: Code.UNAVAILABLE, message: 'as json' });
  assert.match((await failure(push())).message, /Message=as json$/);
});

test('Retry-After as seconds and as date', () => {
  const now = Date.UTC(2026, 0, 1);
  assert.equal(retryAfterMs('120', now), 120_000);
  assert.equal(retryAfterMs('Thu, 01 Jan 2026 00:00:10 GMT', now), 10_000);
  assert.equal(retryAfterMs('Wed, 31 Dec 2025 00:00:00 GMT', now), 0);
  for (const bad of [undefined, 'soon', '-1', '1.5'])
    assert.equal(retryAfterMs(bad, now), undefined);
});

test('a partial success is a warning; a long answer is cut', async () => {
  const json = '{"partialSuccess":{"rejectedSpans":"3","errorMessage":"log"}}';
  const type = { 'content-type': 'application/json' };
  const { push, settings } = await backend((_, r) => void r.writeHead(200, type).end(json));
  await push();
  assert.deepEqual(settings.logger.lines[0]?.fields, { message: 'log', dropped_items: 3 });
  const long = await backend((_, r) => void r.writeHead(200).end(Buffer.alloc(10 << 20)));
  await long.push();
  await long.push();
});

test('no answer in time, broken and absent connections', async () => {
  const silent = await backend(() => undefined);
  const late = await failure(silent.push(1, 50));
  assert.deepEqual([late.retryable, late.unknownOutcome], [true, true]);
  const broken = await backend((request) => void request.socket.destroy());
  const error = await failure(broken.push());
  assert.deepEqual([error.retryable, error.unknownOutcome], [true, true]);
  const gone = await backend(ok);
  gone.server.close();
  const absent = await failure(gone.push());
  assert.deepEqual([absent.retryable, absent.unknownOutcome], [true, false]);
  assert.match(absent.message, /ECONNREFUSED/);
});

test('configuration', () => {
  const message = (given: object) => config.safeParse(given).error?.issues[0]?.message;
  assert.equal(message({}), 'at least one endpoint must be specified');
  const { data } = config.safeParse({ endpoint: '1.2.3.4:4318' });
  assert.throws(() => checkUrls('traces', data!), /must be a valid URL/);
  assert.equal(
    message({ endpoint: 'http://a', compression: 'snappy', compression_params: { level: 1 } }),
    'unsupported parameters {Level:1} for compression type "snappy"',
  );
  assert.equal(message({ traces_endpoint: 'https://a/b' }), undefined);
});
