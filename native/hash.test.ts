import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { cityHash128Into } from '../wire/clickhouse-compress/cityhash.ts';
import { crc32cPlain } from './crc32c.ts';
import type { Hashes } from './index.ts';
import { loadAddon } from './load.ts';

const loaded = loadAddon<Hashes>('hash');

test('crc32c gives the values of RFC 3720 B.4', () => {
  assert.equal(crc32cPlain(new Uint8Array(32)), 0x8a9136aa);
  assert.equal(crc32cPlain(new Uint8Array(32).fill(0xff)), 0x62a8ab43);
  assert.equal(crc32cPlain(Buffer.from('123456789')), 0xe3069283);
});

test('crc32c goes on from a seed', () => {
  const whole = crc32cPlain(Buffer.from('123456789'));
  assert.equal(crc32cPlain(Buffer.from('6789'), crc32cPlain(Buffer.from('12345'))), whole);
});

test('the addon and its TypeScript twin agree', (t) => {
  if (loaded.addon === undefined) return t.skip(loaded.why);
  const { addon } = loaded;
  const bytes = fc.uint8Array({ maxLength: 700, size: 'max' });
  fc.assert(
    fc.property(bytes, fc.nat(0xffffffff), (data, seed) => {
      assert.equal(addon.crc32c(data, seed), crc32cPlain(data, seed));
      const native = new Uint8Array(16);
      const plain = new Uint8Array(16);
      addon.cityHash128Into(data, native);
      cityHash128Into(data, plain);
      assert.deepEqual(native, plain);
    }),
    { numRuns: 400 },
  );
});
