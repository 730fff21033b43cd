import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { CaptureFileError } from './error.ts';
import { CaptureReader } from './reader.ts';

interface Got {
  readonly data: string;
  readonly wire: number;
  readonly seconds: number;
  readonly nanos: number;
  readonly link: number;
  readonly interface: number;
}

/** Packets of a file that is pushed in chunks, and the fault that ended it. */
function read(file: Uint8Array, chunk = file.length || 1): { got: Got[]; fault: string } {
  const got: Got[] = [];
  const reader = new CaptureReader((p) => {
    got.push({
      data: Buffer.from(p.bytes.subarray(p.start, p.start + p.length)).toString('latin1'),
      wire: p.wireLength,
      seconds: p.seconds,
      nanos: p.nanos,
      link: p.linkType,
      interface: p.interfaceId,
    });
  });
  try {
    for (let at = 0; at < file.length; at += chunk) {
      // The caller may reuse its buffer.
      const piece = Uint8Array.from(file.subarray(at, at + chunk));
      reader.push(piece);
      piece.fill(0xee);
    }
    reader.end();
  } catch (error) {
    assert.ok(error instanceof CaptureFileError, String(error));
    assert.ok(error.offset <= file.length, error.message);
    return { got, fault: error.message };
  }
  return { got, fault: '' };
}

type Order = 'BE' | 'LE';

function u16(n: number, order: Order): Buffer {
  const b = Buffer.alloc(2);
  if (order === 'BE') b.writeUInt16BE(n);
  else b.writeUInt16LE(n);
  return b;
}

function u32(n: number, order: Order): Buffer {
  const b = Buffer.alloc(4);
  if (order === 'BE') b.writeUInt32BE(n);
  else b.writeUInt32LE(n);
  return b;
}

function classic(
  order: Order,
  magic: number,
  packets: readonly { s: number; f: number; data: string; wire?: number }[],
  link = 1,
): Buffer {
  const w = (n: number): Buffer => u32(n, order);
  const header = [w(magic), u16(2, order), u16(4, order), w(0), w(0), w(65535), w(link)];
  const records = packets.flatMap(({ s, f, data, wire }) => [
    w(s),
    w(f),
    w(data.length),
    w(wire ?? data.length),
    Buffer.from(data, 'latin1'),
  ]);
  return Buffer.concat([...header, ...records]);
}

function block(order: Order, type: number, body: Buffer): Buffer {
  const padded = Buffer.concat([body, Buffer.alloc((4 - (body.length % 4)) % 4)]);
  const total = u32(padded.length + 12, order);
  return Buffer.concat([u32(type, order), total, padded, total]);
}

function section(order: Order): Buffer {
  const w = (n: number): Buffer => u32(n, order);
  const length = w(0xffffffff);
  const body = [w(0x1a2b3c4d), u16(1, order), u16(0, order), length, length];
  return block(order, 0x0a0d0d0a, Buffer.concat(body));
}

function option(order: Order, code: number, value: readonly number[]): Buffer {
  const padding = Buffer.alloc((4 - (value.length % 4)) % 4);
  return Buffer.concat([u16(code, order), u16(value.length, order), Buffer.from(value), padding]);
}

function description(order: Order, link: number, snap: number, ...options: Buffer[]): Buffer {
  const fixed = [u16(link, order), u16(0, order), u32(snap, order)];
  return block(order, 1, Buffer.concat([...fixed, ...options]));
}

function enhanced(order: Order, id: number, ticks: bigint, data: string, wire?: number): Buffer {
  const w = (n: number): Buffer => u32(n, order);
  const head = [
    w(id),
    w(Number(ticks >> 32n)),
    w(Number(ticks & 0xffffffffn)),
    w(data.length),
    w(wire ?? data.length),
  ];
  const padded = Buffer.alloc((4 - (data.length % 4)) % 4);
  return block(order, 6, Buffer.concat([...head, Buffer.from(data, 'latin1'), padded]));
}

const one = { wire: 3, seconds: 5, nanos: 0, link: 1, interface: 0, data: 'abc' };

for (const order of ['BE', 'LE'] as const) {
  test(`classic pcap, ${order}`, () => {
    const packets = [
      { s: 5, f: 7, data: 'abc', wire: 60 },
      { s: 6, f: 999_999, data: '' },
    ];
    assert.deepEqual(read(classic(order, 0xa1b2c3d4, packets, 113)), {
      got: [
        { ...one, wire: 60, nanos: 7000, link: 113 },
        { ...one, data: '', wire: 0, seconds: 6, nanos: 999_999_000, link: 113 },
      ],
      fault: '',
    });
    const nanos = classic(order, 0xa1b23c4d, [{ s: 5, f: 999_999_999, data: 'abc' }]);
    assert.deepEqual(read(nanos).got, [{ ...one, nanos: 999_999_999 }]);
  });

  test(`pcapng, ${order}`, () => {
    const w = (n: number): Buffer => u32(n, order);
    const file = Buffer.concat([
      section(order),
      description(order, 1, 0),
      description(order, 101, 0, option(order, 2, [101]), option(order, 9, [9])),
      description(
        order,
        1,
        0,
        option(order, 9, [0x80 | 10]),
        option(order, 14, offset(order, 100)),
      ),
      block(order, 5, Buffer.alloc(60)),
      enhanced(order, 0, 5_000_007n, 'abc', 60),
      enhanced(order, 1, 1_700_000_000_123_456_789n, 'defgh'),
      enhanced(order, 2, 5n * 1024n + 512n, 'i'),
      block(
        order,
        2,
        Buffer.concat([u16(1, order), u16(0, order), w(0), w(7), w(3), w(3), Buffer.from('old')]),
      ),
      block(order, 3, Buffer.concat([w(2), Buffer.from('si')])),
      section(order),
      description(order, 1, 0),
      enhanced(order, 0, 5_000_000n, 'abc'),
    ]);
    assert.deepEqual(read(file), {
      got: [
        { ...one, wire: 60, nanos: 7000 },
        {
          data: 'defgh',
          wire: 5,
          seconds: 1_700_000_000,
          nanos: 123_456_789,
          link: 101,
          interface: 1,
        },
        { data: 'i', wire: 1, seconds: 105, nanos: 500_000_000, link: 1, interface: 2 },
        { data: 'old', wire: 3, seconds: 0, nanos: 7, link: 101, interface: 1 },
        { data: 'si', wire: 2, seconds: 0, nanos: 7, link: 1, interface: 0 },
        { ...one, interface: 3 },
      ],
      fault: '',
    });
  });
}

