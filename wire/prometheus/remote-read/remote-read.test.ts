import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crc32c } from '@node-rs/crc32';
import fc from 'fast-check';
import { Writer } from '../../../pdata/proto/writer.ts';
import { MalformedMessage } from '../remote-write/protobuf.ts';
import { message1, staleBits, type TestHistogram } from '../testing/message.ts';
import { ChunkedWriter } from './chunked.ts';
import type { Histogram } from './histogram.ts';
import { type ReadRequest, readReadRequest } from './request.ts';
import { ReadResponseWriter } from './samples.ts';
import { bitsOf } from './series.ts';
import { type DecodedSeries, decodeFrames, decodeSamples, decodeXor } from './testing/decode.ts';
import { XorChunkWriter } from './xor.ts';

function doubles(bits: readonly bigint[]): Float64Array {
  return new Float64Array(BigUint64Array.from(bits).buffer);
}

function xor(times: readonly number[], bits: readonly bigint[]): Uint8Array {
  const columns = [Float64Array.from(times), bitsOf(doubles(bits))] as const;
  return new XorChunkWriter().chunk(...columns, 0, times.length);
}

const bitsOfNumber = (value: number): bigint =>
  new BigUint64Array(Float64Array.of(value).buffer)[0]!;

// Written by the package tsdb/chunkenc of Prometheus 3.14 for the same samples.
const golden = [
  '000480b083c598683ff0000000000000987536038001c07fffd0',
  '000e80b083c5986800000000000000009875c3f7ff00000000000028000000000000001a000a024cccccccccccdde0' +
    '006800050639f6944667b01f7800061fff1bf21e44003acef4000060020000000000000007fffffffffffe00002800' +
    '0000000000000f000000ffffffc5689ffc000000000000bffffffc000000000600000000000000024809333333333333' +
    '584002a00090639f6944667b0180',
];

test('chunks are those of Prometheus', () => {
  const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
  const times = [1_790_000_000_000, 1_790_000_015_000, 1_790_000_030_000, 1_790_000_045_001];
  assert.equal(hex(xor(times, [1, 1, 1.5, -2.25].map(bitsOfNumber))), golden[0]);
  const steps = [0, 15_000, 15_000, 23_192, 15_000, 80_536, 15_000, 539_288, 15_000, 2 ** 40];
  let time = 1_790_000_000_000;
  const later = [...steps, 1, 1, 8194, 16_386].map((step) => {
    time += step;
    return time;
  });
  const some = [0, 0, Infinity, 0.1, 0.1, 1e300, Number.MIN_VALUE, -0].map(bitsOfNumber);
  some[1] = 0x7ff0000000000002n;
  const bits = later.map((_, i) => some[i % some.length]!);
  assert.equal(hex(xor(later, bits)), golden[1]);
});

const bits = fc.oneof(
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  fc.constantFrom(0n, 0x7ff0000000000002n, 0x8000000000000000n, 1n, 2n ** 64n - 1n, 2n ** 32n),
  fc.double().map(bitsOfNumber),
  fc.integer({ min: -1000, max: 1000 }).map(bitsOfNumber),
);
const steps = [8191, 8192, 8193, 65_535, 65_536, 65_537, 524_287, 524_288, 524_289];
const step = fc.oneof(
  fc.integer({ min: 1, max: 20_000 }),
  fc.constantFrom(1, 15_000, 15_001, 14_999, ...steps),
  fc.integer({ min: 1, max: 2 ** 40 }),
);
const columns = fc
  .record({
    first: fc.integer({ min: -(2 ** 41), max: 2 ** 41 }),
    points: fc.array(fc.tuple(step, bits), { minLength: 1, maxLength: 300 }),
  })
  .map(({ first, points }) => {
    let time = first;
    const times = points.map(([delta]) => {
      time += delta;
      return time;
    });
    return { times, bits: points.map(([, value]) => value) };
  });

test('a chunk gives back the times and bits that went in', () => {
  fc.assert(
    fc.property(columns, ({ times, bits }) => {
      assert.deepEqual(decodeXor(xor(times, bits)), { times, bits });
    }),
    { numRuns: 500 },
  );
});

