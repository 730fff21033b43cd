import assert from 'node:assert/strict';
import { once } from 'node:events';
import http2 from 'node:http2';
import net from 'node:net';
import { after, test } from 'node:test';
import grpc from '@grpc/grpc-js';
import fc from 'fast-check';
import { until } from '../../testing/until.ts';
import { createCompressor } from '../compression/compressor.ts';
import { Code } from '../status/code.ts';
import { decodeStatus, encodeStatus } from '../status/status.ts';
import { GrpcError } from './grpc-error.ts';
import { Connection } from './http2/connection.ts';
import type { ServerCall } from './server-call.ts';
import { countingBudget, makeClient, startServer, testPath } from './testing.ts';

const same = (bytes: Buffer): Buffer => bytes;
const unlimitedMessages = {
  'grpc.max_receive_message_length': -1,
  'grpc.max_send_message_length': -1,
};

interface Reply {
  error: grpc.ServiceError | null;
  answer: Buffer | undefined;
}

function jsClient(port: number, options: grpc.ClientOptions = {}) {
  const client = new grpc.Client(`127.0.0.1:${port}`, grpc.credentials.createInsecure(), {
    ...unlimitedMessages,
    'grpc.enable_retries': 0,
    ...options,
  });
  const call = (
    message: Buffer,
    metadata = new grpc.Metadata(),
    extra: grpc.CallOptions = {},
    path = testPath,
  ) =>
    new Promise<Reply>((resolve) => {
      client.makeUnaryRequest(path, same, same, message, metadata, extra, (error, answer) =>
        resolve({ error, answer }),
      );
    });
  return { call, close: () => client.close() };
}

/** Answers by what the message says: `fail CODE TEXT`, `later`, `silent`, else an echo. */
function scripted(call: ServerCall, message: Buffer): void {
  const text = message.subarray(0, 100).toString();
  const [word, code, ...rest] = text.split(' ');
  if (word === 'fail') {
    const details = encodeStatus({
      code: Number(code) as Code,
      message: rest.join(' '),
      retryDelayMs: 1234,
    });
    call.fail(Number(code) as Code, rest.join(' '), details);
  } else if (word === 'later') setTimeout(() => call.ok(Buffer.from('late')), 20);
  else if (word === 'silent') setTimeout(() => call.ok(), 1500).unref();
  else if (word === 'headers') call.ok(Buffer.from(JSON.stringify(call.headers)));
  else if (word === 'empty') call.ok();
  else call.ok(message);
}

const closers: (() => unknown)[] = [];
after(async () => {
  for (const close of closers.reverse()) await close();
});

async function ours(options: Parameters<typeof startServer>[1] = {}) {
  const started = await startServer(scripted, options);
  closers.push(() => started.server.close(0));
  return started;
}

test('grpc-js client, our server: echo, empty answers, sizes up to the limit and over', async () => {
  const { port, budget } = await ours();
  const client = jsClient(port);
  closers.push(() => client.close());
  for (const size of [0, 1, 100, 16_379, 70_000, 1_000_000, 4 << 20]) {
    const { error, answer } = await client.call(Buffer.alloc(size, 65));
    assert.equal(error, null);
    assert.equal(answer?.length, size);
  }
  assert.equal((await client.call(Buffer.from('empty'))).answer?.length, 0);
  const over = await client.call(Buffer.alloc((4 << 20) + 1));
  assert.equal(over.error?.code, grpc.status.RESOURCE_EXHAUSTED);
  assert.match(over.error?.details ?? '', /larger than max \(4194305 vs\. 4194304\)/);
  const many = await Promise.all(
    Array.from({ length: 500 }, () => client.call(Buffer.alloc(2000))),
  );
  assert.equal(many.filter(({ answer }) => answer?.length === 2000).length, 500);
  assert.equal(budget.used, 0);
});

test('grpc-js client, our server: every status with its text and details', async () => {
  const { port } = await ours();
  const client = jsClient(port);
  closers.push(() => client.close());
  for (let code = 1; code <= 16; code += 1) {
    const { error } = await client.call(Buffer.from(`fail ${code} näher: 50% \n`));
    assert.equal(error?.code, code);
    assert.equal(error?.details, 'näher: 50% \n');
    const [details] = error?.metadata.get('grpc-status-details-bin') ?? [];
    assert.equal(decodeStatus(details as Buffer).retryDelayMs, 1234);
  }
});

