import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { compressSync, uncompressSync } from 'snappy';
import { plainSealer, sampleColumns } from '../wire/clickhouse/smart-metrics/sorted-samples.ts';
import {
  putStoredHeader,
  StoredFlag,
  storedHeaderBytes,
  storedRowBytes,
} from '../wire/clickhouse/smart-metrics/stored-rows.ts';
import { PlainColumns } from '../wire/prometheus/remote-write/plain.ts';
import { readWriteRequest, type Version } from '../wire/prometheus/remote-write/read.ts';
import type { ReadRequest } from '../wire/prometheus/remote-write/request.ts';
import { message1, message2, type TestSeries } from '../wire/prometheus/testing/message.ts';
import { loadAddon } from './load.ts';
import type { RemoteWriteAddon } from './remote-write.ts';

const { addon, ...why } = loadAddon<RemoteWriteAddon>('remote-write') as {
  addon: RemoteWriteAddon | undefined;
  why?: string;
};
const skip = addon === undefined ? (why.why ?? 'no addon') : false;
const key = Uint8Array.from({ length: 32 }, (_, i) => i * 7);
const most = 1 << 24;

const text = fc.oneof(
  fc.constantFrom('a', 'b', 'ab', 'é', '日本', '\u{1f600}', 'x'.repeat(130)),
  fc.string({ minLength: 1, maxLength: 12 }),
);
const sample = fc.record({
  value: fc.oneof(
    fc.double(),
    fc.constantFrom(0, -0, 1, 0.1),
    fc.constant(0x7ff0000000000002n),
    fc.bigInt(0n, 2n ** 64n - 1n),
  ),
  time: fc.oneof(fc.nat(2_000_000_000_000), fc.constantFrom(0, 9_223_372_036_854)),
});
const started = fc.tuple(sample, fc.nat(1_000)).map(([one, start]) => ({ ...one, start }));
/** What a sender in order sends. */
const plainSeries: fc.Arbitrary<TestSeries> = fc.record({
  labels: fc
    .tuple(fc.dictionary(text, text, { maxKeys: 4 }), text)
    .map(([labels, name]) => ({ ...labels, __name__: name }))
    .map((labels) =>
      Object.entries(labels).sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b))),
    ),
  samples: fc.array(fc.oneof(sample, started), { maxLength: 4 }),
  type: fc.nat(7),
  help: fc.constantFrom('', 'Helps.'),
  unit: fc.constantFrom('', 'seconds'),
});
/** Labels in any order, empty, twice; times out of range. */
const oddSeries: fc.Arbitrary<TestSeries> = fc.record({
  labels: fc.array(
    fc.tuple(fc.constantFrom('', '__name__', 'a', 'b'), fc.constantFrom('', 'x', 'target_info')),
    { maxLength: 4 },
  ),
  samples: fc.array(fc.record({ value: fc.constant(1), time: fc.constantFrom(-1, 1, 2 ** 52) }), {
    maxLength: 2,
  }),
  exemplars: fc.array(fc.constant({ labels: { trace_id: 'a' }, value: 1, time: 1 }), {
    maxLength: 1,
  }),
  created: fc.constantFrom(0, 5),
});

function encoded(series: readonly TestSeries[], version: Version): Buffer {
  return version === 1 ? message1(series) : message2(series);
}

/** What the reader in TypeScript makes of a message; undefined: it refuses some of it. */
function judged(message: Uint8Array, version: Version): ReadRequest | undefined {
  try {
    const read = readWriteRequest(message, version);
    return read.refused === 0 ? read : undefined;
  } catch {
    return undefined;
  }
}

function checkSame(columns: PlainColumns, message: Uint8Array, version: Version): void {
  const read = judged(message, version);
  assert.ok(read !== undefined, 'taken although it is refused');
  const { request } = read;
  const count = request.sampleCount;
  assert.deepEqual([columns.seriesCount, columns.sampleCount], [request.seriesCount, count]);
  assert.deepEqual([request.exemplarCount, request.histogramCount], [0, 0]);
  const times = new BigInt64Array(columns.buffer, 32, count);
  assert.deepEqual([...times].map(Number), [...request.sampleTimes.values.subarray(0, count)]);
  const bits = new Uint32Array(columns.buffer, 32 + 8 * count, 2 * count);
  assert.deepEqual([...bits], [...request.sampleBits.values.subarray(0, 2 * count)]);
  const starts = columns.hasStarts
    ? [...new BigInt64Array(columns.buffer, 32 + 16 * count, count)].map(Number)
    : new Array(count).fill(0);
  assert.deepEqual(starts, [...request.sampleStarts.values.subarray(0, count)]);
}

