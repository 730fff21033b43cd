import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ConnectionError } from './constants.ts';
import { HpackDecoder } from './hpack-decoder.ts';
import { constantFields, encodeFields } from './hpack-encoder.ts';
import { decodeHuffman } from './huffman.ts';

const limits = { tableSize: 4096, listSize: 65_536, pairs: 100 };

function decode(decoder: HpackDecoder, hex: string | Buffer): string[] {
  const bytes = typeof hex === 'string' ? Buffer.from(hex.replaceAll(' ', ''), 'hex') : hex;
  const list = decoder.decode(bytes, 0, bytes.length);
  return Array.from({ length: list.count }, (_, i) => `${list.names[i]}: ${list.values[i]}`);
}

test('decodes the requests of RFC 7541 appendix C.4', () => {
  const decoder = new HpackDecoder(limits);
  const common = [':method: GET', ':scheme: http', ':path: /', ':authority: www.example.com'];
  assert.deepEqual(decode(decoder, '8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff'), common);
  assert.deepEqual(decode(decoder, '8286 84be 5886 a8eb 1064 9cbf'), [
    ...common,
    'cache-control: no-cache',
  ]);
  const third = '8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf';
  assert.deepEqual(decode(decoder, third), [
    ':method: GET',
    ':scheme: https',
    ':path: /index.html',
    ':authority: www.example.com',
    'custom-key: custom-value',
  ]);
});

test('evicts as RFC 7541 appendix C.5 does with a table of 256 bytes', () => {
  const decoder = new HpackDecoder({ ...limits, tableSize: 256 });
  decode(
    decoder,
    '4803 3330 3258 0770 7269 7661 7465 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a ' +
      '3133 3a32 3120 474d 546e 1768 7474 7073 3a2f 2f77 7777 2e65 7861 6d70 6c65 2e63 6f6d',
  );
  assert.deepEqual(decode(decoder, '4803 3330 37c1 c0bf'), [
    ':status: 307',
    'cache-control: private',
    'date: Mon, 21 Oct 2013 20:13:21 GMT',
    'location: https://www.example.com',
  ]);
});

test('refuses what is damaged', () => {
  const bad = ['ff', '80', 'be', '40', '0005 61', '3fe2 1f', '0081 0081 00', '00ff ffff ffff 00'];
  for (const hex of bad) {
    assert.throws(() => decode(new HpackDecoder(limits), hex), ConnectionError, hex);
  }
  const out = Buffer.alloc(100);
  assert.throws(() => decodeHuffman(Buffer.from('ffffffff', 'hex'), 0, 4, out), /EOS|padding/);
  assert.throws(() => decodeHuffman(Buffer.from('18', 'hex'), 0, 1, out), /padding/);
});

test('random bytes give a list or a ConnectionError, within the limits', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      const decoder = new HpackDecoder({ tableSize: 4096, listSize: 1000, pairs: 10 });
      try {
        const list = decoder.decode(Buffer.from(bytes), 0, bytes.length);
        assert.ok(list.count <= 10);
      } catch (error) {
        assert.ok(error instanceof ConnectionError);
      }
    }),
    { numRuns: 500 },
  );
});

test('a list over the limits is decoded for the table, and said to be over', () => {
  const decoder = new HpackDecoder({ ...limits, listSize: 100 });
  const block = encodeFields([
    ['a', 'x'.repeat(80)],
    ['b', 'y'],
  ]);
  assert.deepEqual(decode(decoder, block), []);
  assert.equal(decoder.list.overLimit, true);
});

const field = fc.tuple(fc.stringMatching(/^[a-z][a-z0-9-]{0,20}$/), fc.stringMatching(/^[ -~]*$/));

test('constant fields are the same list the first time and again', () => {
  fc.assert(
    fc.property(fc.array(field, { maxLength: 12 }), (fields) => {
      const lines = fields.map(([name, value]) => `${name}: ${value}`);
      const constant = constantFields(fields);
      fc.pre(constant.tableBytes <= 4096);
      const decoder = new HpackDecoder(limits);
      for (const block of [constant.first, constant.again, constant.again, constant.plain]) {
        assert.deepEqual(decode(decoder, block), lines);
      }
    }),
  );
});

test('fields that HTTP does not allow are malformed, from the dynamic table too', () => {
  const field = (first: number, name: string, value: string): Buffer =>
    Buffer.from([
      first,
      name.length,
      ...Buffer.from(name),
      value.length,
      ...Buffer.from(value, 'latin1'),
    ]);
  for (const [name, value] of [
    ['X-a', 'b'],
    ['x a', 'b'],
    ['', 'b'],
    ['x-a', 'b\r\nc: d'],
    ['x-a', 'b\nc'],
    ['x-a', 'b\0'],
  ] as const) {
    for (const first of [0x40, 0]) {
      const decoder = new HpackDecoder(limits);
      const block = field(first, name, value);
      assert.equal(decoder.decode(block, 0, block.length).malformed, true, JSON.stringify(name));
      if (first === 0) continue;
      const again = Buffer.from([0xbe]);
      assert.equal(decoder.decode(again, 0, 1).malformed, true, 'by index');
    }
  }
  const fine = field(0x40, 'x-a', 'b\tc');
  assert.equal(new HpackDecoder(limits).decode(fine, 0, fine.length).malformed, false);
});
