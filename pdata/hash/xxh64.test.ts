import assert from 'node:assert/strict';
import { test } from 'node:test';
import { xxh64 } from './xxh64.ts';

/** Byte i is 37 i; computed by github.com/cespare/xxhash 2.3. */
const published: readonly (readonly [length: number, hash: string])[] = [
  [0, 'ef46db3751d8e999'],
  [7, '72b108a52e458e66'],
  [14, '3914a6253b48ae15'],
  [21, '00a7ff2fd902588c'],
  [28, '487dfe63ad181127'],
  [35, 'fb980d7445cbcd78'],
  [42, 'f1dafa54b39a59c0'],
  [49, '516f6ebab787a2ca'],
  [63, '2c9d78b9323007f3'],
  [70, '564d3fa783633c5e'],
  [98, '28feaf5c583bde42'],
];

test('hashes of bytes of every remainder', () => {
  for (const [length, hash] of published) {
    const bytes = Uint8Array.from({ length }, (_, i) => i * 37);
    assert.equal(xxh64(bytes).toString(16).padStart(16, '0'), hash, String(length));
    const shifted = new Uint8Array([1, 2, 3, ...bytes]).subarray(3);
    assert.equal(xxh64(shifted), xxh64(bytes), 'wherever the bytes are');
  }
});
