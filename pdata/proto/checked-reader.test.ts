import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { CheckedReader } from './checked-reader.ts';
import { Writer } from './writer.ts';

class Bad extends Error {}

function reader(bytes: Uint8Array): CheckedReader {
  const r = new CheckedReader((message, at) => new Bad(`${message} at ${at}`));
  r.bind(bytes, 0, bytes.length);
  return r;
}

const hex = (text: string) => reader(Buffer.from(text, 'hex'));

test('numbers, texts and messages come back as they were written', () => {
  const parts = fc.record({
    field: fc.integer({ min: 1, max: 2 ** 29 - 1 }),
    big: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    real: fc.double(),
    text: fc.string({ unit: 'binary' }),
  });
  fc.assert(
    fc.property(fc.array(parts, { maxLength: 4 }), (list) => {
      const w = new Writer();
      for (const { field, big, real, text } of list) {
        w.intField(field, big);
        const at = w.open(field);
        w.bigFixed64Field(1, big);
        w.doubleField(2, real);
        w.close(at);
        w.stringField(field, text);
      }
      const r = reader(w.take());
      for (const { field, big, real, text } of list) {
        assert.equal(r.next(), field * 8);
        assert.equal(r.bigint64(), big);
        assert.equal(r.next(), field * 8 + 2);
        const outer = r.enter();
        assert.equal(r.next(), 9);
        r.fixed64();
        assert.equal(BigInt.asIntN(64, (BigInt(r.hi) << 32n) | BigInt(r.lo)), big);
        assert.equal(r.next(), 17);
        assert.equal(r.double(), real);
        assert.equal(r.next(), 0);
        r.leave(outer);
        assert.equal(r.next(), field * 8 + 2);
        assert.equal(r.string(), text.toWellFormed());
      }
      assert.equal(r.next(), 0);
    }),
  );
});

test('numbers of each kind', () => {
  const of = (text: string, read: (r: CheckedReader) => unknown) => read(hex(text));
  assert.equal(
    of('ffffffffffffffffff01', (r) => r.uint64()),
    2 ** 64,
  );
  assert.equal(
    of('ffffffffffffffffff01', (r) => r.int64()),
    -1,
  );
  assert.equal(
    of('ffffffffffffffffff01', (r) => r.int32()),
    -1,
  );
  assert.equal(
    of('ffffffff0f', (r) => r.int32()),
    -1,
  );
  assert.equal(
    of('07', (r) => r.int32()),
    7,
  );
  assert.equal(
    of('8080808010', (r) => r.bool()),
    true,
  );
  assert.equal(
    of('8000', (r) => r.bool()),
    false,
  );
  const zigzag = ['00', '01', '02', 'ffffffff0f', '8080808010', 'ffffffffffffffffff01'];
  assert.deepEqual(
    zigzag.map((text) => of(text, (r) => r.sint64())),
    [0, -1, 1, -(2 ** 31), 2 ** 31, -(2 ** 63)],
  );
});

test('what is no message is a fault with its byte', () => {
  for (const [text, message] of [
    ['0a05', /^length 5 of 0 bytes that are left at 2$/],
    ['0affffffffffffffff7f', /^length \d+ of 0 bytes/],
    ['0a', /^a varint does not end at 1$/],
    ['08', /^a varint does not end at 1$/],
    ['08ffffffffffffffffffff01', /^a varint does not end at 1$/],
    ['09ffffffffffffff', /^the bytes end too early at 1$/],
    ['0dffffff', /^the bytes end too early at 1$/],
    ['00', /^field number 0 at 0$/],
    ['08018000', /^field number 0 at 2$/],
    ['0b', /^wire type 3 of field 1 at 1$/],
    ['0e', /^wire type 6 of field 1 at 1$/],
    ['ffffffffffffff01', /^a tag of more than 32 bits at 0$/],
  ] as const) {
    const r = hex(text);
    const read = () => {
      for (let tag = r.next(); tag !== 0; tag = r.next()) r.skip(tag);
    };
    assert.throws(read, (error) => error instanceof Bad && message.test(error.message), text);
  }
});

test('a known field with another wire type is a fault', () => {
  const r = hex('10011801');
  assert.throws(() => r.skipOver(2, r.next()), /^Error: wire type 0 of field 2 at 1$/);
  r.pos = 2;
  r.skipOver(2, r.next());
  assert.equal(r.next(), 0);
});

test('nothing is read beyond the message that was gone into', () => {
  const r = hex('0a020881' + '1001');
  r.next();
  const outer = r.enter();
  assert.equal(r.next(), 8);
  assert.throws(() => r.uint64(), /a varint does not end/);
  r.leave(outer);
  assert.equal(r.next(), 16);
  assert.equal(r.uint64(), 1);
});

test('strings are UTF-8', () => {
  assert.equal(hex('02c3a4').string(), 'ä');
  assert.throws(() => hex('0341c3ff').string(), /text that is not valid UTF-8 at 2/);
});

test('any bytes are read to their end or refused, and never read beyond', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      const padded = Uint8Array.of(...bytes, 1, 1, 1, 1, 1, 1, 1, 1);
      const r = reader(padded);
      r.end = bytes.length;
      try {
        for (let tag = r.next(); tag !== 0; tag = r.next()) {
          r.skip(tag);
          assert.ok(r.pos <= bytes.length);
        }
        assert.equal(r.pos, bytes.length);
      } catch (error) {
        assert.ok(error instanceof Bad, String(error));
      }
    }),
    { numRuns: 2000 },
  );
});
