import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { addressBytes, parseAddress } from '../../wire/address/parse.ts';
import { ipv4Text, ipv6Text } from '../address.ts';
import { maskOf, PrefixTable, parsePrefix } from './ip.ts';

const word = fc.integer({ min: 0, max: 0xffff_ffff });

test('addresses that were written are read', () => {
  fc.assert(
    fc.property(word, word, word, word, (a, b, c, d) => {
      const bytes = Buffer.alloc(16);
      for (const [i, value] of [a, b, c, d].entries()) bytes.writeUInt32BE(value, i * 4);
      assert.deepEqual(Buffer.from(addressBytes(ipv6Text(a, b, c, d))), bytes);
      assert.equal(parseAddress(ipv4Text(a)), parseAddress(`::ffff:${ipv4Text(a)}`));
    }),
  );
  for (const text of ['', '1.2.3', '1.2.3.256', 'fe80::1%eth0', ':::', 'g::', '1.2.3.4/8']) {
    assert.equal(parseAddress(text), undefined, text);
  }
});

test('prefixes', () => {
  assert.deepEqual(parsePrefix('10.1.2.3/8'), parsePrefix('10.0.0.0/8'));
  assert.equal(parsePrefix('10.0.0.0/8')?.length, 104);
  assert.equal(parsePrefix('::/0')?.length, 0);
  assert.equal(parsePrefix('10.1.2.3')?.length, 128);
  for (const text of ['10.0.0.0/33', '::/129', '10.0.0.0/', '10.0.0.0/x', '/8', '10.0.0.0/-1']) {
    assert.equal(parsePrefix(text), undefined, text);
  }
});

test('the longest prefix is found, as by looking at all', () => {
  const prefix = fc
    .tuple(fc.integer({ min: 0, max: 255 }), fc.integer({ min: 96, max: 128 }))
    .map(([low, length]) => {
      const value = parseAddress(`10.0.0.${low}`)!;
      return { base: maskOf(value, length), length };
    });
  fc.assert(
    fc.property(fc.array(prefix), fc.integer({ min: 0, max: 255 }), (prefixes, low) => {
      const table = new PrefixTable<number>();
      for (const [index, one] of prefixes.entries()) table.add(one, index);
      const address = parseAddress(`10.0.0.${low}`)!;
      const fitting = prefixes
        .map((one, index) => ({ ...one, index }))
        .filter(({ base, length }) => maskOf(address, length) === base)
        .toSorted((a, b) => b.length - a.length || a.index - b.index);
      assert.equal(
        table.find(address, () => true),
        fitting[0]?.index,
      );
    }),
  );
});