function offset(order: Order, seconds: number): number[] {
  const words = [u32(0, order), u32(seconds, order)];
  return [...Buffer.concat(order === 'BE' ? words : words.reverse())];
}

const samples = {
  classic: classic('LE', 0xa1b2c3d4, [
    { s: 5, f: 7, data: 'abc' },
    { s: 6, f: 8, data: 'defghijk' },
  ]),
  ng: Buffer.concat([
    section('BE'),
    description('BE', 1, 0),
    block('BE', 5, Buffer.alloc(200)),
    enhanced('BE', 0, 5_000_007n, 'abc'),
    enhanced('BE', 0, 6_000_007n, 'defghijk'),
  ]),
};

test('chunks of any size give the same packets', () => {
  for (const file of Object.values(samples)) {
    const whole = read(file);
    assert.equal(whole.fault, '');
    assert.equal(whole.got.length, 2);
    for (let chunk = 1; chunk < file.length; chunk++) assert.deepEqual(read(file, chunk), whole);
  }
});

test('a truncated file keeps what was good and says where it ends', () => {
  for (const file of Object.values(samples)) {
    const { got } = read(file);
    let complete = 0;
    for (let length = 0; length < file.length; length++) {
      const part = read(file.subarray(0, length), 7);
      assert.deepEqual(part.got, got.slice(0, part.got.length));
      if (part.fault === '') complete++;
      else assert.match(part.fault, /^cannot read capture file at byte \d+: truncated: /);
    }
    // Only ends at record boundaries are no faults.
    assert.equal(complete, file === samples.classic ? 2 : 4);
  }
});

function fault(file: Uint8Array): string {
  return read(file).fault.replace('cannot read capture file at byte ', '');
}

test('lies are named with their place', () => {
  assert.equal(fault(Buffer.alloc(0)), '0: truncated: pcap or pcapng header expected');
  assert.match(fault(Buffer.from('not a capture')), /^0: magic number .* expected, 6e6f7420 found/);
  const huge = Buffer.from(samples.classic);
  huge.writeUInt32LE(0x7fffffff, 24 + 8);
  assert.equal(
    fault(huge),
    '32: packet claims 2147483647 captured bytes, at most 1048576 expected',
  );
  const f = (want: RegExp, ...blocks: Buffer[]): void => {
    assert.match(fault(Buffer.concat([section('LE'), ...blocks])), want);
  };
  f(/^28: packet of interface 0, but the section describes 0/, enhanced('LE', 0, 1n, 'x'));
  const long = enhanced('LE', 0, 1n, 'abcd');
  long.writeUInt32LE(5, 20);
  f(/^48: packet claims 5 captured bytes, at most 4 expected/, description('LE', 1, 0), long);
  const odd = description('LE', 1, 0);
  odd.writeUInt32LE(21, 4);
  f(/^32: block length 21 of type 1, a multiple of 4 from 20 up expected/, odd);
  const twice = description('LE', 1, 0);
  twice.writeUInt32LE(24, 16);
  f(/^44: block length 20 expected to be repeated, 24 found/, twice);
  const vast = enhanced('LE', 0, 1n, 'abcd');
  vast.writeUInt32LE(0xfffffff0, 4);
  f(
    /^52: block length 4294967280 of type 6, at most 2097152 expected/,
    description('LE', 1, 0),
    vast,
  );
  const order = section('LE');
  order.writeUInt32LE(0x1a2b3c4e, 8);
  f(/^36: byte order magic 1a2b3c4d expected/, order);
  f(/timestamp resolution/, description('LE', 1, 0, option('LE', 9, [20])));
  const skipped = block('LE', 0x999, Buffer.alloc(8));
  skipped.writeUInt32LE(0xfffffff0, 4);
  f(/^48: truncated: block goes on for 4294967260 bytes/, skipped);
});

test('random flips and cuts: packets or a fault, nothing else', () => {
  const file = fc.constantFrom(samples.classic, samples.ng);
  const flips = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 6 });
  fc.assert(
    fc.property(file, flips, fc.nat(), fc.integer({ min: 1, max: 64 }), (base, edits, cut, n) => {
      const bytes = Buffer.from(base);
      for (const [at, value] of edits) bytes[at % bytes.length] = value;
      read(bytes.subarray(0, bytes.length - (cut % 20)), n);
    }),
    { numRuns: 1000 },
  );
});
