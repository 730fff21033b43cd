import assert from 'node:assert/strict';
import { test } from 'node:test';
import zlib from 'node:zlib';
import fc from 'fast-check';
import { createCompressor } from './compressor.ts';
import { Decompressor, loadSnappy } from './decompressor.ts';
import { encodeFramed } from './snappy-format.ts';
import { DecompressError, type DecompressFault, type Encoding, encodings } from './types.ts';
import { xxh32 } from './xxh32.ts';

function counted(limit = Number.POSITIVE_INFINITY) {
  const budget = {
    used: 0,
    peak: 0,
    tryReserve: (n: number) => {
      if (budget.used + n > limit) return false;
      budget.used += n;
      budget.peak = Math.max(budget.peak, budget.used);
      return true;
    },
    release: (n: number) => {
      budget.used -= n;
    },
  };
  return budget;
}

async function fault(encoding: Encoding, input: Buffer, max: number, limit?: number) {
  const budget = counted(limit);
  let seen: DecompressFault | undefined;
  try {
    await new Decompressor(budget).decompress(encoding, input, max);
  } catch (error) {
    assert.ok(error instanceof DecompressError, String(error));
    seen = error.fault;
  }
  assert.equal(budget.used, 0, 'nothing stays reserved');
  return { fault: seen, peak: budget.peak };
}

for (const encoding of encodings) {
  test(`${encoding}: what is compressed comes back and is paid for`, async () => {
    const compress = await createCompressor(encoding);
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 2000 }),
      fc.integer({ min: 1, max: 700_000 }).map((n) => new Uint8Array(n).map((_, i) => i % 251)),
    );
    const property = fc.asyncProperty(bytes, async (input) => {
      const half = input.length >> 1;
      const packed = await compress([input.subarray(0, half), input.subarray(half)]);
      const budget = counted();
      const plain = await new Decompressor(budget).decompress(encoding, packed, 1 << 20);
      assert.ok(plain.bytes.equals(input));
      assert.equal(budget.used, plain.reserved);
      assert.ok(plain.reserved >= input.length);
    });
    await fc.assert(property, { numRuns: 40 });
  });

  test(`${encoding}: a bomb is refused at the limit, in bounded memory`, async () => {
    const compress = await createCompressor(encoding);
    const bomb = await compress([Buffer.alloc(32 << 20)]);
    const result = await fault(encoding, bomb, 1 << 20);
    assert.equal(result.fault, 'too_large');
    assert.ok(result.peak <= 12 << 20, `peak ${result.peak}`);
    const poor = await fault(encoding, bomb, 64 << 20, 2 << 20);
    assert.equal(poor.fault, 'no_memory');
  });

  test(`${encoding}: damaged input is a DecompressError`, async () => {
    const compress = await createCompressor(encoding);
    const packed = Buffer.from(await compress([Buffer.from('hello, hello, hello '.repeat(50))]));
    for (let length = 0; length < packed.length; length += 1) {
      const { fault: seen } = await fault(encoding, packed.subarray(0, length), 1 << 20);
      const emptyIsValid = length === 0 && encoding === 'lz4';
      const headerAlone = encoding === 'x-snappy-framed' && length === 10;
      if (!emptyIsValid && !headerAlone) assert.equal(seen, 'corrupt', `cut to ${length}`);
    }
    const noise = fc.asyncProperty(
      fc.uint8Array({ minLength: 1, maxLength: 200 }),
      async (bytes) => {
        await fault(encoding, Buffer.from(bytes), 1 << 16);
      },
    );
    await fc.assert(noise, { numRuns: 100 });
  });
}

test('a gzip trailer that lies costs no more than it can', async () => {
  const packed = Buffer.from(zlib.gzipSync(Buffer.alloc(3 << 20, 1)));
  packed.writeUInt32LE(10, packed.length - 4);
  assert.equal((await fault('gzip', packed, 16 << 20)).fault, 'corrupt');
  const small = Buffer.from(zlib.gzipSync(Buffer.from('x')));
  small.writeUInt32LE(0xfffffff0, small.length - 4);
  const { fault: seen, peak } = await fault('gzip', small, 16 << 20);
  assert.equal(seen, 'corrupt');
  assert.ok(peak < 64 * 1024, `peak ${peak}`);
});

test('concatenated gzip members are one body', async () => {
  const body = Buffer.concat([zlib.gzipSync(Buffer.alloc(400_000, 1)), zlib.gzipSync('tail')]);
  const { bytes } = await new Decompressor(counted()).decompress('gzip', body, 1 << 20);
  assert.equal(bytes.length, 400_004);
});

test('a zstd frame with an enormous window is refused', async () => {
  const frame = Buffer.from('28b52ffd00f80100003132', 'hex');
  assert.equal((await fault('zstd', frame, 1 << 20)).fault, 'too_large');
});

test('a snappy length that cannot be true is refused before memory is taken', async () => {
  const { fault: seen, peak } = await fault('snappy', Buffer.from('ffffff7f00', 'hex'), 1 << 30);
  assert.equal(seen, 'corrupt');
  assert.equal(peak, 0);
});

test('snappy tells the framed format by its identifier', async () => {
  const framed = encodeFramed(Buffer.from('framed'), await loadSnappy());
  const { bytes } = await new Decompressor(counted()).decompress('snappy', framed, 100);
  assert.equal(bytes.toString(), 'framed');
});

test('levels of gzip and zstd', async () => {
  const input = Buffer.from(Array.from({ length: 20_000 }, (_, i) => (i * i) % 97));
  const size = async (encoding: Encoding, level?: number) =>
    (await (await createCompressor(encoding, level))([input])).length;
  assert.ok((await size('gzip', 0)) > input.length);
  assert.ok((await size('gzip', 9)) <= (await size('gzip', 1)));
  assert.ok((await size('gzip', -2)) < input.length);
  assert.equal(await size('zstd'), await size('zstd', 1));
});

test('xxh32 of the published examples', () => {
  const hash = (text: string) => xxh32(Buffer.from(text), 0, text.length).toString(16);
  assert.equal(hash(''), '2cc5d05');
  assert.equal(hash('a'), '550d7456');
  assert.equal(hash('Nobody inspects the spammish repetition'), 'e2293b2f');
});
