/**
 * Hostile and broken clients against the started receiver: each gets the status that names its
 * fault, nothing of it is stored, memory goes back to the budget, and a good client is served
 * afterwards.
 */
import assert from 'node:assert/strict';
import http2 from 'node:http2';
import net from 'node:net';
import { after, afterEach, before, test } from 'node:test';
import zlib from 'node:zlib';
import fc from 'fast-check';
import { post, type Running, spans, startReceiver } from '../receivers/otlp/testing.ts';
import { until } from '../testing/until.ts';
import type { GrpcError } from '../wire/grpc/grpc-error.ts';
import { FrameType, preface } from '../wire/grpc/http2/constants.ts';
import { FrameReader } from '../wire/grpc/http2/frame-reader.ts';
import { headerFrames, settingsFrame } from '../wire/grpc/http2/frames.ts';
import { HpackDecoder } from '../wire/grpc/http2/hpack-decoder.ts';
import { encodeFields } from '../wire/grpc/http2/hpack-encoder.ts';
import { otlpPaths } from '../wire/grpc/otlp-paths.ts';
import { makeClient } from '../wire/grpc/testing.ts';

const budgetBytes = 32 << 20;
let running: Running;
before(async () => {
  running = await startReceiver({}, { budgetBytes });
});
after(() => running.receiver.shutdown());
afterEach(async () => {
  await until(() => running.settings.budget.used === 0, 'memory went back');
  assert.equal(running.traces.batches.length, 0, 'nothing was stored');
  const client = makeClient(running.grpcPort, { path: otlpPaths.traces });
  await client.call([spans(1)], false, performance.now() + 60_000);
  client.close();
  assert.equal((await post(running.httpPort, '/v1/traces', spans(1))).status, 200);
  assert.equal(running.traces.items, 2, 'a good client is served');
  running.traces.batches.length = 0;
});

/** A node:http2 connection that does not mind being cut off; `code` of the GOAWAY it got. */
function hostile(): { session: http2.ClientHttp2Session; gone: Promise<number> } {
  const session = http2.connect(`http://127.0.0.1:${running.grpcPort}`);
  session.on('error', () => undefined);
  const gone = new Promise<number>((resolve) => {
    session.on('goaway', (code) => resolve(code));
    session.on('close', () => resolve(-1));
  });
  return { session, gone };
}

const headers = {
  ':method': 'POST',
  ':path': otlpPaths.traces,
  'content-type': 'application/grpc',
  te: 'trailers',
};
/** One request with these fields as bytes; the fields of the answer, or the GOAWAY. */
async function raw(fields: readonly (readonly string[])[]): Promise<string[]> {
  const socket = net.connect(running.grpcPort, '127.0.0.1');
  socket.on('error', () => undefined);
  const pseudo: [string, string][] = [
    [':method', 'POST'],
    [':scheme', 'http'],
    [':path', otlpPaths.traces],
    ['content-type', 'application/grpc'],
  ];
  const block = encodeFields([...pseudo, ...(fields as [string, string][])]);
  socket.write(Buffer.concat([Buffer.from(preface), settingsFrame([])]));
  socket.write(headerFrames(1, block, true, 16_384));
  const decoder = new HpackDecoder({ tableSize: 4096, listSize: 65_536, pairs: 256 });
  const answer = await new Promise<string[]>((resolve) => {
    const reader = new FrameReader(false, {
      frame(type, _flags, _id, b, start, end) {
        if (type === FrameType.GOAWAY) {
          resolve([`GOAWAY ${b.readUInt32BE(start + 4)} ${b.toString('latin1', start + 8, end)}`]);
        } else if (type === FrameType.HEADERS) {
          const list = decoder.decode(b, start, end);
          resolve(
            Array.from({ length: list.count }, (_, i) => `${list.names[i]} ${list.values[i]}`),
          );
        }
      },
      dataStart: () => undefined,
      dataPart: () => undefined,
      dataEnd: () => undefined,
    });
    socket.on('data', (chunk) => reader.read(chunk));
    socket.on('close', () => resolve(['closed']));
  });
  socket.destroy();
  return answer;
}

const calm = http2.constants.NGHTTP2_ENHANCE_YOUR_CALM;

interface Answer {
  http: number;
  grpc: string;
  message: string;
}

