import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Decompressor } from '../compression/decompressor.ts';
import { Flag, FrameType, preface } from './http2/constants.ts';
import { frame, headerFrames, pingFrame, settingsFrame } from './http2/frames.ts';
import { encodeFields } from './http2/hpack-encoder.ts';
import { defaultKeepalive, Keepalive, type KeepaliveOptions } from './keepalive.ts';
import type { ServerCall } from './server-call.ts';
import { ServerConnection } from './server-connection.ts';
import { countingBudget, testPath } from './testing.ts';

function make(options: Partial<KeepaliveOptions>) {
  const calls: ServerCall[] = [];
  const state = { nowMs: 0, sent: Buffer.alloc(0), closed: false, calls };
  const budget = countingBudget();
  const connection = new ServerConnection(
    {
      methods: new Map([[testPath, (call) => void calls.push(call)]]),
      maxMessageBytes: 1000,
      maxConcurrentStreams: 10,
      keepHeaders: false,
      budget,
      decompressor: new Decompressor(budget),
      nowMs: () => state.nowMs,
    },
    'peer',
    {
      write: (parts) => {
        state.sent = Buffer.concat([state.sent, ...parts]);
      },
      close: () => {
        state.closed = true;
      },
      defer: (flush) => flush(),
    },
  );
  const keepalive = new Keepalive({ ...defaultKeepalive, ...options }, connection, 0.5);
  connection.keepalive = keepalive;
  connection.http2.receive(Buffer.concat([Buffer.from(preface), settingsFrame([])]));
  state.sent = Buffer.alloc(0);
  let id = 1;
  const begin = (): void => {
    const block = encodeFields([
      [':method', 'POST'],
      [':scheme', 'http'],
      [':path', testPath],
      ['content-type', 'application/grpc'],
    ]);
    connection.http2.receive(headerFrames(id, block, false, 16_384));
    connection.http2.receive(frame(FrameType.DATA, Flag.END_STREAM, id, Buffer.alloc(5)));
    id += 2;
  };
  return { state, connection, keepalive, begin };
}

const ping = pingFrame(Buffer.alloc(8), false);

test('idle connections are told to go, busy ones are not', () => {
  const { state, keepalive, begin } = make({ maxConnectionIdleMs: 1000 });
  begin();
  assert.equal(keepalive.sweep(5000), 'keep');
  state.nowMs = 5000;
  state.calls[0]?.ok();
  assert.equal(keepalive.sweep(5500), 'keep');
  assert.equal(keepalive.sweep(6000), 'destroy');
  assert.ok(state.sent.includes('max_idle'));
});

test('old connections finish their calls, within the grace', () => {
  const { keepalive, state, begin } = make({
    maxConnectionAgeMs: 1000,
    maxConnectionAgeGraceMs: 500,
  });
  begin();
  assert.equal(keepalive.sweep(999), 'keep');
  assert.equal(keepalive.sweep(1000), 'keep');
  assert.ok(state.sent.includes('max_age'));
  assert.equal(keepalive.sweep(1499), 'keep');
  assert.equal(keepalive.sweep(1500), 'destroy');
});

test('a silent client is sent a PING, and given up without an answer', () => {
  const { keepalive, state, connection } = make({ timeMs: 1000, timeoutMs: 200 });
  assert.equal(keepalive.sweep(1000), 'keep');
  assert.equal(state.sent.length, 17);
  connection.http2.receive(pingFrame(Buffer.alloc(8), true));
  assert.equal(keepalive.sweep(1200), 'keep');
  assert.equal(keepalive.sweep(1400), 'destroy');
});

test('PINGs that come too often are an offence, unless answers were sent between', () => {
  const { connection, state } = make({ minTimeMs: 100, permitWithoutStream: true });
  for (let i = 0; i < 10; i += 1) {
    state.nowMs += 100;
    connection.http2.receive(ping);
  }
  assert.equal(state.closed, false);
  for (let i = 0; i < 3; i += 1) connection.http2.receive(ping);
  assert.equal(state.closed, true);
  assert.ok(state.sent.includes('too_many_pings'));
  const busy = make({});
  for (let i = 0; i < 10; i += 1) {
    busy.begin();
    busy.state.calls.at(-1)?.ok();
    busy.connection.http2.receive(ping);
  }
  assert.equal(busy.state.closed, false);
});