for (const version of [1, 2] as const) {
  test(`plain requests of version ${version} are read as by the reader`, { skip }, () => {
    fc.assert(
      fc.property(fc.array(plainSeries, { maxLength: 6 }), (series) => {
        const message = encoded(series, version);
        const sets = addon!.create(key);
        const buffer = addon!.read(sets, compressSync(message), version, most);
        const named = series.some(({ labels }) =>
          (labels as [string, string][]).some(([k, v]) => k === '__name__' && v === 'target_info'),
        );
        if (named) return;
        assert.ok(buffer !== undefined, 'not taken');
        const columns = new PlainColumns(buffer);
        checkSame(columns, message, version);
        const { ranges } = columns;
        const sliced = addon!.slices(sets, columns.serial, ranges);
        const from = version === 1 ? 0 : (ranges[0] ?? message.length);
        assert.deepEqual(Buffer.from(sliced!), message.subarray(from));
        assert.equal(addon!.slices(sets, columns.serial + 1, ranges), undefined);
      }),
      { numRuns: 300 },
    );
  });

  test(`version ${version}: what is taken is good, whatever comes`, { skip }, () => {
    const series = fc.array(fc.oneof(plainSeries, oddSeries), { maxLength: 4 });
    const edits = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 3 });
    let taken = 0;
    fc.assert(
      fc.property(series, edits, (list, changes) => {
        const message = encoded(list, version);
        for (const [at, byte] of changes)
          if (message.length > 0) message[at % message.length] = byte;
        const buffer = addon!.read(addon!.create(key), compressSync(message), version, most);
        if (buffer === undefined) return;
        taken++;
        checkSame(new PlainColumns(buffer), message, version);
      }),
      { numRuns: 1500 },
    );
    assert.ok(taken > 100, `${taken} taken`);
  });

  test(`version ${version}: one number for a label set, in all requests`, { skip }, () => {
    const sets = addon!.create(key);
    const known = new Map<string, number>();
    fc.assert(
      fc.property(fc.array(plainSeries, { maxLength: 5 }), (series) => {
        const buffer = addon!.read(sets, compressSync(encoded(series, version)), version, most);
        if (buffer === undefined) return;
        const numbers = new PlainColumns(buffer).sets;
        for (const [i, { labels, type, help, unit }] of series.entries()) {
          const more = version === 2 ? [type, help, unit] : [];
          const name = JSON.stringify([labels, ...more]);
          assert.equal(numbers[i], known.get(name) ?? known.size);
          known.set(name, numbers[i]!);
        }
      }),
      { numRuns: 200 },
    );
  });
}

test('a request that is too large, no block, or grows too much as OTLP is left alone', {
  skip,
}, () => {
  const sets = addon!.create(key);
  const samples = Array.from({ length: 20_000 }, (_, i) => ({ value: i, time: i + 1 }));
  const labels = { __name__: 'a', b: 'x'.repeat(50_000) };
  const message = message1([{ labels, samples }]);
  const block = compressSync(message);
  assert.equal(addon!.read(sets, block, 1, most), undefined);
  const small = compressSync(message1([{ labels, samples: samples.slice(0, 5) }]));
  assert.ok(addon!.read(sets, small, 1, most) !== undefined);
  assert.equal(addon!.read(sets, small, 1, 1000), undefined);
  assert.equal(addon!.read(sets, Buffer.alloc(0), 1, most), undefined);
});

