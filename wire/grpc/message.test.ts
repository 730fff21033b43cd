import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { MessageReader } from './message-reader.ts';
import { decodeMessageText, encodeMessageText } from './message-text.ts';
import { formatTimeout, parseTimeout } from './timeout.ts';

function counted(limit = Number.POSITIVE_INFINITY) {
  const budget = {
    used: 0,
    tryReserve: (n: number) => {
      if (budget.used + n > limit) return false;
      budget.used += n;
      return true;
    },
    release: (n: number) => {
      budget.used -= n;
    },
  };
  return budget;
}

function framed(message: Uint8Array, flag = 0): Buffer {
  const prefix = Buffer.alloc(5);
  prefix[0] = flag;
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

test('a message comes back whole, however it is cut, and is paid for', () => {
  const size = fc.oneof(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 250_000, max: 2e6 }));
  fc.assert(
    fc.property(size, fc.array(fc.double({ min: 0, max: 1, noNaN: true })), (length, at) => {
      const message = Buffer.alloc(length, 7);
      const bytes = framed(message, 1);
      const reader = new MessageReader();
      const budget = counted();
      let from = 0;
      for (const to of [...at.map((x) => Math.floor(x * bytes.length)), bytes.length].sort(
        (a, b) => a - b,
      )) {
        assert.equal(reader.push(bytes, from, to, 1e7, budget), undefined);
        from = to;
      }
      assert.ok(reader.complete && reader.compressed);
      assert.ok(reader.message().equals(message));
      assert.equal(budget.used, length);
      reader.release(budget);
      assert.equal(budget.used, 0);
    }),
    { numRuns: 100 },
  );
});

test('faults of a message', () => {
  const push = (bytes: Buffer, limit: number, budget = counted()) =>
    new MessageReader().push(bytes, 0, bytes.length, limit, budget);
  assert.equal(push(framed(Buffer.alloc(11)), 10), 'too_large');
  assert.equal(push(framed(Buffer.alloc(10), 2), 10), 'bad_flag');
  assert.equal(push(Buffer.concat([framed(Buffer.alloc(3)), Buffer.alloc(1)]), 10), 'extra');
  assert.equal(push(framed(Buffer.alloc(10)), 10, counted(9)), 'no_memory');
});

test('a claimed length alone takes little memory', () => {
  const reader = new MessageReader();
  const budget = counted();
  const bytes = Buffer.from([0, 0x10, 0, 0, 0, 1, 2, 3]);
  assert.equal(reader.push(bytes, 0, bytes.length, 2 ** 30, budget), undefined);
  assert.ok(budget.used <= 512 * 1024);
});

test('grpc-timeout', () => {
  assert.equal(parseTimeout('5S'), 5000);
  assert.equal(parseTimeout('100m'), 100);
  assert.equal(parseTimeout('2H'), 7_200_000);
  assert.equal(parseTimeout('1000000n'), 1);
  for (const bad of ['', 'S', '5', '5s', '-1S', '123456789S', '1.5S', ' 1S']) {
    assert.equal(parseTimeout(bad), undefined, bad);
  }
  fc.assert(
    fc.property(fc.double({ min: 0.001, max: 1e12, noNaN: true }), (ms) => {
      const text = formatTimeout(ms);
      assert.match(text, /^\d{1,8}[umSMH]$/);
      assert.ok(parseTimeout(text)! >= ms - 1e-6);
    }),
  );
});

test('grpc-message texts come back', () => {
  assert.equal(encodeMessageText('a%b\né'), 'a%25b%0A%C3%A9');
  assert.equal(decodeMessageText('100% sure %zz'), '100% sure %zz');
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      const header = encodeMessageText(text);
      assert.match(header, /^[ -~]*$/);
      assert.equal(decodeMessageText(header), Buffer.from(text).toString());
    }),
  );
});