test('changes of the delta at the ends of each code', () => {
  for (const edge of steps) {
    for (const change of [edge, -edge, 2 ** 33, -(2 ** 33), 0]) {
      const delta = 2 ** 34;
      const times = [0, delta, 2 * delta + change, 3 * delta + change];
      const bits = [0n, 1n, 2n ** 63n, (2n ** 63n) | 1n];
      assert.deepEqual(decodeXor(xor(times, bits)), { times, bits });
    }
  }
});

const someSeries = fc
  .array(fc.tuple(fc.array(fc.tuple(fc.string({ unit: 'grapheme' }), fc.string())), columns), {
    maxLength: 4,
  })
  .map((all) =>
    all.map(([more, { times, bits }], i) => {
      const labels: [string, string][] = [['i', `${i}`], ...more];
      return { labels, times, bits };
    }),
  );

test('both forms of an answer give back the series that went in', () => {
  const results = fc.array(someSeries, { maxLength: 3 });
  const frameBytes = fc.integer({ min: 1, max: 4000 });
  const property = fc.property(results, frameBytes, (wanted, frameBytes) => {
    const writer = new ReadResponseWriter();
    const chunked = new ChunkedWriter({ crc32c, frameBytes });
    const frames: Uint8Array[] = [];
    for (const [query, all] of wanted.entries()) {
      for (const { labels, times, bits } of all) {
        const one = { labels, times: Float64Array.from(times), values: doubles(bits) };
        writer.add(one);
        frames.push(...chunked.frames(one, query));
      }
      writer.endResult();
    }
    const message = Buffer.concat(writer.finish());
    assert.equal(writer.size, message.length);
    assert.deepEqual(decodeSamples(message), wanted);
    const read: DecodedSeries[][] = wanted.map(() => []);
    for (const { query, ...part } of decodeFrames(Buffer.concat(frames), crc32c)) {
      const last = read[query]!.at(-1);
      if (last !== undefined && last.labels[0]![1] === part.labels[0]![1]) {
        last.times.push(...part.times);
        last.bits.push(...part.bits);
      } else read[query]!.push(part);
    }
    assert.deepEqual(read, wanted);
  });
  fc.assert(property, { numRuns: 150 });
});

const operators = ['=', '!=', '=~', '!~'] as const;

function written({ queries, accepted }: ReadRequest, packed: boolean): Uint8Array {
  const w = new Writer();
  for (const { startMs, endMs, matchers } of queries) {
    const at = w.open(1);
    w.intField(1, startMs);
    w.intField(2, endMs);
    for (const { name, operator, value } of matchers) {
      const inner = w.open(3);
      w.uintField(1, operators.indexOf(operator));
      w.stringField(2, name);
      w.stringField(3, value);
      w.close(inner);
    }
    const hints = w.open(4);
    w.stringField(2, 'rate');
    w.close(hints);
    w.close(at);
  }
  if (packed) {
    const at = w.open(2);
    for (const type of accepted) w.varint(type);
    w.close(at);
  } else for (const type of accepted) w.uintField(2, type);
  return w.take();
}

const request: fc.Arbitrary<ReadRequest> = fc.record({
  queries: fc.array(
    fc.record({
      startMs: fc.maxSafeInteger(),
      endMs: fc.maxSafeInteger(),
      matchers: fc.array(
        fc.record({
          name: fc.string({ unit: 'grapheme' }),
          operator: fc.constantFrom(...operators),
          value: fc.string({ unit: 'grapheme' }),
        }),
        { maxLength: 4 },
      ),
    }),
    { maxLength: 3 },
  ),
  accepted: fc.array(fc.nat(3), { maxLength: 3 }),
});

test('a request is read as it was written, hints left out', () => {
  fc.assert(
    fc.property(request, fc.boolean(), (wanted, packed) => {
      const read = readReadRequest(written(wanted, packed));
      assert.equal(JSON.stringify(read), JSON.stringify(wanted));
    }),
    { numRuns: 300 },
  );
});

