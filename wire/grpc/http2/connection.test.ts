import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ErrorCode, Flag, FrameType, preface, Setting } from './constants.ts';
import { frame, headerFrames, pingFrame, resetFrame, settingsFrame } from './frames.ts';
import { encodeFields } from './hpack-encoder.ts';
import { type Bench, bench } from './testing.ts';

const hello = Buffer.concat([Buffer.from(preface), settingsFrame([])]);
const block = encodeFields([
  [':method', 'POST'],
  [':path', '/x'],
]);

function opened(options = {}): Bench {
  const b = bench(options);
  b.connection.receive(hello);
  b.sent.length = 0;
  return b;
}

const request = (id: number, end = true): Buffer => headerFrames(id, block, end, 16_384);
const data = (id: number, bytes: number, flags = 0): Buffer =>
  frame(FrameType.DATA, flags, id, Buffer.alloc(bytes));

/** The error code of the GOAWAY that was sent, undefined when none was. */
function goaway(b: Bench): number | undefined {
  return b.sent.find((f) => f.type === FrameType.GOAWAY)?.payload.readUInt32BE(4);
}

test('a request is told as headers, data and end, however it is cut', () => {
  const bytes = Buffer.concat([hello, request(1, false), data(1, 10), data(1, 5, Flag.END_STREAM)]);
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: bytes.length - 1 }), { maxLength: 10 }),
      (cuts) => {
        const b = bench();
        let from = 0;
        for (const to of [...cuts.sort((x, y) => x - y), bytes.length]) {
          b.connection.receive(Buffer.from(bytes.subarray(from, to)));
          from = to;
        }
        const sum = b.events
          .filter((e) => e.startsWith('data 1'))
          .reduce((n, e) => n + Number(e.split(' ')[2]), 0);
        assert.equal(sum, 15);
        assert.equal(b.events[0], 'headers 1 2');
        assert.equal(b.events.at(-1), 'end 1');
      },
    ),
  );
});

test('padding is passed over and counted by the window', () => {
  const b = opened();
  b.connection.receive(request(1, false));
  const padded = Buffer.concat([Buffer.from([4]), Buffer.alloc(6), Buffer.alloc(4)]);
  b.connection.receive(frame(FrameType.DATA, Flag.PADDED | Flag.END_STREAM, 1, padded));
  assert.deepEqual(b.events.slice(1), ['data 1 6', 'end 1']);
  b.connection.receive(request(3, false));
  b.connection.receive(frame(FrameType.DATA, Flag.PADDED, 3, Buffer.from([9, 0])));
  assert.equal(goaway(b), ErrorCode.PROTOCOL_ERROR);
});

test('random bytes never throw and end in GOAWAY or silence', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), fc.boolean(), (bytes, greet) => {
      const b = bench();
      if (greet) b.connection.receive(hello);
      b.connection.receive(Buffer.from(bytes));
      b.connection.receive(Buffer.from(bytes));
      assert.equal(b.closed, goaway(b) !== undefined);
    }),
    { numRuns: 500 },
  );
});

test('random frames never throw', () => {
  const any = fc.record({
    type: fc.integer({ min: 0, max: 12 }),
    flags: fc.integer({ min: 0, max: 255 }),
    id: fc.constantFrom(0, 1, 2, 3, 5, 2 ** 31 - 1),
    payload: fc.uint8Array({ maxLength: 40 }),
  });
  fc.assert(
    fc.property(fc.array(any, { maxLength: 30 }), (list) => {
      const b = opened();
      for (const f of list) b.connection.receive(frame(f.type, f.flags, f.id, f.payload));
      assert.equal(b.closed, goaway(b) !== undefined);
      b.connection.lost();
      assert.equal(b.connection.streams.size, 0);
    }),
    { numRuns: 500 },
  );
});

test('rapid reset ends the connection (CVE-2023-44487)', () => {
  const b = opened();
  let streams = 0;
  for (let id = 1; !b.closed && id < 20_000; id += 2) {
    b.connection.receive(Buffer.concat([request(id, false), resetFrame(id, ErrorCode.CANCEL)]));
    streams += 1;
  }
  assert.equal(goaway(b), ErrorCode.ENHANCE_YOUR_CALM);
  assert.equal(streams, 1001);
});

test('resets at a normal pace are no attack', () => {
  const b = opened();
  for (let id = 1; id < 8000; id += 2) {
    b.nowMs += 40;
    b.connection.receive(Buffer.concat([request(id, false), resetFrame(id, ErrorCode.CANCEL)]));
  }
  assert.equal(b.closed, false);
});

