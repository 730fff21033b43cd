import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decimal } from './decimal.ts';

test('doubles without exponents', () => {
  const f = (value: number, want: string) => assert.equal(decimal(value), want);
  f(1.5, '1.5');
  f(-0, '-0');
  f(1e21, '1000000000000000000000');
  f(-1.25e-7, '-0.000000125');
  f(1.2345e22, '12345000000000000000000');
  f(Number.NEGATIVE_INFINITY, '-Inf');
  f(Number.NaN, 'NaN');
});

test('what is written is the same number', () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
      const text = decimal(value);
      assert.doesNotMatch(text, /e/);
      assert.ok(Object.is(Number(text), value), text);
    }),
  );
});
