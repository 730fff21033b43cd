import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fitsGlob } from './glob.ts';

test('as a regular expression would have it', () => {
  const character = fc.constantFrom('a', 'b', '/', '.');
  const text = fc.array(character, { maxLength: 12 }).map((list) => list.join(''));
  const pattern = fc
    .array(fc.oneof(character, fc.constantFrom('*', '?')), { maxLength: 8 })
    .map((list) => list.join(''));
  fc.assert(
    fc.property(pattern, text, (glob, sample) => {
      const source = glob.replaceAll('.', '\\.').replaceAll('*', '[^]*').replaceAll('?', '[^]');
      assert.equal(fitsGlob(glob, sample), new RegExp(`^${source}$`).test(sample));
    }),
    { numRuns: 1000 },
  );
});
