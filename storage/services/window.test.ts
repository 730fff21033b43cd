import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { stepWindow } from './window.ts';

const s = 1_000_000_000n;
const day = 86_400n;

test('an hour is looked at by the minute', () => {
  const nowMs = 1_800_000_030_500;
  const window = stepWindow((1_800_000_030n - 3600n) * s, 1_800_000_030n * s + 500_000_000n, nowMs);
  assert.deepEqual(window, {
    fromS: 1_800_000_000 - 3600,
    toS: 1_800_000_060,
    stepS: 60,
    steps: 61,
    pastS: 3631,
  });
});

test('rates of a range in the past count all of it', () => {
  const { pastS, fromS, toS } = stepWindow(1_000_000_020n * s, 1_000_000_140n * s, 2e12);
  assert.deepEqual([fromS, toS, pastS], [999_999_960 + 60, 1_000_000_140, 120]);
});

test('any range has few steps that cover it', () => {
  const seconds = fc.bigInt({ min: 0n, max: 4_200_000_000n });
  fc.assert(
    fc.property(seconds, fc.bigInt({ min: 1n, max: 400n * day }), (start, length) => {
      const window = stepWindow(start * s, (start + length) * s, 1_700_000_000_000);
      assert.ok(window.fromS <= Number(start) && window.fromS % 60 === 0);
      assert.ok(window.toS > window.fromS && window.toS % 60 === 0);
      assert.ok(window.steps >= 1 && window.steps <= 62, `${window.steps} steps`);
      assert.ok(window.fromS + window.steps * window.stepS >= window.toS);
      assert.ok(window.pastS >= 1 && window.stepS % 60 === 0);
    }),
    { numRuns: 300 },
  );
});

test('times that no DateTime holds are moved to its ends', () => {
  const { fromS, toS } = stepWindow(0n, 9_999_999_999n * s, 0);
  assert.equal(fromS, 0);
  assert.ok(toS < 2 ** 32);
});
