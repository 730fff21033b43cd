import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { PipelineError } from '../../component/errors.ts';
import { systemClock } from '../../gateway/telemetry/clock.ts';
import { TracesBuilder } from '../../pdata/builder.ts';
import { realTimeSettings } from '../../testing/settings.ts';
import { sampleBatch } from '../../testing/spans.ts';
import { ZipkinProto } from '../../wire/zipkin/proto-v2.ts';
import { ZipkinBackend } from './backend.ts';
import { config } from './config.ts';

interface Seen {
  headers: http.IncomingHttpHeaders;
  body: Buffer;
}

async function start(t: TestContext, answer: (response: http.ServerResponse) => void, keys = {}) {
  const seen: Seen[] = [];
  const server = http.createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      seen.push({ headers: request.headers, body: Buffer.concat(chunks) });
      answer(response);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/v2/spans`;
  const settings = realTimeSettings(systemClock, { id: 'zipkin' });
  const backend = new ZipkinBackend<'traces'>(settings, config.parse({ endpoint, ...keys }));
  await backend.start();
  t.after(() => backend.shutdown());
  const progress = { arrived: 0, leftOut: 0, leftOutAs: '' };
  const push = (batch = sampleBatch('traces', 3)) =>
    backend.push(batch, {
      number: 1,
      previousUnknown: false,
      deadlineMs: systemClock.monotonicMs() + 5000,
      progress,
    });
  return { seen, push, progress };
}

const accept = (response: http.ServerResponse): void => void response.writeHead(202).end();

test('JSON, plain', async (t) => {
  const { seen, push } = await start(t, accept);
  await push();
  assert.equal(seen[0]!.headers['content-type'], 'application/json');
  assert.equal(seen[0]!.headers['content-encoding'], undefined);
  const spans = JSON.parse(seen[0]!.body.toString()) as { traceId: string }[];
  assert.equal(spans.length, 3);
});

test('protobuf, compressed', async (t) => {
  const { seen, push } = await start(t, accept, { format: 'proto', compression: 'gzip' });
  await push();
  assert.equal(seen[0]!.headers['content-type'], 'application/x-protobuf');
  const body = gunzipSync(seen[0]!.body);
  assert.equal(new ZipkinProto(false).read(body).batch?.itemCount, 3);
});

test('answers: what is final and what is tried again', async (t) => {
  let status = 400;
  const { push } = await start(t, (response) => {
    response.writeHead(status, { 'retry-after': '3' }).end('no');
  });
  for (const [code, retryable] of [
    [400, false],
    [413, false],
    [404, false],
    [408, true],
    [429, true],
    [500, true],
    [503, true],
  ] as const) {
    status = code;
    await assert.rejects(push(), (error) => {
      assert.ok(error instanceof PipelineError);
      assert.equal(error.retryable, retryable, String(code));
      assert.equal(error.message, `failed the request with status code ${code}: no`);
      assert.equal(error.retryAfterMs, 3000);
      return true;
    });
  }
});

test('spans without ids are left out and counted', async (t) => {
  const { seen, push, progress } = await start(t, accept);
  const builder = new TracesBuilder();
  const span = { name: 'x', startTimeUnixNano: 1n, endTimeUnixNano: 1n };
  builder.span({ ...span, traceId: Buffer.alloc(16), spanId: Buffer.alloc(8, 1) });
  await push(builder.finish());
  assert.equal(seen.length, 0);
  assert.deepEqual(progress, { arrived: 0, leftOut: 1, leftOutAs: 'no_id' });
});

test('configuration', () => {
  const fault = (given: object) => config.safeParse(given).error?.issues[0]?.message;
  assert.equal(fault({}), "exporter config requires a non-empty 'endpoint'");
  assert.match(fault({ endpoint: ':' }) ?? '', /^endpoint must be a valid URL/);
  assert.equal(fault({ endpoint: 'http://a', format: 'xml' }), 'xml is not one of json or proto');
  assert.equal(fault({ endpoint: 'http://a' }), undefined);
});
