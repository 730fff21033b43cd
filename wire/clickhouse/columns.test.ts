import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { writeBlock } from './block.ts';
import { ByteBuffer } from './byte-buffer.ts';
import {
  ArrayColumn,
  FixedColumn,
  LowCardinalityColumn,
  MapColumn,
  StringColumn,
} from './columns.ts';
import { Dictionary } from './dictionary.ts';
import { dayOf, secondsOf } from './time.ts';

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

test('a block has the bytes of the Native format', () => {
  const number = new FixedColumn('n', 'UInt16');
  const low = new LowCardinalityColumn('l');
  const map = new MapColumn('m', new StringColumn(''));
  const list = new ArrayColumn('a', new FixedColumn('', 'UInt8'));
  for (const [i, word] of ['x', 'yy', 'x'].entries()) {
    number.data.u8(i);
    number.data.u8(1);
    low.put(bytesOf(word), 0, word.length);
    map.keys.put(bytesOf('k'), 0, 1);
    map.values.put(bytesOf(word), 0, word.length);
    map.offsets.end(1);
    for (let k = 0; k < i; k++) list.items.data.u8(k);
    list.offsets.end(i);
  }
  const columns = [number, low, map, list];
  const golden = [
    '0403',
    '016e 0655496e743136 000101010201',
    '016c 164c6f7743617264696e616c69747928537472696e6729',
    '0100000000000000 0006000000000000 0200000000000000 0178 027979 0300000000000000 000100',
    '016d 234d6170284c6f7743617264696e616c69747928537472696e67292c20537472696e6729',
    '0100000000000000 010000000000000002000000000000000300000000000000',
    '0006000000000000 0100000000000000 016b 0300000000000000 000000',
    '0178 027979 0178',
    '0161 0c41727261792855496e743829',
    '000000000000000001000000000000000300000000000000 000001',
  ];
  const body = Buffer.from(writeBlock(columns, 3)).toString('hex');
  assert.equal(body, golden.join('').replaceAll(' ', ''));
});

test('dictionaries number byte strings by first appearance and keep them', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 12 }), { maxLength: 600 }), (words) => {
      const dictionary = new Dictionary();
      const expected = new Map<string, number>();
      for (let round = 0; round < 2; round++) {
        for (const word of words) {
          const key = Buffer.from(word).toString('hex');
          if (!expected.has(key)) expected.set(key, expected.size);
          assert.equal(dictionary.id(word, 0, word.length), expected.get(key));
        }
      }
      assert.equal(dictionary.size, expected.size);
      for (const [key, id] of expected) {
        const bytes = dictionary.content.bytes.slice(dictionary.start[id]!, dictionary.end[id]!);
        assert.equal(Buffer.from(bytes).toString('hex'), key);
        assert.ok(dictionary.is(id, bytes, 0, bytes.length));
      }
      dictionary.reset();
      assert.equal(dictionary.id(Uint8Array.of(9), 0, 1), 0);
    }),
    { numRuns: 60 },
  );
});

test('buffers give memory back when recent use was small', () => {
  const buffer = new ByteBuffer();
  buffer.zeros(8_000_000);
  buffer.reset();
  assert.ok(buffer.bytes.length >= 8_000_000);
  for (let i = 0; i < 12; i++) {
    buffer.zeros(1000);
    buffer.reset();
  }
  assert.ok(buffer.bytes.length <= 64 * 1024, `still ${buffer.bytes.length}`);
});

test('seconds and days of nanoseconds are exact over all 64 bits', () => {
  fc.assert(
    fc.property(fc.bigInt(0n, 2n ** 64n - 1n), fc.bigInt(-2n, 2n), (any, near) => {
      const second = (any / 1_000_000_000n) * 1_000_000_000n + near;
      for (const nanos of [any, BigInt.asUintN(64, second)]) {
        const seconds = secondsOf(Number(nanos & 0xffff_ffffn), Number(nanos >> 32n));
        assert.equal(BigInt(seconds), nanos / 1_000_000_000n);
      }
    }),
    { numRuns: 2000 },
  );
  assert.equal(dayOf(86_399), 0);
  assert.equal(dayOf(86_400), 1);
  assert.equal(dayOf(20_000_000_000), 65_535);
});
