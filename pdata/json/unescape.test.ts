import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { EscapeFault, unescapedSize, writeUnescaped } from './unescape.ts';

function read(text: string): string {
  const b = Buffer.from(text);
  const out = Buffer.alloc(unescapedSize(b, 0, b.length));
  writeUnescaped(b, 0, b.length, out, 0);
  return out.toString();
}

it('reads what JSON.parse reads', () => {
  const piece = fc.oneof(
    fc.constantFrom('\\n', '\\"', '\\\\', '\\/', '\\b', '\\f', '\\r', '\\t', 'é', '😀', 'a', 'u'),
    fc.integer({ min: 0, max: 0xffff }).map((n) => `\\u${n.toString(16).padStart(4, '0')}`),
    fc.constantFrom('\\uD83D', '\\uDE00', '\\ud83d\\ude00', '\\u0000', '\\uFFFF', '\\u07ff'),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => {
      const text = pieces.join('');
      assert.equal(read(text), (JSON.parse(`"${text}"`) as string).toWellFormed());
    }),
    { numRuns: 500 },
  );
});

it('refuses escapes that there are not', () => {
  for (const text of ['\\x', '\\u12', '\\u12g4', '\\u', '\\']) {
    assert.throws(() => read(text), EscapeFault, text);
  }
  assert.throws(() => read('\\ud800\\u1'), /bad escape '\\u1'/);
});
