import { gzipSync } from 'node:zlib';
import { Decompressor } from '../../wire/compression/decompressor.ts';
import { ClientSession } from '../../wire/grpc/client-session.ts';
import { GrpcError } from '../../wire/grpc/grpc-error.ts';
import { Flag, FrameType, preface } from '../../wire/grpc/http2/constants.ts';
import { frame, headerFrames, settingsFrame } from '../../wire/grpc/http2/frames.ts';
import { constantFields, encodeFields } from '../../wire/grpc/http2/hpack-encoder.ts';
import { type Method, ServerConnection } from '../../wire/grpc/server-connection.ts';
import { countingBudget } from '../../wire/grpc/testing.ts';
import type { Target } from './targets.ts';

const maxMessageBytes = 1 << 16;
const unary = '/a.B/Unary';
const stream = '/a.B/Stream';

function call(id: number, path: string, encoding: string, message: Buffer): Buffer {
  const block = encodeFields([
    [':method', 'POST'],
    [':scheme', 'http'],
    [':path', path],
    ['content-type', 'application/grpc'],
    ['grpc-encoding', encoding],
    ['grpc-timeout', '1S'],
  ]);
  const prefix = Buffer.from([encoding === 'identity' ? 0 : 1, 0, 0, 0, message.length]);
  const one = Buffer.concat([prefix, message]);
  return Buffer.concat([
    headerFrames(id, block, false, 16_384),
    frame(FrameType.DATA, 0, id, one.subarray(0, 4)),
    frame(FrameType.DATA, path === stream ? 0 : Flag.END_STREAM, id, one.subarray(4)),
    path === stream ? frame(FrameType.DATA, Flag.END_STREAM, id, one) : Buffer.alloc(0),
  ]);
}

/** Pieces of one to some hundred bytes, the sizes being those of the input. */
function* pieces(input: Buffer): Generator<Buffer> {
  for (let at = 0; at < input.length; ) {
    const size = 1 + (input[at]! % 200);
    yield input.subarray(at, at + size);
    at += size;
  }
}

/** Feeds a server connection; at the end no memory may stay reserved. */
async function serve(input: Buffer): Promise<void> {
  const budget = countingBudget(1 << 20);
  const connection = new ServerConnection(
    {
      methods: new Map<string, Method>([
        [unary, (one, message) => one.ok(message.subarray(0, 100))],
        [
          stream,
          {
            open: (one, ready) =>
              ready({
                message: () => {
                  one.input?.hold();
                  queueMicrotask(() => one.input?.release());
                },
                end: () => one.ok(),
                aborted: () => undefined,
              }),
          },
        ],
      ]),
      ...{ maxMessageBytes, maxConcurrentStreams: 10, keepHeaders: true, budget },
      decompressor: new Decompressor(budget),
      nowMs: () => 0,
    },
    '',
    { write: () => undefined, close: () => undefined, defer: (flush) => flush() },
  );
  for (const piece of pieces(input)) {
    connection.http2.receive(piece);
    await undefined;
  }
  connection.http2.lost();
  // large messages are unpacked on other threads
  for (let i = 0; i < 500 && budget.used > 0; i += 1) await new Promise((r) => setTimeout(r, 1));
  if (budget.used !== 0) throw new Error(`${budget.used} bytes stay reserved`);
  if (connection.open !== 0) throw new Error(`${connection.open} calls stay open`);
}

const server: Target = {
  name: 'grpc server',
  seeds: () => {
    const hello = Buffer.concat([Buffer.from(preface), settingsFrame([])]);
    const text = Buffer.from('a message of some bytes');
    return [
      Buffer.concat([
        hello,
        call(1, unary, 'identity', text),
        call(3, unary, 'gzip', gzipSync(text)),
      ]),
      Buffer.concat([
        hello,
        call(1, stream, 'identity', text),
        call(3, stream, 'gzip', gzipSync(text)),
      ]),
      Buffer.concat([hello, call(1, '/a.B/None', 'identity', text), call(3, unary, 'zstd', text)]),
    ];
  },
  run: serve,
  refusal: () => false,
};

/** Feeds what a server says to a client with three calls; each of them ends exactly once. */
async function answer(input: Buffer): Promise<void> {
  const session = new ClientSession(
    {
      fields: constantFields([[':method', 'POST']]),
      nowMs: () => 0,
      onReady: () => undefined,
      onRoom: () => undefined,
      onUnprocessed: (one) => one.reject(new GrpcError(14, 'not looked at')),
      onGoaway: () => undefined,
    },
    { write: () => undefined, close: () => undefined, defer: (flush) => flush() },
  );
  session.receive(settingsFrame([]));
  const ends = Array.from({ length: 3 }, () => {
    return new Promise<void>((resolve) => {
      session.begin({
        ...{ parts: [Buffer.alloc(3)], bytes: 3, compressed: false, deadlineMs: 1 },
        ...{ settled: false, refusals: 0 },
        resolve: () => resolve(),
        reject: () => resolve(),
      });
    });
  });
  for (const piece of pieces(input)) session.receive(piece);
  session.http2.lost();
  await Promise.all(ends);
}

const client: Target = {
  name: 'grpc answers',
  seeds: () => {
    const headers = encodeFields([
      [':status', '200'],
      ['content-type', 'application/grpc'],
      ['grpc-encoding', 'gzip'],
    ]);
    const trailers = encodeFields([
      ['grpc-status', '8'],
      ['grpc-message', 'no %20 room'],
      ['grpc-status-details-bin', 'CAg'],
    ]);
    const packed = gzipSync('answer');
    const body = Buffer.concat([Buffer.from([1, 0, 0, 0, packed.length]), packed]);
    return [
      Buffer.concat([
        headerFrames(1, headers, false, 16_384),
        frame(FrameType.DATA, 0, 1, body),
        headerFrames(1, encodeFields([['grpc-status', '0']]), true, 16_384),
        headerFrames(3, trailers, true, 16_384),
        frame(FrameType.GOAWAY, 0, 0, Buffer.from('0000000300000000', 'hex')),
      ]),
    ];
  },
  run: answer,
  refusal: () => false,
};

/** Both sides of gRPC over HTTP/2. */
export const grpc: readonly Target[] = [server, client];
