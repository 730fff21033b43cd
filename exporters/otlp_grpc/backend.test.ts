import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { PipelineError } from '../../component/errors.ts';
import { OtlpGrpcBackend } from '../../pipeline/otlp-grpc/backend.ts';
import { realTimeSettings } from '../../testing/settings.ts';
import { sampleBatch } from '../../testing/spans.ts';
import { otlpPaths } from '../../wire/grpc/otlp-paths.ts';
import type { ServerCall } from '../../wire/grpc/server-call.ts';
import { realTime, startServer } from '../../wire/grpc/testing.ts';
import { Code } from '../../wire/status/code.ts';
import { encodeStatus } from '../../wire/status/status.ts';
import { config } from './config.ts';

const clock = { ...realTime, unixMs: () => Date.now() };
const closers: (() => unknown)[] = [];
after(async () => {
  for (const close of closers.reverse()) await close();
});

/** A backend whose server answers by `handler`; `given` is added to its configuration. */
async function backend(handler: (call: ServerCall, message: Buffer) => void, given: object = {}) {
  const methods = new Map([[otlpPaths.traces, handler]]);
  const { port, server } = await startServer(handler, { methods });
  closers.push(() => server.close(0));
  return { port, server, ...(await connect(`127.0.0.1:${port}`, given)) };
}

async function connect(endpoint: string, given: object = {}) {
  const settings = realTimeSettings(clock, { id: 'otlp_grpc' });
  const decoded = config.parse({ endpoint, tls: { insecure: true }, ...given });
  const exporter = new OtlpGrpcBackend('traces', settings, decoded);
  await exporter.start();
  closers.push(() => exporter.shutdown());
  const push = (items = 1, ms = 5000) =>
    exporter.push(sampleBatch('traces', items), {
      number: 1,
      previousUnknown: false,
      deadlineMs: clock.monotonicMs() + ms,
    });
  return { exporter, settings, push };
}

async function failure(promise: Promise<void>): Promise<PipelineError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof PipelineError, String(error));
  return error;
}

for (const compression of ['none', 'gzip', 'zstd', 'snappy'] as const) {
  test(`batches arrive as they are, compression ${compression}`, async () => {
    const seen: Buffer[] = [];
    const keep = (call: ServerCall, message: Buffer): void => {
      seen.push(Buffer.from(message));
      call.ok();
    };
    const { push } = await backend(keep, { compression });
    await push(1);
    await push(3000);
    const sent = [1, 3000].map((n) => Buffer.concat(sampleBatch('traces', n).ranges()));
    assert.ok(seen[0]?.equals(sent[0]!) && seen[1]?.equals(sent[1]!));
  });
}

test('headers, authority and user agent go with every call', async () => {
  const lists: (readonly string[] | undefined)[] = [];
  const { push } = await backend(
    (call) => {
      lists.push(call.headers);
      call.ok();
    },
    { headers: { 'X-Tenant': 'a' }, authority: 'other.example', user_agent: 'me/1' },
  );
  await push();
  await push();
  for (const list of lists) {
    const value = (name: string) => list?.[list.indexOf(name) + 1];
    assert.equal(value('x-tenant'), 'a');
    assert.equal(value(':authority'), 'other.example');
    assert.equal(value('user-agent'), 'me/1');
    assert.equal(value('grpc-timeout'), '5000000u');
    assert.equal(value('grpc-encoding'), 'gzip');
  }
});

test('which statuses are tried again', async () => {
  let code: Code = Code.OK;
  let details: Buffer | undefined;
  const { push } = await backend((call) => call.fail(code, 'text', details));
  const again = [1, 4, 10, 11, 14, 15];
  for (let c = 1; c <= 16; c += 1) {
    code = c as Code;
    const error = await failure(push());
    assert.equal(error.retryable, again.includes(c), `code ${c}`);
    assert.equal(error.status, c);
    assert.equal(error.unknownOutcome, false);
    assert.match(error.message, /^rpc error: code = [A-Z_]+ desc = text$/);
  }
  code = Code.RESOURCE_EXHAUSTED;
  details = encodeStatus({ code, message: 'slow', retryDelayMs: 3000 });
  const throttled = await failure(push());
  assert.deepEqual([throttled.retryable, throttled.retryAfterMs], [true, 3000]);
});

test('a partial success is a warning', async () => {
  const { push, settings } = await backend((call) =>
    call.ok(Buffer.from('0a07080312036c6f67', 'hex')),
  );
  await push();
  const [line] = settings.logger.lines;
  assert.deepEqual(line, {
    level: 'warn',
    message: 'Partial success response',
    fields: { message: 'log', dropped_items: 3 },
  });
});

test('no answer in time, and a connection that breaks: the outcome is unknown', async () => {
  const { push, server } = await backend(() => undefined);
  const late = await failure(push(1, 50));
  assert.deepEqual([late.status, late.unknownOutcome], [Code.DEADLINE_EXCEEDED, true]);
  const broken = failure(push());
  setTimeout(() => void server.close(0), 50);
  const error = await broken;
  assert.deepEqual([error.retryable, error.unknownOutcome], [true, true]);
});

test('a server that is not there: retryable, and known not to have arrived', async () => {
  const { port, server } = await startServer(() => undefined);
  await server.close(0);
  const { push } = await connect(`127.0.0.1:${port}`);
  for (let i = 0; i < 2; i += 1) {
    const error = await failure(push());
    assert.equal(error.retryable, true);
    assert.equal(error.unknownOutcome, false);
    assert.match(error.message, /ECONNREFUSED/);
  }
});

test('configuration', () => {
  const message = (given: object) => config.safeParse(given).error?.issues[0]?.message;
  assert.equal(message({}), 'requires a non-empty "endpoint"');
  assert.match(message({ endpoint: 'x' }) ?? '', /missing port in address: "x"/);
  assert.match(message({ endpoint: 'a:1', compression: 'br' }) ?? '', /unsupported compression/);
  assert.match(message({ endpoint: 'a:1', balancer_name: 'robin' }) ?? '', /balancer_name: robin/);
  const endpoints = ['a:1', 'http://a:1', 'https://a:1', 'dns:///a:1', 'unix:///tmp/x', '[::1]:1'];
  for (const endpoint of endpoints) assert.equal(message({ endpoint }), undefined, endpoint);
});
