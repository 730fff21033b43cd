import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { Writer } from '../../pdata/proto/writer.ts';
import { type AttributeValue, writeAttribute } from '../../pdata/values.ts';
import { keyOf, SpanEncoder } from './encoder.ts';

const texts = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc.string({ maxLength: 130 }),
  // Lone surrogates.
  fc.constantFrom('', 'a\ud800b', 'x'.repeat(20_000), 'é'.repeat(70)),
);
const names = fc.constantFrom('a', 'url.path', 'wirestitch.syscall.sequence.response');

function written(name: string, value: AttributeValue): string {
  const w = new Writer();
  writeAttribute(w, 9, name, value);
  return Buffer.from(w.take()).toString('hex');
}

function encoded(e: SpanEncoder, write: () => void): string {
  const from = e.length;
  write();
  return e.bytes.toString('hex', from, e.length);
}

test('attributes are those of the general writer', () => {
  const e = new SpanEncoder();
  const lists = fc.array(texts, { maxLength: 3 });
  const whole = fc.oneof(fc.maxSafeInteger(), fc.nat(), fc.double());
  fc.assert(
    fc.property(names, texts, lists, whole, fc.bigInt(), fc.boolean(), (name, t, l, n, big, b) => {
      const key = e.key(name);
      const id = BigInt.asIntN(64, big);
      assert.equal(
        encoded(e, () => e.string(key, t)),
        written(name, t),
      );
      // The second time its bytes are kept, the third they are used.
      for (let i = 0; i < 3; i++) {
        assert.equal(
          encoded(e, () => e.usualString(key, t)),
          written(name, t),
        );
        assert.equal(
          encoded(e, () => e.usualStrings(key, l)),
          written(name, l),
        );
        assert.equal(
          encoded(e, () => e.usualStrings(key, [t])),
          written(name, [t]),
        );
      }
      assert.equal(
        encoded(e, () => e.int(key, n)),
        written(name, n),
      );
      assert.equal(
        encoded(e, () => e.bigint(key, id)),
        written(name, id),
      );
      assert.equal(
        encoded(e, () => e.bool(key, b)),
        written(name, b),
      );
      const hex = BigInt.asUintN(64, id).toString(16).padStart(16, '0');
      const high = Number.parseInt(hex.slice(0, 8), 16);
      const low = Number.parseInt(hex.slice(8), 16);
      assert.equal(
        encoded(e, () => e.hex(keyOf(name), high, low)),
        written(name, hex),
      );
      if (e.length > 1 << 20) e.length = 0;
    }),
    { numRuns: 300 },
  );
});

test('fields, times and nested messages are those of the general writer', () => {
  const e = new SpanEncoder();
  const seconds = fc.integer({ min: 1e8, max: 4e9 });
  const nanos = fc.integer({ min: -1e17 / 1e2, max: 9e15 });
  fc.assert(
    fc.property(texts, seconds, nanos, fc.nat(40_000), (text, s, n, size) => {
      const w = new Writer();
      const at = w.open(2);
      w.stringField(5, text);
      w.bigFixed64Field(7, BigInt(s) * 1_000_000_000n + BigInt(n));
      w.bytesField(1, new Uint8Array(size));
      w.close(at);
      const bytes = encoded(e, () => {
        const opened = e.open(0x12);
        e.textField(0x2a, text);
        e.time(0x39, s, n);
        const inner = new Writer();
        inner.bytesField(1, new Uint8Array(size));
        e.raw(inner.take());
        e.close(opened);
      });
      assert.equal(bytes, Buffer.from(w.take()).toString('hex'));
      e.length = 0;
    }),
    { numRuns: 200 },
  );
});
