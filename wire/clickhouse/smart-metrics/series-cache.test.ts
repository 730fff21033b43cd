import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { AttributeList } from '../attribute-list.ts';
import { SeriesCache } from './series-cache.ts';

/** Attributes of these keys and values, and the bytes that they lie in. */
function listOf(texts: readonly string[]): { b: Uint8Array; list: AttributeList } {
  const list = new AttributeList();
  const parts: Buffer[] = [];
  let at = 0;
  for (const [i, text] of texts.entries()) {
    const bytes = Buffer.from(text);
    const [starts, ends] =
      i % 2 === 0 ? [list.keyStart, list.keyEnd] : [list.valueStart, list.valueEnd];
    starts[i >> 1] = at;
    at += bytes.length;
    ends[i >> 1] = at;
    parts.push(bytes);
  }
  list.count = texts.length >> 1;
  return { b: Buffer.concat(parts), list };
}

test('the same number for the same head and attributes, whatever came before', () => {
  const text = fc.oneof(
    fc.constantFrom('', 'a', 'b', 'ab', '\u0001a', '\u0000', 'x'.repeat(127), 'x'.repeat(128)),
    fc.string({ maxLength: 3 }),
    fc.string({ minLength: 100, maxLength: 300 }),
  );
  const pairs = fc.array(fc.tuple(text, text), { maxLength: 3 }).map((list) => list.flat());
  const asked = fc.array(fc.tuple(fc.nat(2), pairs), { minLength: 1, maxLength: 60 });
  fc.assert(
    fc.property(asked, (list) => {
      const cache = new SeriesCache();
      const numbers = new Map<string, number>();
      for (let round = 0; round < 3; round++) {
        for (const [head, texts] of list) {
          const { b, list: attributes } = listOf(texts);
          const key = JSON.stringify([head, texts.map((one) => Buffer.from(one).toString('hex'))]);
          const before = cache.size;
          const found = cache.find(head, b, attributes);
          assert.equal(found, numbers.get(key) ?? before);
          numbers.set(key, found);
        }
      }
      assert.equal(cache.size, numbers.size);
    }),
    { numRuns: 300 },
  );
});

test('forgets all when there is too much', () => {
  const cache = new SeriesCache({ remembered: 2, bytes: 1 << 20 });
  for (const [i, key] of ['a', 'b'].entries()) {
    const { b, list } = listOf([key, '']);
    assert.equal(cache.find(0, b, list), i);
    cache.storedDay[i] = 7;
    cache.scale[i] = 3;
  }
  cache.makeRoom();
  assert.equal(cache.size, 0);
  const { b, list } = listOf(['b', '']);
  assert.equal(cache.find(0, b, list), 0);
  assert.deepEqual([cache.storedDay[0], cache.scale[0]], [-1, 0]);
});