const floods: Record<string, Buffer> = {
  settings: settingsFrame([]),
  ping: pingFrame(Buffer.alloc(8), false),
  priority: frame(FrameType.PRIORITY, 0, 1, Buffer.alloc(5)),
  unknown: frame(77, 0, 0, Buffer.alloc(1)),
  'empty data': data(1, 0),
  'window updates of closed streams': frame(
    FrameType.WINDOW_UPDATE,
    0,
    3,
    Buffer.from([0, 0, 0, 1]),
  ),
};
for (const [name, bytes] of Object.entries(floods)) {
  test(`a flood of ${name} ends the connection`, () => {
    const b = opened();
    b.connection.receive(request(3));
    b.connection.receive(resetFrame(3, 0));
    b.connection.receive(request(5, false));
    for (let i = 0; !b.closed && i < 10_000; i += 1) b.connection.receive(bytes);
    assert.equal(goaway(b), ErrorCode.ENHANCE_YOUR_CALM);
  });
}

test('a flood of CONTINUATION frames ends the connection', () => {
  const b = opened();
  b.connection.receive(frame(FrameType.HEADERS, 0, 1, block));
  let count = 0;
  while (!b.closed && count < 1000) {
    b.connection.receive(frame(FrameType.CONTINUATION, 0, 1, Buffer.alloc(count % 2)));
    count += 1;
  }
  assert.equal(goaway(b), ErrorCode.ENHANCE_YOUR_CALM);
  assert.ok(count < 50, `${count} frames were taken`);
});

test('a header bomb is decoded within its limits', () => {
  const b = opened();
  const entry = Buffer.concat([
    Buffer.from([0x40, 1, 0x61, 0x7f, 0xa1, 0x1e]),
    Buffer.alloc(4000, 65),
  ]);
  const bomb = Buffer.concat([entry, Buffer.alloc(12_000, 0xbe)]);
  b.connection.receive(frame(FrameType.HEADERS, Flag.END_HEADERS | Flag.END_STREAM, 1, bomb));
  assert.deepEqual(b.events, ['headers 1 4 over end', 'end 1']);
});

test('a stream id that was passed over cannot be used any more', () => {
  const b = opened();
  for (const id of [3, 9, 13]) b.connection.receive(request(id));
  b.connection.receive(request(3));
  assert.equal(b.closed, false, 'a stream that was there may be known too late to be closed');
  b.connection.receive(request(7));
  assert.equal(goaway(b), ErrorCode.PROTOCOL_ERROR);
});

const faults: Record<string, [Buffer, number]> = {
  'frame longer than 16 KiB': [frame(4, 0, 0, Buffer.alloc(16_385)), ErrorCode.FRAME_SIZE_ERROR],
  PUSH_PROMISE: [frame(5, 4, 1, Buffer.alloc(4)), ErrorCode.PROTOCOL_ERROR],
  'DATA on an idle stream': [data(9, 1), ErrorCode.PROTOCOL_ERROR],
  'DATA on stream 0': [data(0, 1), ErrorCode.PROTOCOL_ERROR],
  'even stream id': [request(2), ErrorCode.PROTOCOL_ERROR],
  'RST_STREAM on an idle stream': [resetFrame(9, 0), ErrorCode.PROTOCOL_ERROR],
  'PING of 7 bytes': [frame(6, 0, 0, Buffer.alloc(7)), ErrorCode.FRAME_SIZE_ERROR],
  'SETTINGS of 5 bytes': [frame(4, 0, 0, Buffer.alloc(5)), ErrorCode.FRAME_SIZE_ERROR],
  'frame size setting too small': [
    settingsFrame([[Setting.MAX_FRAME_SIZE, 100]]),
    ErrorCode.PROTOCOL_ERROR,
  ],
  'window setting too large': [
    settingsFrame([[Setting.INITIAL_WINDOW_SIZE, 2 ** 31]]),
    ErrorCode.FLOW_CONTROL_ERROR,
  ],
  'window update by 0': [frame(8, 0, 0, Buffer.alloc(4)), ErrorCode.PROTOCOL_ERROR],
  'window over 2^31 - 1': [
    frame(8, 0, 0, Buffer.from([0x7f, 0xff, 0xff, 0xff])),
    ErrorCode.FLOW_CONTROL_ERROR,
  ],
  'broken header block': [frame(1, 4, 1, Buffer.from([0xff])), ErrorCode.COMPRESSION_ERROR],
};
for (const [name, [bytes, code]] of Object.entries(faults)) {
  test(`${name} ends the connection`, () => {
    const b = opened();
    b.connection.receive(bytes);
    assert.equal(goaway(b), code);
    assert.equal(b.closed, true);
  });
}

test('something else than HTTP/2 is refused at once', () => {
  const b = bench();
  b.connection.receive(Buffer.from('GET / HTTP/1.1\r\n\r\n'));
  assert.equal(goaway(b), ErrorCode.PROTOCOL_ERROR);
});

test('more DATA than the windows allow is refused', () => {
  const b = opened();
  b.connection.receive(request(1, false));
  b.connection.receive(request(3, false));
  for (let i = 0; i < 4; i += 1) b.connection.receive(data(1, 16_383));
  assert.equal(b.closed, false);
  const small = opened({ streamWindow: 100 });
  small.connection.receive(request(1, false));
  small.connection.receive(data(1, 101));
  assert.deepEqual(small.events.slice(1), [`aborted 1 ${ErrorCode.FLOW_CONTROL_ERROR} self`]);
});

