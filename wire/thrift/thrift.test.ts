import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { WireError } from '../../pdata/wire-error.ts';
import { BinaryReader } from './binary.ts';
import { CompactReader } from './compact.ts';
import { type ThriftReader, ThriftType } from './reader.ts';

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');
const signed = (r: ThriftReader): bigint => {
  r.i64();
  return BigInt.asIntN(64, (BigInt(r.hi) << 32n) | BigInt(r.lo));
};

/** Writes values in both protocols, by their specifications, with bigints. */
function zigzag(value: bigint): Buffer {
  let rest = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n));
  const bytes: number[] = [];
  while (rest > 127n) {
    bytes.push(Number(rest & 127n) | 128);
    rest >>= 7n;
  }
  return Buffer.from([...bytes, Number(rest)]);
}

test('integers of 64 bits', () => {
  const big = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
  fc.assert(
    fc.property(big, (value) => {
      const plain = Buffer.alloc(8);
      plain.writeBigInt64BE(value);
      assert.equal(signed(new BinaryReader(plain)), value);
      assert.equal(signed(new CompactReader(zigzag(value))), value);
    }),
  );
});

test('smaller integers', () => {
  fc.assert(
    fc.property(fc.integer(), (value) => {
      const plain = Buffer.alloc(4);
      plain.writeInt32BE(value);
      assert.equal(new BinaryReader(plain).i32(), value);
      assert.equal(new CompactReader(zigzag(BigInt(value))).i32(), value);
      const short = (value << 16) >> 16;
      plain.writeInt16BE(short);
      assert.equal(new BinaryReader(plain).i16(), short);
      assert.equal(new CompactReader(zigzag(BigInt(short))).i16(), short);
      const byte = (value << 24) >> 24;
      plain.writeInt8(byte);
      assert.equal(new BinaryReader(plain).i8(), byte);
      assert.equal(new CompactReader(plain).i8(), byte);
    }),
  );
});

test('doubles stand the other way round in the compact protocol', () => {
  assert.equal(new BinaryReader(hex('3ff8000000000000')).double(), 1.5);
  assert.equal(new CompactReader(hex('000000000000f83f')).double(), 1.5);
});

test('fields of a struct', () => {
  // 1: bool true, 2: i32 5, 20: binary "ab"
  const binary = new BinaryReader(hex('02 0001 01 08 0002 00000005 0b 0014 00000002 6162 00'));
  const compact = new CompactReader(hex('11 15 0a 08 28 02 6162 00'));
  for (const r of [binary, compact]) {
    r.structBegin();
    assert.ok(r.field());
    assert.deepEqual([r.fieldId, r.type, r.bool()], [1, ThriftType.bool, true]);
    assert.ok(r.field());
    assert.deepEqual([r.fieldId, r.type, r.i32()], [2, ThriftType.i32, 5]);
    assert.ok(r.field());
    assert.deepEqual([r.fieldId, r.type], [20, ThriftType.string]);
    r.string();
    assert.equal(Buffer.from(r.bytes.subarray(r.from, r.to)).toString(), 'ab');
    assert.ok(!r.field());
    assert.equal(r.pos, r.bytes.length);
  }
});

test('everything is skipped: maps, sets, lists, structs, booleans in lists', () => {
  const binary = '0d 0001 0b 08 00000001 00000001 61 00000007  0e 0002 06 00000002 0001 0002 00';
  const compact = '1b 01 85 01 61 0e  1a 24 02 04 00';
  for (const r of [new BinaryReader(hex(binary)), new CompactReader(hex(compact))]) {
    r.skip(ThriftType.struct);
    assert.equal(r.pos, r.bytes.length);
  }
  const flags = new CompactReader(hex('19 31 01 02 01 00'));
  flags.skip(ThriftType.struct);
  assert.equal(flags.pos, 6);
});

test('heads of messages', () => {
  const name = '656d69744261746368';
  for (const r of [
    new BinaryReader(hex(`80010004 00000009 ${name} 00000000`)),
    new BinaryReader(hex(`00000009 ${name} 04 00000000`)),
    new CompactReader(hex(`82 81 00 09 ${name}`)),
  ]) {
    assert.equal(r.messageBegin(), 'emitBatch');
    assert.equal(r.pos, r.bytes.length);
  }
});

test('faults say where', () => {
  for (const [read, message] of [
    [() => new BinaryReader(hex('0f')).i32(), 'at byte 0: the bytes end too early'],
    [() => new BinaryReader(hex('ffffffff')).string(), 'at byte 4: a text of -1 bytes'],
    [() => new BinaryReader(hex('0c7fffffff')).list(), 'at byte 5: a container of 2147483647'],
    [() => new CompactReader(hex('fcffffffff0f')).list(), 'at byte 6: a container of 4294967295'],
    [() => new CompactReader(hex('1f')).list(), 'at byte 1: unknown type 15'],
    [() => new CompactReader(hex('ffffffffffffffffffffff')).i64(), 'a varint does not end'],
    [() => new CompactReader(hex('8001')).messageBegin(), 'at byte 0: not a compact message'],
    [() => new BinaryReader(hex('80020001')).messageBegin(), 'the version of a message is not 1'],
    [() => new BinaryReader(hex('63')).skip(99), 'unknown type 99'],
  ] as const) {
    assert.throws(read, (error) => error instanceof WireError && error.message.includes(message));
  }
  const nested = new CompactReader(Buffer.alloc(100, 0x1c));
  assert.throws(() => nested.skip(ThriftType.struct), /values nest over 64 deep/);
});

test('any bytes are skipped or are a fault', () => {
  const anything = fc.uint8Array({ maxLength: 200 });
  const kind = fc.constantFrom(...Object.values(ThriftType));
  fc.assert(
    fc.property(anything, kind, (bytes, type) => {
      for (const r of [new BinaryReader(bytes), new CompactReader(bytes)]) {
        try {
          r.skip(type);
          assert.ok(r.pos <= bytes.length);
        } catch (error) {
          assert.ok(error instanceof WireError, String(error));
        }
      }
    }),
    { numRuns: 1000 },
  );
});