test('blocks are unpacked as by the library, broken ones refused', { skip }, () => {
  const part = fc.oneof(
    fc.uint8Array({ maxLength: 80 }),
    fc
      .tuple(fc.uint8Array({ minLength: 1, maxLength: 20 }), fc.nat(200))
      .map(([bytes, times]) => Buffer.concat(Array.from({ length: times }, () => bytes))),
  );
  const content = fc.array(part, { maxLength: 8 }).map((parts) => Buffer.concat(parts));
  const edits = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 2 });
  fc.assert(
    fc.property(content, edits, fc.nat(30), (bytes, changes, cut) => {
      const block = Buffer.from(compressSync(bytes)).subarray(0, cut === 0 ? -1 : undefined);
      for (const [at, byte] of changes) if (block.length > 0) block[at % block.length] = byte;
      let expected: Uint8Array | undefined;
      try {
        expected = uncompressSync(block, { asBuffer: true }) as Buffer;
      } catch {}
      const target = Buffer.alloc(expected?.length ?? bytes.length);
      const done = addon!.unpack(block, target);
      assert.equal(done, expected !== undefined);
      if (expected !== undefined) assert.deepEqual(target, Buffer.from(expected));
    }),
    { numRuns: 1500 },
  );
});

test('rows are sealed as by the twin', { skip }, () => {
  const row = fc.record({
    series: fc.oneof(fc.bigInt(0n, 3n), fc.bigInt(0n, 2n ** 64n - 1n)),
    time: fc.oneof(fc.bigInt(0n, 3n), fc.bigInt(0n, 2n ** 63n - 1n)),
    mantissa: fc.bigInt(0n, 2n ** 64n - 1n),
    start: fc.constantFrom(0n, 0n, 0n, 5n),
    flags: fc.constantFrom(0, 0, 0, 1),
    scale: fc.nat(255),
  });
  const pieces = fc.array(fc.tuple(fc.array(row, { maxLength: 12 }), fc.nat(3)), { maxLength: 5 });
  fc.assert(
    fc.property(pieces, fc.nat(65_535), (list, day) => {
      const bytes = list.map(([rows, flags]) => {
        const piece = Buffer.alloc(storedHeaderBytes + rows.length * storedRowBytes(flags) + 3);
        const [declared, otlp] = [new Uint8Array(1), new Uint8Array(2)];
        putStoredHeader(piece, {
          receipt: 1,
          day,
          rows: rows.length,
          flags,
          ids: 9,
          declared,
          otlp,
        });
        let at = storedHeaderBytes;
        for (const { series } of rows) at = piece.writeBigUInt64LE(series, at);
        for (const { time } of rows) at = piece.writeBigUInt64LE(time, at);
        for (const { mantissa } of rows) at = piece.writeBigUInt64LE(mantissa, at);
        if ((flags & StoredFlag.STARTS) !== 0) {
          for (const { start } of rows) at = piece.writeBigUInt64LE(start, at);
        }
        if ((flags & StoredFlag.FLAGS) !== 0) {
          for (const one of rows) at = piece.writeUInt32LE(one.flags, at);
        }
        for (const { scale } of rows) at = piece.writeUInt8(scale, at);
        return piece;
      });
      const count = list.reduce((sum, [rows]) => sum + rows.length, 0);
      const judge = plainSealer.seal(bytes, day, count);
      const target = Buffer.alloc(256 + 39 * count);
      const packed = addon!.seal(bytes, day, target);
      assert.equal(packed % 4, judge.flags);
      assert.deepEqual(target.subarray(0, Math.floor(packed / 4)), Buffer.from(judge.body));
      assert.equal(judge.body[0], sampleColumns(judge.flags).length);
    }),
    { numRuns: 2000 },
  );
});

test('rows in the worst order are sealed in time', { skip }, () => {
  const rows = 50_000;
  const piece = Buffer.alloc(storedHeaderBytes + rows * storedRowBytes(0));
  const none = new Uint8Array(0);
  putStoredHeader(piece, {
    receipt: 1,
    day: 1,
    rows,
    flags: 0,
    ids: 9,
    declared: none,
    otlp: none,
  });
  for (let i = 0; i < rows; i++) {
    piece.writeBigUInt64LE(BigInt(rows - i), storedHeaderBytes + 8 * (rows + i));
    piece.writeBigUInt64LE(BigInt(i), storedHeaderBytes + 8 * (2 * rows + i));
  }
  const target = Buffer.alloc(256 + 39 * rows);
  const size = Math.floor(addon!.seal([piece], 1, target) / 4);
  const judge = plainSealer.seal([piece], 1, rows);
  assert.deepEqual(target.subarray(0, size), Buffer.from(judge.body));
});