test('grpc-js client, our server: compression, metadata, deadlines, unknown methods', async () => {
  const { port } = await ours();
  for (const algorithm of [1, 2]) {
    const client = jsClient(port, { 'grpc.default_compression_algorithm': algorithm });
    const { answer } = await client.call(Buffer.alloc(100_000, 66));
    assert.equal(answer?.length, 100_000);
    client.close();
  }
  const client = jsClient(port);
  closers.push(() => client.close());
  const metadata = new grpc.Metadata();
  metadata.add('tenant', 'a');
  metadata.add('tenant', 'b');
  const { answer } = await client.call(Buffer.from('headers'), metadata);
  assert.match(answer?.toString() ?? '', /"tenant","a","tenant","b"|"tenant","a, ?b"/);
  const late = await client.call(Buffer.from('silent'), metadata, { deadline: Date.now() + 50 });
  assert.equal(late.error?.code, grpc.status.DEADLINE_EXCEEDED);
  const unknown = await client.call(Buffer.alloc(0), metadata, {}, '/test.Other/Method');
  assert.equal(unknown.error?.code, grpc.status.UNIMPLEMENTED);
  assert.match(unknown.error?.details ?? '', /unknown service test\.Other/);
  const method = await client.call(Buffer.alloc(0), metadata, {}, '/test.Service/Other');
  assert.match(method.error?.details ?? '', /unknown method Other for service test\.Service/);
});

test('grpc-js client, our server: no memory is UNAVAILABLE, and passes', async () => {
  const budget = countingBudget(100_000);
  const { port } = await ours({ budget });
  const client = jsClient(port);
  closers.push(() => client.close());
  const { error } = await client.call(Buffer.alloc(200_000));
  assert.equal(error?.code, grpc.status.UNAVAILABLE);
  assert.equal((await client.call(Buffer.alloc(90_000))).error, null);
  assert.equal(budget.used, 0);
});

test('our server drains: open calls are answered, new ones go elsewhere', async () => {
  let calls = 0;
  const { port, server } = await startServer((call, message) => {
    calls += 1;
    scripted(call, message);
  });
  closers.push(() => server.close(0));
  const client = jsClient(port);
  closers.push(() => client.close());
  await client.call(Buffer.alloc(1));
  const open = client.call(Buffer.from('later'));
  await until(() => calls === 2, 'the second call comes');
  await server.close(60_000);
  assert.equal((await open).answer?.toString(), 'late');
  assert.equal((await client.call(Buffer.alloc(1))).error?.code, grpc.status.UNAVAILABLE);
});

/** A grpc-js server that answers by {@link scripted}'s words. */
async function theirs() {
  const server = new grpc.Server(unlimitedMessages);
  const definition = {
    Method: {
      path: testPath,
      requestStream: false,
      responseStream: false,
      requestSerialize: same,
      requestDeserialize: same,
      responseSerialize: same,
      responseDeserialize: same,
    },
  } as const;
  server.addService(definition, {
    Method(call: grpc.ServerUnaryCall<Buffer, Buffer>, done: grpc.sendUnaryData<Buffer>) {
      const text = call.request.subarray(0, 100).toString();
      const [word, code, ...rest] = text.split(' ');
      if (word === 'fail') done({ code: Number(code), details: rest.join(' ') });
      else if (word === 'metadata') done(null, Buffer.from(JSON.stringify(call.metadata.getMap())));
      else if (word !== 'silent') done(null, call.request);
    },
  });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  closers.push(() => server.forceShutdown());
  return { server, port };
}

const soon = () => performance.now() + 10_000;

test('our client, grpc-js server: echo, sizes, statuses', async () => {
  const { port } = await theirs();
  const client = makeClient(port, { headers: [['tenant', 'x']] });
  closers.push(() => client.close());
  for (const size of [0, 1, 16_379, 100_000, 3_000_000]) {
    const parts = [Buffer.alloc(size >> 1, 1), Buffer.alloc(size - (size >> 1), 2)];
    const answer = await client.call(parts, false, soon());
    assert.ok(answer.equals(Buffer.concat(parts)));
  }
  const metadata = JSON.parse(String(await client.call([Buffer.from('metadata')], false, soon())));
  assert.equal(metadata.tenant, 'x');
  for (let code = 1; code <= 16; code += 1) {
    const call = client.call([Buffer.from(`fail ${code} grün 5%`)], false, soon());
    await assert.rejects(call, (error: unknown) => {
      assert.ok(error instanceof GrpcError);
      assert.deepEqual([error.code, error.message], [code, 'grün 5%']);
      return !error.unknownOutcome;
    });
  }
  const calls = Array.from({ length: 300 }, (_, i) =>
    client.call([Buffer.from(`call ${i}`)], false, soon()),
  );
  assert.deepEqual(
    (await Promise.all(calls)).map(String),
    calls.map((_, i) => `call ${i}`),
  );
});