/** One raw request; what came back. */
async function ask(
  more: http2.OutgoingHttpHeaders,
  body: Buffer = Buffer.alloc(5),
): Promise<Answer> {
  const { session } = hostile();
  const stream = session.request({ ...headers, ...more });
  const answer: Answer = { http: 0, grpc: '', message: '' };
  const note = (h: http2.IncomingHttpHeaders): void => {
    answer.http = Number(h[':status'] ?? answer.http);
    answer.grpc = String(h['grpc-status'] ?? answer.grpc);
    answer.message = decodeURIComponent(String(h['grpc-message'] ?? answer.message));
  };
  stream.on('response', note);
  stream.on('trailers', note);
  stream.on('error', () => undefined);
  stream.resume();
  stream.end(body);
  await new Promise((resolve) => stream.on('close', resolve));
  session.destroy();
  return answer;
}

test('wrong methods, types, paths, encodings, time-outs over gRPC', async () => {
  assert.equal((await ask({ ':method': 'PUT' })).http, 405);
  assert.equal((await ask({ 'content-type': 'text/html' })).http, 415);
  const encoding = await ask({ 'grpc-encoding': 'br' });
  assert.deepEqual([encoding.http, encoding.grpc], [200, '12']);
  assert.match(encoding.message, /"br"/);
  assert.equal((await ask({ ':path': '/nowhere' })).grpc, '12');
  const timeout = await ask({ 'grpc-timeout': 'soon' });
  assert.deepEqual([timeout.http, timeout.grpc], [400, '13']);
  assert.match(timeout.message, /malformed grpc-timeout: .*"soo"/);
});

test('headers over the limit are told 431 over gRPC, a block beyond all measure ends the connection', async () => {
  const large = await raw(Array.from({ length: 16 }, (_, i) => [`x-${i}`, 'y'.repeat(4070)]));
  assert.ok(large.includes(':status 431'), large.join());
  assert.ok(large.includes('grpc-status 8'), large.join());
  const many = await raw(Array.from({ length: 400 }, (_, i) => [`x-${i}`, 'y']));
  assert.ok(many.includes(':status 431') && many.includes('grpc-status 8'), many.join());
  const beyond = await raw(Array.from({ length: 40 }, (_, i) => [`x-${i}`, 'Y~'.repeat(2000)]));
  assert.deepEqual(beyond, ['GOAWAY 11 header block too large']);
});

test('messages that are cut, too long, too many', async () => {
  const prefix = (length: number, flag = 0) => Buffer.from([flag, 0, 0, length >> 8, length & 255]);
  const cut = await ask({}, Buffer.concat([prefix(100), Buffer.alloc(50)]));
  assert.equal(cut.grpc, '13');
  assert.match(cut.message, /unexpected EOF/);
  assert.equal((await ask({}, Buffer.alloc(0))).grpc, '13');
  assert.equal((await ask({}, Buffer.concat([prefix(0), prefix(0)]))).grpc, '13');
  assert.equal((await ask({}, Buffer.concat([prefix(1, 7), Buffer.alloc(1)]))).grpc, '13');
  const long = await ask({}, Buffer.from([0, 0xff, 0xff, 0xff, 0xff, 1]));
  assert.equal(long.grpc, '8');
  const bomb = zlib.gzipSync(Buffer.alloc(100 << 20));
  const head = Buffer.alloc(5);
  head[0] = 1;
  head.writeUInt32BE(bomb.length, 1);
  assert.equal((await ask({ 'grpc-encoding': 'gzip' }, Buffer.concat([head, bomb]))).grpc, '8');
});

test('random bytes as messages and bodies are refused with a reason', async () => {
  const client = makeClient(running.grpcPort, { path: otlpPaths.traces });
  const property = fc.asyncProperty(
    fc.uint8Array({ minLength: 1, maxLength: 200 }),
    async (bytes) => {
      const grpcOk = await client.call([bytes], false, performance.now() + 60_000).then(
        () => true,
        (error: GrpcError) => {
          assert.equal(error.code, 3);
          assert.notEqual(error.message, '');
          return false;
        },
      );
      const reply = await post(running.httpPort, '/v1/traces', bytes);
      assert.equal(reply.status, grpcOk ? 200 : 400);
      const json = { 'content-type': 'application/json' };
      assert.equal((await post(running.httpPort, '/v1/traces', bytes, json)).status, 400);
    },
  );
  await fc.assert(property, { numRuns: 100 });
  client.close();
});

