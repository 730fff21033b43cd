import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Fnv1a64, fnv1a32 } from './fnv.ts';

const utf8 = (text: string) => new TextEncoder().encode(text);

function hash64(bytes: Uint8Array): bigint {
  const hash = new Fnv1a64();
  hash.bytes(bytes);
  return (BigInt(hash.hi) << 32n) | BigInt(hash.lo);
}

test('published values', () => {
  assert.equal(hash64(utf8('')), 0xcbf29ce484222325n);
  assert.equal(hash64(utf8('a')), 0xaf63dc4c8601ec8cn);
  assert.equal(hash64(utf8('foobar')), 0x85944171f73967e8n);
  assert.equal(fnv1a32(utf8('')), 0x811c9dc5);
  assert.equal(fnv1a32(utf8('a')), 0xe40c292c);
  assert.equal(fnv1a32(utf8('foobar')), 0xbf9cf968);
});

test('64 bits are those of a hash in big integers', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      let hash = 0xcbf29ce484222325n;
      for (const byte of bytes) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
      assert.equal(hash64(bytes), hash);
    }),
  );
});

test('a hash in two pieces is the hash of the whole', () => {
  fc.assert(
    fc.property(fc.uint8Array(), fc.uint8Array(), (a, b) => {
      const whole = fnv1a32(new Uint8Array([...a, ...b]));
      assert.equal(fnv1a32(b, 0, b.length, fnv1a32(a)), whole);
    }),
  );
});