test('our client, grpc-js server: compressed both ways, deadline, broken connection', async () => {
  const { port, server } = await theirs();
  const client = makeClient(port, { encoding: 'gzip' });
  closers.push(() => client.close());
  const gzip = await createCompressor('gzip');
  const packed = await gzip([Buffer.alloc(50_000, 7)]);
  const answer = await client.call([packed], true, soon());
  assert.equal(answer.length, 50_000);
  const silent = client.call([await gzip([Buffer.from('silent')])], true, performance.now() + 50);
  await assert.rejects(silent, { code: Code.DEADLINE_EXCEEDED, unknownOutcome: true });
  const broken = client.call([await gzip([Buffer.from('silent')])], true, soon());
  setTimeout(() => server.forceShutdown(), 50);
  await assert.rejects(broken, (error: GrpcError) => error.unknownOutcome);
  await assert.rejects(client.call([packed], true, soon()), { code: Code.UNAVAILABLE });
});

test('our client: calls that were not looked at go out again; a lost connection is made anew', async () => {
  const server = http2.createServer();
  const sessions: http2.ServerHttp2Session[] = [];
  let refuse = 1;
  let requests = 0;
  server.on('session', (session) => sessions.push(session));
  server.on('stream', (stream) => {
    requests += 1;
    stream.on('error', () => undefined);
    if (refuse > 0) {
      refuse -= 1;
      stream.close(http2.constants.NGHTTP2_REFUSED_STREAM);
      return;
    }
    const headers = { ':status': 200, 'content-type': 'application/grpc' };
    stream.respond(headers, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
    stream.end(Buffer.alloc(5));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(() => server.close());
  const client = makeClient((server.address() as net.AddressInfo).port);
  closers.push(() => client.close());
  await client.call([Buffer.alloc(3)], false, soon());
  assert.equal(requests, 2, 'refused once, then taken');
  sessions[0]?.goaway(0, 0);
  await client.call([Buffer.alloc(3)], false, soon());
  await client.call([Buffer.alloc(3)], false, soon());
  sessions.at(-1)?.destroy();
  await new Promise((resolve) => setTimeout(resolve, 20));
  await client.call([Buffer.alloc(3)], false, soon());
  assert.ok(sessions.length >= 3);
});

test('bare HTTP answers become the codes that gRPC gives them', async () => {
  const server = http2.createServer((_, response) => {
    response.writeHead(503);
    response.end('overloaded');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(() => server.close());
  const client = makeClient((server.address() as net.AddressInfo).port);
  closers.push(() => client.close());
  const call = client.call([Buffer.alloc(1)], false, soon());
  await assert.rejects(call, { code: Code.UNAVAILABLE, unknownOutcome: false });
});

test('headers of a node:http2 client are read as sent', async () => {
  const lists: Map<string, string>[] = [];
  const server = net.createServer((socket) => {
    const connection: Connection<number> = new Connection<number>(
      {
        server: true,
        streamWindow: 65_535,
        connectionWindow: 65_535,
        maxConcurrentStreams: 100,
        maxHeaderListSize: 65_536,
        maxHeaderPairs: 200,
        nowMs: () => 0,
      },
      {
        headers(_, id, list) {
          const names = list.names.slice(0, list.count);
          lists.push(new Map(names.map((name, i) => [name, list.values[i]!])));
          const stream = connection.open(id, id);
          connection.out.headers(stream, Buffer.from([0x88]), true);
        },
        data: () => undefined,
        end: () => undefined,
        aborted: () => undefined,
      },
      {
        write: (parts) => void socket.write(Buffer.concat(parts)),
        close: () => socket.end(),
        defer: (flush) => process.nextTick(flush),
      },
    );
    socket.on('data', (chunk: Buffer) => connection.receive(chunk));
    socket.on('error', () => undefined);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = http2.connect(`http://127.0.0.1:${(server.address() as net.AddressInfo).port}`);
  const field = fc.tuple(
    fc.stringMatching(/^x-[a-z0-9]{1,12}$/),
    fc.stringMatching(/^[!-~]{0,60}$/),
  );
  const property = fc.asyncProperty(fc.array(field, { maxLength: 15 }), async (fields) => {
    const headers = Object.fromEntries(fields);
    const stream = client.request(
      { ':path': '/x', ':method': 'POST', ...headers },
      { endStream: true },
    );
    stream.resume();
    await once(stream, 'close');
    const list = lists.pop();
    for (const [name, value] of Object.entries(headers)) assert.equal(list?.get(name), value);
  });
  await fc.assert(property, { numRuns: 60 });
  client.close();
  server.close();
});