test('deeply nested protobuf and JSON', async () => {
  const json = `{"resourceSpans":${'['.repeat(50_000)}${']'.repeat(50_000)}}`;
  const type = { 'content-type': 'application/json' };
  assert.equal((await post(running.httpPort, '/v1/traces', json, type)).status, 400);
  let value: Buffer = Buffer.from([0x0a, 0]);
  const wrap = (field: number, inner: Buffer): Buffer => {
    const length = [
      (inner.length & 127) | 128,
      ((inner.length >> 7) & 127) | 128,
      inner.length >> 14,
    ];
    return Buffer.concat([Buffer.from([field * 8 + 2, ...length]), inner]);
  };
  for (let i = 0; i < 2000; i += 1) value = wrap(5, wrap(1, value));
  const body = wrap(1, wrap(1, wrap(1, wrap(2, value))));
  const reply = await post(running.httpPort, '/v1/traces', body);
  assert.equal(reply.status, 400);
});

test('rapid reset ends the connection', async () => {
  const { session, gone } = hostile();
  let stopped = false;
  gone.then(() => {
    stopped = true;
  });
  for (let i = 0; i < 5000 && !stopped && !session.destroyed; i += 1) {
    const stream = session.request(headers);
    stream.on('error', () => undefined);
    stream.close(http2.constants.NGHTTP2_CANCEL);
    if (i % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  assert.equal(await gone, calm);
  session.destroy();
});

test('a flood of PINGs ends the connection', async () => {
  const { session, gone } = hostile();
  await new Promise((resolve) => session.on('connect', resolve));
  const ping = (): void => {
    if (!session.destroyed && !session.closed) session.ping(ping);
  };
  for (let i = 0; i < 5; i += 1) ping();
  assert.equal(await gone, calm);
  session.destroy();
});

test('a flood of SETTINGS ends the connection', async () => {
  const socket = net.connect(running.grpcPort, '127.0.0.1');
  const settings = Buffer.from('000000040000000000', 'hex');
  socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
  const ended = new Promise<Buffer>((resolve) => {
    const chunks: Buffer[] = [];
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(Buffer.concat(chunks)));
  });
  for (let i = 0; i < 100 && !socket.destroyed; i += 1) {
    socket.write(Buffer.concat(Array.from({ length: 100 }, () => settings)));
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.match((await ended).toString('latin1'), /too many frames/);
});

test('half-closed connections and clients that vanish within a request', async () => {
  const sockets = Array.from({ length: 50 }, () => net.connect(running.grpcPort, '127.0.0.1'));
  for (const socket of sockets) {
    socket.on('error', () => undefined);
    socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
    socket.write(Buffer.from('000000040000000000', 'hex'));
  }
  for (const socket of sockets.slice(25)) socket.end();
  const { session } = hostile();
  const streams = Array.from({ length: 20 }, () => session.request(headers));
  for (const stream of streams) {
    stream.on('error', () => undefined);
    stream.write(Buffer.from([0, 0, 0x10, 0, 0, 1, 2, 3]));
  }
  while (running.settings.budget.used === 0) await new Promise((r) => setTimeout(r, 5));
  assert.ok(running.settings.budget.used < 20 << 20);
  session.destroy();
  for (const socket of sockets) socket.destroy();
});

test('forty connections with bodies of 4 MB and bombs stay within the budget', async () => {
  const bomb = zlib.gzipSync(Buffer.alloc(3 << 20));
  const body = Buffer.alloc(4_000_000, 1);
  let peak = 0;
  const watch = setInterval(() => {
    peak = Math.max(peak, running.settings.budget.used);
  }, 1);
  const outcomes = await Promise.all(
    Array.from({ length: 40 }, async (_, i) => {
      const encoding = i % 2 === 0 ? undefined : ('gzip' as const);
      const client = makeClient(running.grpcPort, { path: otlpPaths.traces, encoding });
      const message = encoding === undefined ? body : bomb;
      const soon = performance.now() + 120_000;
      const result = await client.call([message], encoding !== undefined, soon).then(
        () => 0,
        (error: GrpcError) => error.code,
      );
      client.close();
      return result;
    }),
  );
  clearInterval(watch);
  assert.ok(peak <= budgetBytes);
  assert.ok(
    outcomes.every((code) => code === 3 || code === 14),
    outcomes.join(),
  );
});