test('bytes that are no request fail with a position, and nothing else happens', () => {
  const valid = written(
    {
      queries: [{ startMs: 1, endMs: 2, matchers: [{ name: 'a', operator: '=~', value: 'b' }] }],
      accepted: [1, 0],
    },
    true,
  );
  const mangled = fc.tuple(fc.nat(valid.length - 1), fc.nat(255)).map(([at, byte]) => {
    const bytes = valid.slice();
    bytes[at] = byte;
    return bytes;
  });
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 60 }), mangled), (bytes) => {
      try {
        readReadRequest(bytes);
      } catch (error) {
        assert.ok(error instanceof MalformedMessage, String(error));
      }
    }),
    { numRuns: 1000 },
  );
  const bad = [Buffer.from('0a03', 'hex'), Buffer.from('0a041a020807', 'hex')];
  assert.throws(() => readReadRequest(bad[0]!), /length 3 of 0 bytes that are left at byte 2/);
  assert.throws(() => readReadRequest(bad[1]!), /unknown matcher type 7/);
  assert.throws(() => readReadRequest(Buffer.from('0a051a031201ff', 'hex')), /not valid UTF-8/);
});

test('the number of queries, matchers and forms is bounded', () => {
  const queries = Array.from({ length: 1001 }, () => ({ startMs: 0, endMs: 0, matchers: [] }));
  assert.throws(() => readReadRequest(written({ queries, accepted: [] }, false)), /1000 queries/);
  const matchers = Array.from(
    { length: 1001 },
    () => ({ name: '', operator: '=', value: '' }) as const,
  );
  const one = { queries: [{ startMs: 0, endMs: 0, matchers }], accepted: [] };
  assert.throws(() => readReadRequest(written(one, false)), /1000 matchers/);
  const accepted = Array.from({ length: 101 }, () => 0);
  for (const packed of [true, false]) {
    assert.throws(
      () => readReadRequest(written({ queries: [], accepted }, packed)),
      /100 response/,
    );
  }
});

test('histograms are those that remote write has', () => {
  const buckets = { offset: -3, counts: [1, 0, 2, 3, 0, 0, 7] };
  const none = { offset: 0, counts: [] };
  const histogram = { stale: false, count: 15, sum: 4.5, scale: 2, zeroCount: 2 };
  const one = {
    ...histogram,
    timeMs: 1000,
    zeroThreshold: 1e-9,
    positive: buckets,
    negative: none,
  };
  const same = {
    count: 15,
    sum: 4.5,
    schema: 2,
    zeroThreshold: 1e-9,
    zeroCount: 2,
    positiveSpans: [
      [-2, 1],
      [1, 2],
      [2, 1],
    ],
    positive: [1, 1, 1, 4],
    time: 1000,
  } as const;
  const labels = [['__name__', 'h']] as const;
  const written = (points: readonly Histogram[]): string => {
    const writer = new ReadResponseWriter();
    writer.addHistograms({ labels, points });
    writer.endResult();
    return Buffer.concat(writer.finish()).subarray(2).toString('hex');
  };
  const wanted = (histograms: readonly TestHistogram[]): string =>
    message1([{ labels, histograms }]).toString('hex');
  assert.equal(written([one]), wanted([same]));
  const fine = {
    ...one,
    scale: 10,
    negative: { offset: 5, counts: [1, 2, 3, 4] },
    positive: { offset: -6, counts: [1, 1, 1, 1, 1, 1, 1] },
  };
  const coarse = {
    ...same,
    schema: 8,
    negativeSpans: [[2, 2]],
    negative: [6, -2],
    positiveSpans: [[-1, 3]],
    positive: [2, 2, -3],
  } as const;
  assert.equal(written([fine]), wanted([coarse]));
  const stale = { ...one, stale: true, count: 0, zeroCount: 0, positive: none };
  const ended = {
    ...same,
    count: 0,
    zeroCount: 0,
    sum: staleBits,
    positiveSpans: [],
    positive: [],
  };
  assert.equal(written([stale]), wanted([ended]));
  assert.equal(written([{ ...one, scale: -5 }]), wanted([]), 'coarser than there is');
});
