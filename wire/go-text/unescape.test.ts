import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type NumericEscapes, unescapeGo } from './unescape.ts';

const kinds: readonly NumericEscapes[] = ['bytes', 'lossy bytes', 'characters'];

test('escapes of every kind', () => {
  for (const kind of kinds) {
    const text = (inner: string): string | undefined => unescapeGo(inner, '"', kind);
    assert.equal(text('\\a\\b\\f\\n\\r\\t\\v\\\\\\"'), '\x07\b\f\n\r\t\v\\"');
    assert.equal(text('\\U0001F600\\u00e9\\x41\\101'), '😀éAA');
    assert.equal(unescapeGo("\\'", "'", kind), "'");
    assert.equal(text(''), '');
  }
});

test('numbers are bytes or characters', () => {
  const each = (inner: string): unknown[] => kinds.map((kind) => unescapeGo(inner, '"', kind));
  assert.deepEqual(each('\\xc3\\xa9'), ['é', 'é', 'Ã©']);
  assert.deepEqual(each('\\303\\251'), ['é', 'é', 'Ã©']);
  assert.deepEqual(each('a\\xff'), [undefined, 'a\ufffd', 'aÿ']);
});

test('what is none', () => {
  const cases = ["\\'", 'a"b', 'a"\\n', '\\', 'a\\', '\\x4', '\\777', '\\ud800', '\\8', '\\z'];
  for (const inner of [...cases, '\\U00110000', '\\u00e', '\\18']) {
    for (const kind of kinds) assert.equal(unescapeGo(inner, '"', kind), undefined, inner);
  }
  assert.equal(unescapeGo('\\"', "'", 'bytes'), undefined);
});

test('what JSON escapes in the way of Go is read back', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.constantFrom(...kinds), (text, kind) => {
      const inner = JSON.stringify(text).slice(1, -1);
      assert.equal(unescapeGo(inner, '"', kind), text);
    }),
    { numRuns: 300 },
  );
});

test('bytes of any UTF-8 text, one by one', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.boolean(), (text, isOctal) => {
      const inner = Array.from(Buffer.from(text), (byte) =>
        isOctal
          ? `\\${byte.toString(8).padStart(3, '0')}`
          : `\\x${byte.toString(16).padStart(2, '0')}`,
      ).join('');
      assert.equal(unescapeGo(inner, '"', 'bytes'), text);
    }),
    { numRuns: 200 },
  );
});