test('streams beyond the limit are refused, one by one', () => {
  const b = opened({ maxConcurrentStreams: 2 });
  for (const id of [1, 3, 5]) b.connection.receive(request(id, false));
  assert.deepEqual(b.events, ['headers 1 2', 'headers 3 2']);
  const reset = b.sent.find((f) => f.type === FrameType.RST_STREAM);
  assert.equal(reset?.id, 5);
  assert.equal(reset?.payload.readUInt32BE(0), ErrorCode.REFUSED_STREAM);
});

test('payload waits for the windows of stream and connection', () => {
  const b = opened();
  b.connection.receive(settingsFrame([[Setting.INITIAL_WINDOW_SIZE, 10]]));
  b.connection.receive(request(1));
  const stream = b.connection.streams.get(1)!;
  b.sent.length = 0;
  b.connection.out.data(stream, [Buffer.from('hello '), Buffer.from('world, again')], undefined);
  assert.equal(b.sent.map((f) => f.payload.toString()).join('|'), 'hello worl');
  b.connection.receive(frame(8, 0, 1, Buffer.from([0, 0, 0, 5])));
  assert.equal(b.sent.map((f) => f.payload.toString()).join('|'), 'hello worl|d, ag');
  b.connection.receive(settingsFrame([[Setting.INITIAL_WINDOW_SIZE, 20]]));
  const text = b.sent.filter((f) => f.type === 0).map((f) => f.payload.toString());
  assert.equal(text.join(''), 'hello world, again');
  assert.equal(b.connection.streams.size, 0);
});

test('draining tells the last stream and passes over later ones', () => {
  const b = opened();
  b.connection.receive(request(1, false));
  b.connection.drain();
  b.connection.receive(Buffer.concat([request(3, false), data(3, 4), resetFrame(3, 8)]));
  b.connection.receive(data(1, 4, Flag.END_STREAM));
  assert.deepEqual(b.events, ['headers 1 2', 'data 1 4', 'end 1']);
  const frameSent = b.sent.find((f) => f.type === FrameType.GOAWAY);
  assert.equal(frameSent?.payload.readUInt32BE(0), 1);
});

test('streams that the peer makes us reset count as resets of its own', () => {
  const b = opened({ guard: { resetBurst: 5, resetsPerSecond: 1, idleFrames: 100 } });
  for (let id = 1; id < 21; id += 2) {
    b.connection.receive(Buffer.concat([request(id), data(id, 1)]));
  }
  assert.equal(goaway(b), ErrorCode.ENHANCE_YOUR_CALM);
});

test('many window sizes in one SETTINGS frame are one change', () => {
  const b = opened();
  b.connection.receive(request(1));
  let changes = 0;
  const { out } = b.connection;
  const resize = out.resizeWindows.bind(out);
  out.resizeWindows = (size, streams) => {
    changes += 1;
    return resize(size, streams);
  };
  const sizes = Array.from({ length: 2000 }, (_, i): [number, number] => [
    Setting.INITIAL_WINDOW_SIZE,
    i,
  ]);
  b.connection.receive(settingsFrame(sizes));
  assert.equal(changes, 1);
  assert.equal(out.initialWindow, 1999);
  b.connection.receive(
    settingsFrame([
      [Setting.INITIAL_WINDOW_SIZE, 2 ** 31],
      [Setting.INITIAL_WINDOW_SIZE, 1],
    ]),
  );
  assert.equal(goaway(b), ErrorCode.FLOW_CONTROL_ERROR);
});

test('PRIORITY on stream 0 and floods of GOAWAY and unasked PING answers end it', () => {
  const zero = opened();
  zero.connection.receive(frame(FrameType.PRIORITY, 0, 0, Buffer.alloc(5)));
  assert.equal(goaway(zero), ErrorCode.PROTOCOL_ERROR);
  for (const flood of [
    frame(FrameType.GOAWAY, 0, 0, Buffer.alloc(8)),
    pingFrame(Buffer.alloc(8), true),
  ]) {
    const b = opened({ guard: { resetBurst: 5, resetsPerSecond: 1, idleFrames: 50 } });
    for (let i = 0; i < 60; i += 1) b.connection.receive(flood);
    assert.equal(goaway(b), ErrorCode.ENHANCE_YOUR_CALM);
  }
});

test('a connection that pings now and then lives on', () => {
  const b = opened({ guard: { resetBurst: 5, resetsPerSecond: 1, idleFrames: 50 } });
  for (let i = 0; i < 500; i += 1) {
    b.nowMs += 10_000;
    b.connection.receive(pingFrame(Buffer.alloc(8), false));
  }
  assert.equal(goaway(b), undefined);
});

test('WINDOW_UPDATE on a stream that was never opened ends it', () => {
  const b = opened();
  b.connection.receive(frame(FrameType.WINDOW_UPDATE, 0, 7, Buffer.from([0, 0, 0, 1])));
  assert.equal(goaway(b), ErrorCode.PROTOCOL_ERROR);
});
