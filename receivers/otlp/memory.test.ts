/** Small requests that take much memory once they are read. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import zlib from 'node:zlib';
import type { GrpcError } from '../../wire/grpc/grpc-error.ts';
import { otlpPaths } from '../../wire/grpc/otlp-paths.ts';
import { makeClient } from '../../wire/grpc/testing.ts';
import { post, type Running, startReceiver } from './testing.ts';

const budgetBytes = 8 << 20;
let running: Running;
before(async () => {
  running = await startReceiver({}, { budgetBytes });
});
after(() => running.receiver.shutdown());

const json = { 'content-type': 'application/json' };
const histogram = (buckets: number): string =>
  `{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"histogram":{"dataPoints":[{"bucketCounts":[${Array(buckets).fill(0).join()}]}]}}]}]}]}`;

/** A request of `items` spans of two bytes. */
function emptySpans(items: number): Buffer {
  const length = (bytes: number): number[] => [
    (bytes & 127) | 128,
    ((bytes >> 7) & 127) | 128,
    ((bytes >> 14) & 127) | 128,
    bytes >> 21,
  ];
  const wrap = (tag: number, body: Buffer): Buffer =>
    Buffer.concat([Buffer.from([tag, ...length(body.length)]), body]);
  const spans = Buffer.alloc(items * 2);
  for (let i = 0; i < spans.length; i += 2) spans[i] = 18;
  return wrap(10, wrap(18, spans));
}

function allIsFree(): void {
  assert.equal(running.settings.budget.used, 0);
  assert.equal(running.metrics.batches.length + running.traces.batches.length, 0);
}

test('JSON that can never fit as protobuf is told 413', async () => {
  const reply = await post(running.httpPort, '/v1/metrics', histogram(1_000_000), json);
  assert.equal(reply.status, 413);
  assert.equal(reply.headers['retry-after'], undefined);
  const status = JSON.parse(reply.body.toString()) as { code: number; message: string };
  assert.equal(status.code, 8);
  assert.match(status.message, /request takes \d+ bytes in memory/);
  allIsFree();
});

test('JSON that does not fit now is told to come again', async () => {
  const { budget } = running.settings;
  const taken = budget.limit - 700_000;
  assert.ok(budget.tryReserve(taken));
  const reply = await post(running.httpPort, '/v1/metrics', histogram(50_000), json);
  budget.release(taken);
  assert.equal(reply.status, 503);
  assert.equal(reply.headers['retry-after'], '1');
  allIsFree();
  assert.equal((await post(running.httpPort, '/v1/metrics', histogram(50_000), json)).status, 200);
  running.metrics.batches.length = 0;
  allIsFree();
});

test('more items than there can be an index for are refused for good', async () => {
  const body = zlib.gzipSync(emptySpans(1_000_000));
  assert.ok(body.length < 5000);
  const type = { 'content-encoding': 'gzip' };
  assert.equal((await post(running.httpPort, '/v1/traces', body, type)).status, 413);
  allIsFree();
  const client = makeClient(running.grpcPort, { path: otlpPaths.traces, encoding: 'gzip' });
  const error = await client.call([body], true, performance.now() + 5000).then(
    () => undefined,
    (fault: GrpcError) => fault,
  );
  client.close();
  assert.equal(error?.code, 8);
  assert.equal(error.details, undefined);
  allIsFree();
});
