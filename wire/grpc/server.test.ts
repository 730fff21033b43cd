import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { after, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { fakeClock } from '../../testing/clock.ts';
import { until } from '../../testing/until.ts';
import { Flag, FrameType, preface } from './http2/constants.ts';
import { FrameReader } from './http2/frame-reader.ts';
import { frame, headerFrames, settingsFrame } from './http2/frames.ts';
import { encodeFields } from './http2/hpack-encoder.ts';
import type { ServerCall } from './server-call.ts';
import { startServer, testPath } from './testing.ts';

const closers: (() => unknown)[] = [];
after(async () => {
  for (const close of closers.reverse()) await close();
});

/** A server whose time stands still, and a socket to it. */
async function connected() {
  const clock = fakeClock();
  let accepted: net.Socket | undefined;
  const started = await startServer((call) => call.ok(Buffer.alloc(16_000)), {
    time: clock,
    attach: async (server, address) => {
      server.on('connection', (one) => {
        accepted = one;
      });
      server.listen(address);
      await once(server, 'listening');
      return {
        address: server.address() as net.AddressInfo,
        detach: () => void server.close(),
      };
    },
  });
  closers.push(() => started.server.close(0));
  const socket = net.connect(started.port, '127.0.0.1');
  socket.on('error', () => undefined);
  socket.resume();
  await once(socket, 'connect');
  const closed = new Promise<void>((resolve) => socket.on('close', () => resolve()));
  closers.push(() => socket.destroy());
  await until(() => started.server.connections === 1);
  /** Waits until the server has read all that was written. */
  const heard = (): Promise<void> =>
    until(() => accepted!.bytesRead === socket.bytesWritten, 'the server reads');
  return { ...started, clock, socket, closed, heard };
}

const hello = Buffer.concat([Buffer.from(preface), settingsFrame([])]);
const request = encodeFields([
  [':method', 'POST'],
  [':scheme', 'http'],
  [':path', testPath],
  ['content-type', 'application/grpc'],
]);

test('a client that says nothing is cut off after ten seconds', async () => {
  const { clock, server, closed } = await connected();
  await clock.advance(10_000);
  assert.equal(server.connections, 1);
  await clock.advance(1500);
  await closed;
  await until(() => server.connections === 0);
});

test('a request that stops coming gives its memory back after thirty seconds', async () => {
  const { clock, socket, budget, server } = await connected();
  socket.resume();
  socket.write(hello);
  socket.write(headerFrames(1, request, false, 16_384));
  socket.write(frame(FrameType.DATA, 0, 1, Buffer.from([0, 0, 0x10, 0, 0, 1])));
  await until(() => budget.used > 0);
  await clock.advance(29_000);
  assert.ok(budget.used > 0);
  await clock.advance(3000);
  assert.equal(budget.used, 0);
  assert.equal(server.connections, 1, 'the connection stays');
});

test('a request that drips is given up after five minutes', async () => {
  const { clock, socket, budget, heard } = await connected();
  socket.write(hello);
  socket.write(headerFrames(1, request, false, 16_384));
  socket.write(frame(FrameType.DATA, 0, 1, Buffer.from([0, 0, 0x10, 0, 0])));
  socket.write(frame(FrameType.DATA, 0, 1, Buffer.from([1])));
  await until(() => budget.used > 0);
  const drip = async (): Promise<void> => {
    socket.write(frame(FrameType.DATA, 0, 1, Buffer.from([1])));
    await heard();
    await clock.advance(5000);
  };
  for (let i = 0; i < 58; i += 1) await drip();
  assert.ok(budget.used > 0);
  for (let i = 0; i < 4; i += 1) await drip();
  assert.equal(budget.used, 0);
});

test('a header block that stops coming ends the connection', async () => {
  const { clock, socket, closed, server, heard } = await connected();
  socket.resume();
  socket.write(hello);
  socket.write(frame(FrameType.HEADERS, 0, 1, request));
  await heard();
  await clock.advance(32_000);
  await closed;
  await until(() => server.connections === 0);
});

test('a header block that drips ends the connection after a minute', async () => {
  const { clock, socket, server, heard } = await connected();
  socket.write(hello);
  socket.write(frame(FrameType.HEADERS, 0, 1, request));
  const rest = frame(FrameType.CONTINUATION, Flag.END_HEADERS, 1, Buffer.alloc(1000));
  const drip = async (seconds: number): Promise<void> => {
    for (let i = 0; i < seconds && server.connections > 0; i += 1) {
      socket.write(rest.subarray(dripped, dripped + 1));
      dripped += 1;
      await heard();
      await clock.advance(1000);
    }
  };
  let dripped = 0;
  await drip(58);
  assert.equal(server.connections, 1);
  await drip(10);
  assert.equal(server.connections, 0);
});

test('a client whose frames come one after the other is not slow', async () => {
  const { clock, socket, server, heard } = await connected();
  socket.write(hello);
  const update = frame(FrameType.WINDOW_UPDATE, 0, 0, Buffer.from([0, 0, 0, 1]));
  for (let i = 0; i < 130; i += 1) {
    // always within a frame when the server looks
    socket.write(Buffer.concat([update.subarray(i === 0 ? 0 : 3), update.subarray(0, 3)]));
    await heard();
    await clock.advance(1000);
  }
  assert.equal(server.connections, 1);
});

test('a client that does not read its answers is not read either, and is cut off', async () => {
  const { clock, socket, server, closed } = await connected();
  socket.pause();
  socket.write(
    Buffer.concat([hello, frame(FrameType.WINDOW_UPDATE, 0, 0, Buffer.from([0x7f, 0, 0, 0]))]),
  );
  for (let id = 1; id < 2000; id += 2) {
    socket.write(headerFrames(id, request, false, 16_384));
    socket.write(frame(FrameType.DATA, Flag.END_STREAM, id, Buffer.alloc(5)));
  }
  await new Promise((resolve) => setTimeout(resolve, 300));
  for (let i = 0; i < 40 && server.connections > 0; i += 1) {
    await clock.advance(1000);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  await until(() => server.connections === 0);
  socket.resume();
  await closed;
});

test('TCP that is half closed ends the connection', async () => {
  const { socket, server } = await connected();
  socket.resume();
  socket.write(hello);
  socket.end();
  await until(() => server.connections === 0);
});

test('more connections than allowed are closed', async () => {
  const { server, port } = await startServer((call) => call.ok(), { maxConnections: 1 });
  closers.push(() => server.close(0));
  const first = net.connect(port, '127.0.0.1');
  await once(first, 'connect');
  const second = net.connect(port, '127.0.0.1');
  second.on('error', () => undefined);
  await once(second, 'close');
  first.destroy();
});

test('malformed requests are reset and never reach the method', async () => {
  let calls = 0;
  const { server, port } = await startServer((call) => {
    calls += 1;
    call.ok();
  });
  closers.push(() => server.close(0));
  const fine: [string, string][] = [
    [':method', 'POST'],
    [':scheme', 'http'],
    [':path', testPath],
    ['content-type', 'application/grpc'],
  ];
  const bad: [string, string][][] = [
    ...[0, 1, 2].map((at) => fine.filter((_, i) => i !== at)),
    ...fine.slice(0, 3).map((field) => [field, ...fine]),
    [...fine, [':authority', 'late']],
    [[':status', '200'], ...fine],
    [[':other', 'x'], ...fine],
    [...fine, ['te', 'gzip']],
    [...fine, ['connection', 'close']],
    [...fine, ['transfer-encoding', 'chunked']],
    [...fine, ['x-a', 'b\r\nc: d']],
  ];
  const socket = net.connect(port, '127.0.0.1');
  closers.push(() => socket.destroy());
  const resets: number[] = [];
  let ended = -1;
  const reader = new FrameReader(false, {
    frame: (type, flags, id) => {
      if (type === FrameType.RST_STREAM) resets.push(id);
      if (type === FrameType.HEADERS && (flags & Flag.END_STREAM) !== 0) ended = id;
    },
    dataStart: () => undefined,
    dataPart: () => undefined,
    dataEnd: () => undefined,
  });
  socket.on('data', (chunk: Buffer) => reader.read(chunk));
  socket.write(hello);
  [...bad, fine].forEach((fields, i) => {
    socket.write(headerFrames(2 * i + 1, encodeFields(fields), false, 16_384));
    if (fields === fine) socket.write(frame(FrameType.DATA, 1, 2 * i + 1, Buffer.alloc(5)));
  });
  const last = 2 * bad.length + 1;
  while (ended !== last) await once(socket, 'data');
  assert.deepEqual(
    resets,
    bad.map((_, i) => 2 * i + 1),
  );
  assert.equal(calls, 1);
});

test('a claim of a large message gets little memory', async () => {
  const { socket, budget } = await connected();
  socket.write(hello);
  socket.write(headerFrames(1, request, false, 16_384));
  socket.write(frame(FrameType.DATA, 0, 1, Buffer.from([0, 0, 0x20, 0, 0, 1])));
  await until(() => budget.used > 0);
  assert.ok(budget.used < 10_000, `${budget.used} bytes reserved for one`);
});

test('nothing stays reserved wherever a request is broken off', async () => {
  const pending: ServerCall[] = [];
  const { server, budget, port } = await startServer((call) => void pending.push(call));
  closers.push(() => server.close(0));
  const packed = gzipSync(Buffer.alloc(300_000, 'abc'));
  const prefix = Buffer.from([1, 0, 0, packed.length >>> 8, packed.length & 255]);
  const headers = encodeFields([
    [':method', 'POST'],
    [':scheme', 'http'],
    [':path', testPath],
    ['content-type', 'application/grpc'],
    ['grpc-encoding', 'gzip'],
  ]);
  const body = frame(FrameType.DATA, Flag.END_STREAM, 1, Buffer.concat([prefix, packed]));
  const bytes = Buffer.concat([hello, headerFrames(1, headers, false, 16_384), body]);
  const first = bytes.length - body.length;
  const cuts = [first, first + 9, first + 14, first + 15, bytes.length - 1, bytes.length];
  for (const cut of cuts) {
    for (const way of ['reset', 'close']) {
      const socket = net.connect(port, '127.0.0.1');
      socket.on('error', () => undefined);
      socket.resume();
      await once(socket, 'connect');
      socket.write(bytes.subarray(0, cut));
      if (cut === bytes.length && way === 'close') {
        while (pending.length === 0) await new Promise((resolve) => setTimeout(resolve, 2));
      }
      if (way === 'reset' && (cut === first || cut === bytes.length)) {
        socket.write(frame(FrameType.RST_STREAM, 0, 1, Buffer.from([0, 0, 0, 8])));
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
      socket.destroy();
      while (server.connections > 0) await new Promise((resolve) => setTimeout(resolve, 2));
      await new Promise((resolve) => setTimeout(resolve, 20));
      for (const call of pending.splice(0)) call.ok();
      assert.equal(budget.used, 0, `${way} after ${cut} of ${bytes.length} bytes`);
    }
  }
  assert.ok(budget.peak >= 300_000);
});

/** What the server sends back for these frames on stream 1: the code of its RST_STREAM. */
async function resetCode(frames: readonly Uint8Array[]): Promise<number> {
  const { socket } = await connected();
  let bytes = Buffer.alloc(0);
  let code = -1;
  socket.on('data', (chunk: Buffer) => {
    bytes = Buffer.concat([bytes, chunk]);
    while (bytes.length >= 9 && bytes.length >= 9 + bytes.readUIntBE(0, 3)) {
      const length = bytes.readUIntBE(0, 3);
      if (bytes[3] === FrameType.RST_STREAM) code = bytes.readUInt32BE(9);
      if (bytes[3] === FrameType.HEADERS) code = 0;
      bytes = bytes.subarray(9 + length);
    }
  });
  socket.write(Buffer.concat([hello, ...frames]));
  await until(() => code >= 0);
  return code;
}

const message = Buffer.from([0, 0, 0, 0, 2, 10, 0]);
const withLength = (length: string): Buffer =>
  headerFrames(
    1,
    Buffer.concat([request, encodeFields([['content-length', length]])]),
    false,
    16_384,
  );

test('a body that is not as long as content-length says is malformed', async () => {
  const data = frame(FrameType.DATA, Flag.END_STREAM, 1, message);
  assert.equal(await resetCode([withLength('7'), data]), 0);
  assert.equal(await resetCode([withLength('8'), data]), 1);
  assert.equal(await resetCode([withLength('6'), data]), 1);
  assert.equal(await resetCode([withLength('-7')]), 1);
});

test('trailers with pseudo-header fields are malformed', async () => {
  const open = headerFrames(1, request, false, 16_384);
  const data = frame(FrameType.DATA, 0, 1, message);
  const trailers = (name: string): Buffer =>
    headerFrames(1, encodeFields([[name, 'x']]), true, 16_384);
  assert.equal(await resetCode([open, data, trailers('x-checksum')]), 0);
  assert.equal(await resetCode([open, data, trailers(':method')]), 1);
});
