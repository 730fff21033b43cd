import assert from 'node:assert/strict';
import { test } from 'node:test';
import { zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { cityHash128Into } from './cityhash.ts';
import { compressFrame, FrameError, FrameReader } from './frame.ts';
import { lz4Bound, lz4Compress, lz4Decompress } from './lz4.ts';

function city(text: string | Uint8Array): string {
  const target = new Uint8Array(16);
  cityHash128Into(typeof text === 'string' ? Buffer.from(text) : text, target);
  return Buffer.from(target).toString('hex');
}

// Compressible and random stretches, so that matches of all lengths occur.
const content = fc
  .array(
    fc.oneof(
      fc.uint8Array({ maxLength: 60 }),
      fc
        .tuple(fc.uint8Array({ minLength: 1, maxLength: 9 }), fc.nat(80))
        .map(([unit, times]) =>
          Uint8Array.from({ length: unit.length * times }, (_, i) => unit[i % unit.length]!),
        ),
    ),
    { maxLength: 12 },
  )
  .map((parts) => new Uint8Array(Buffer.concat(parts)));

test('CityHash128 1.0.2 gives known values', () => {
  assert.equal(city(''), '2b9ac064fc9df03d291ee592c340b53c');
  assert.equal(city('Moscow'), '6ddf3eeebf17df2e559d40c605f3ae22');
});

test('LZ4: what was compressed comes back', () => {
  fc.assert(
    fc.property(content, (data) => {
      const packed = new Uint8Array(lz4Bound(data.length));
      const size = lz4Compress(data, packed);
      const back = new Uint8Array(data.length);
      lz4Decompress(packed.subarray(0, size), back);
      assert.deepEqual(back, data);
    }),
    { numRuns: 300 },
  );
});

test('LZ4: repeated data becomes small', () => {
  const data = new Uint8Array(100_000).fill(7);
  const packed = new Uint8Array(lz4Bound(data.length));
  assert.ok(lz4Compress(data, packed) < 500);
});

test('LZ4: faults are errors and write nothing outside', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat(200), (bytes, size) => {
      try {
        lz4Decompress(bytes, new Uint8Array(size));
      } catch (error) {
        assert.match((error as Error).message, /^cannot decompress LZ4 block/);
      }
    }),
    { numRuns: 500 },
  );
});

test('frames come back from pieces of any size', () => {
  fc.assert(
    fc.property(
      fc.array(content, { maxLength: 3 }),
      fc.integer({ min: 1, max: 97 }),
      (all, step) => {
        const bytes = Buffer.concat(all.map((data) => compressFrame(data, cityHash128Into)));
        const reader = new FrameReader(cityHash128Into, 1 << 20);
        const out: Uint8Array[] = [];
        for (let at = 0; at < bytes.length; at += step)
          out.push(...reader.push(bytes.subarray(at, at + step)));
        reader.end();
        assert.deepEqual(Buffer.concat(out), Buffer.concat(all));
      },
    ),
    { numRuns: 200 },
  );
});

test('a flipped bit, a cut and a wrong size are refused', () => {
  const frame = compressFrame(Buffer.from('some data, some data, some data'), cityHash128Into);
  for (let at = 0; at < frame.length; at++) {
    const bad = Uint8Array.from(frame);
    bad[at]! ^= 1;
    assert.throws(() => {
      const reader = new FrameReader(cityHash128Into, 1000);
      reader.push(bad);
      reader.end();
    }, FrameError);
  }
  const reader = new FrameReader(cityHash128Into, 1000);
  assert.deepEqual(reader.push(frame.subarray(0, frame.length - 1)), []);
  assert.throws(() => reader.end(), /input ends after/);
  assert.throws(() => new FrameReader(cityHash128Into, 20).push(frame), /are not in 9\.\.20/);
});

test('zstd frames and plain frames are read', () => {
  const data = Buffer.from('zstd '.repeat(50));
  for (const [method, payload] of [
    [0x90, zstdCompressSync(data)],
    [0x02, data],
  ] as const) {
    const frame = Buffer.alloc(25 + payload.length);
    frame[16] = method;
    frame.writeUInt32LE(9 + payload.length, 17);
    frame.writeUInt32LE(data.length, 21);
    payload.copy(frame, 25);
    cityHash128Into(frame.subarray(16), frame);
    const [back] = new FrameReader(cityHash128Into, 10_000).push(frame);
    assert.deepEqual(Buffer.from(back!), data);
  }
});
