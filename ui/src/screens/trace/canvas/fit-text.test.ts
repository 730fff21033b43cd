import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TextFitter } from './fit-text.ts';

test('texts are cut to what fits, and measured once', () => {
  let measured = 0;
  const fitter = new TextFitter((text) => {
    measured += 1;
    return text.length * 10;
  });
  assert.equal(fitter.fit('hello', 50), 'hello');
  assert.equal(fitter.fit('hello', 49), 'hel…');
  assert.equal(fitter.fit('hello', 20), 'h…');
  assert.equal(fitter.fit('hello', 19), '');
  const before = measured;
  assert.equal(fitter.fit('hello', 49.5), 'hel…');
  assert.equal(measured, before);
});
