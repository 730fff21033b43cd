import assert from 'node:assert/strict';
import http2 from 'node:http2';
import { type TestContext, test } from 'node:test';
import * as grpc from '@grpc/grpc-js';
import { until } from '../../testing/until.ts';
import { Code } from '../status/code.ts';
import { messagePrefix } from './answers.ts';
import type { ServerCall } from './server-call.ts';
import type { Method } from './server-connection.ts';
import type { MessageSink } from './stream-input.ts';
import { type CountingBudget, countingBudget, startServer } from './testing.ts';

const path = '/test.Service/Stream';
const bytes = (value: Buffer): Buffer => value;

/** A server whose one method collects; `act` sees each message. */
async function start(
  t: TestContext,
  act: (call: ServerCall, seen: Buffer[]) => void = () => undefined,
  options: { readonly budget?: CountingBudget; readonly maxMessageBytes?: number } = {},
) {
  const seen: Buffer[] = [];
  const events: string[] = [];
  const calls: ServerCall[] = [];
  const method: Method = {
    open(call, ready) {
      calls.push(call);
      const sink: MessageSink = {
        message(chunk, start, end) {
          seen.push(Buffer.from(chunk.subarray(start, end)));
          act(call, seen);
        },
        end() {
          events.push('end');
          call.ok(Buffer.from(`${seen.length}`));
        },
        aborted: () => void events.push('aborted'),
      };
      setImmediate(() => ready(sink)); // as an authenticator that has to ask somebody
    },
  };
  const { server, budget, port } = await startServer(() => undefined, {
    methods: new Map([[path, method]]),
    ...options,
  });
  t.after(() => server.close(0));
  const client = new grpc.Client(`127.0.0.1:${port}`, grpc.credentials.createInsecure());
  t.after(() => client.close());
  return { port, budget, client, seen, events, calls };
}

type Stream = grpc.ClientWritableStream<Buffer>;

function open(
  client: grpc.Client,
  metadata = new grpc.Metadata(),
): { stream: Stream; answer: Promise<Buffer> } {
  let stream!: Stream;
  const answer = new Promise<Buffer>((resolve, reject) => {
    stream = client.makeClientStreamRequest(path, bytes, bytes, metadata, (error, value) => {
      if (error !== null) reject(error);
      else resolve(value!);
    });
  });
  answer.catch(() => undefined);
  return { stream, answer };
}

const message = (i: number, length: number): Buffer => Buffer.alloc(length, i);

test('messages of all sizes come whole and in order, and are answered once', async (t) => {
  const { client, seen, events, budget } = await start(t);
  const lengths = [0, 1, 5, 100, 16_379, 16_384, 70_000, 1_500_000, 3, 200_000];
  const { stream, answer } = open(client);
  lengths.forEach((length, i) => void stream.write(message(i, length)));
  stream.end();
  assert.equal((await answer).toString(), String(lengths.length));
  assert.deepEqual(
    seen.map((m) => m.length),
    lengths,
  );
  assert.ok(seen.every((m, i) => m.every((byte) => byte === i)));
  assert.deepEqual(events, ['end']);
  assert.equal(budget.used, 0);
});

test('gzip within a stream', async (t) => {
  const { client, seen, budget } = await start(t);
  const metadata = new grpc.Metadata();
  metadata.set('grpc-internal-encoding-request', 'gzip');
  const { stream, answer } = open(client, metadata);
  const lengths = [10, 400_000, 20, 300_000, 30];
  lengths.forEach((length, i) => void stream.write(message(i, length)));
  stream.end();
  assert.equal((await answer).toString(), '5');
  assert.deepEqual(
    seen.map((m) => m.length),
    lengths,
  );
  assert.ok(seen.every((m, i) => m.every((byte) => byte === i)));
  assert.equal(budget.used, 0);
});

test('a held call takes one window, and goes on where it stopped', async (t) => {
  const { client, seen, calls, budget } = await start(t, (call, all) => {
    if (all.length === 3) call.input!.hold();
  });
  const { stream, answer } = open(client);
  for (let i = 0; i < 40; i += 1) stream.write(message(i, 100_000));
  stream.end();
  await until(() => seen.length === 3 && budget.used > 500_000);
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(seen.length, 3);
  assert.ok(budget.used <= 1 << 20, `${budget.used} bytes are held`);
  calls[0]!.input!.release();
  assert.equal((await answer).toString(), '40');
  assert.deepEqual(
    seen.map((m) => m[0]),
    Array.from({ length: 40 }, (_, i) => i),
  );
  assert.equal(budget.used, 0);
});

test('what a held call is sent in tiny pieces is kept in few buffers', async (t) => {
  const { client, seen, calls, budget } = await start(t, (call, all) => {
    if (all.length === 1) call.input!.hold();
  });
  const { stream, answer } = open(client);
  stream.write(message(1, 10));
  await until(() => calls.length === 1 && seen.length === 1);
  const rest = Buffer.concat(Array.from({ length: 20 }, (_, i) => message(i, 200 + i)));
  for (let i = 0; i < rest.length; i += 3) {
    stream.write(rest.subarray(i, i + 3));
    if (i % 300 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  stream.end();
  await until(() => budget.used >= 8192);
  assert.ok(budget.used <= 3 * 4096, `${budget.used} bytes are held`);
  calls[0]!.input!.release();
  await answer;
  assert.ok(Buffer.concat(seen.slice(1)).equals(rest));
  assert.equal(budget.used, 0);
});

test('a stream stays open as long as its client wants, and may be answered before its end', async (t) => {
  const { client, seen, events } = await start(t, (call, all) => {
    if (all.length === 2) call.ok(Buffer.from('enough'));
  });
  const { stream, answer } = open(client);
  stream.write(message(1, 10));
  await until(() => seen.length === 1);
  stream.write(message(2, 10));
  assert.equal((await answer).toString(), 'enough');
  assert.deepEqual(events, []);
});

test('a client that goes away, also within a message', async (t) => {
  const { port, seen, events, budget } = await start(t);
  const session = http2.connect(`http://127.0.0.1:${port}`);
  const headers = { ':method': 'POST', ':path': path, 'content-type': 'application/grpc' };
  const stream = session.request({ ...headers, te: 'trailers' });
  stream.on('error', () => undefined);
  stream.write(Buffer.concat([messagePrefix(1), message(1, 1), messagePrefix(9), message(2, 3)]));
  await until(() => seen.length === 1);
  session.destroy();
  await until(() => events.length === 1);
  assert.deepEqual(events, ['aborted']);
  assert.equal(budget.used, 0);
});

test('a message over the limit, and one that there is no memory for', async (t) => {
  const large = await start(t, undefined, { maxMessageBytes: 1000 });
  const first = open(large.client);
  first.stream.write(message(1, 10));
  first.stream.write(message(2, 1001));
  await assert.rejects(first.answer, { code: Code.RESOURCE_EXHAUSTED, message: /1001 vs\. 1000/ });
  assert.deepEqual(large.events, ['aborted']);
  assert.equal(large.seen.length, 1);

  const full = await start(t, undefined, { budget: countingBudget(50_000) });
  const second = open(full.client);
  second.stream.write(message(1, 100_000));
  await assert.rejects(second.answer, { code: Code.UNAVAILABLE });
  assert.equal(full.budget.used, 0);
});
