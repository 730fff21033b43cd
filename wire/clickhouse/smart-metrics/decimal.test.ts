import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Decimal, joinDecimal, Scale } from './decimal.ts';

const double = new Float64Array(1);
const halves = new Uint32Array(double.buffer);
const decimal = new Decimal();
const out = { double: new Float64Array(1), halves: new Uint32Array(0) };
out.halves = new Uint32Array(out.double.buffer);

/** Splits and joins, and checks the bits. @returns the scale */
function roundTrip(low: number, high: number, from: number, search: boolean): number {
  decimal.split(low, high, from, search);
  joinDecimal(decimal.low, decimal.high, decimal.scale, out);
  assert.deepEqual([...out.halves], [low, high], `from ${from}`);
  return decimal.scale;
}

function scaleOf(value: number, from = 0): number {
  double[0] = value;
  return roundTrip(halves[0]!, halves[1]!, from, true);
}

test('any bits come back', () => {
  const half = fc.oneof(
    fc.integer({ min: 0, max: 0xffff_ffff }),
    fc.constantFrom(0, 1, 2, 0x7ff0_0000, 0x7ff8_0000, 0x8000_0000, 0xfff0_0000, 0x4340_0000),
  );
  fc.assert(
    fc.property(half, half, fc.nat(15), fc.boolean(), (low, high, from, search) => {
      roundTrip(low, high, from, search);
    }),
    { numRuns: 2_000 },
  );
});

test('any double and any decimal come back, from any scale', () => {
  const decimals = fc
    .tuple(fc.maxSafeInteger(), fc.nat(20))
    .map(([mantissa, scale]) => mantissa / 10 ** scale);
  fc.assert(
    fc.property(fc.oneof(fc.double(), decimals), fc.nat(15), fc.boolean(), (value, from, all) => {
      double[0] = value;
      roundTrip(halves[0]!, halves[1]!, from, all);
    }),
    { numRuns: 2_000 },
  );
});

test('the smallest scale that is not below the one of the series', () => {
  assert.equal(scaleOf(5), 0);
  assert.equal(scaleOf(5, 2), 2);
  assert.equal(scaleOf(-12.34), 2);
  assert.equal(scaleOf(0.1, 3), 3);
  assert.equal(scaleOf(0, 4), 4);
  assert.equal(scaleOf(2 ** 53, 3), 0);
  assert.equal(scaleOf(1e-15), 15);
});

test('what is no decimal keeps its bits', () => {
  const values = [-0, Number.NaN, Infinity, -Infinity, 1 / 3, 2 ** 60, 5e-324, 1e-16];
  for (const value of values) assert.equal(scaleOf(value), Scale.BITS, String(value));
  assert.equal(roundTrip(2, 0x7ff0_0000, 0, true), Scale.BITS);
});

test('integers become the nearest double, no value the stale marker', () => {
  for (const value of [0n, -1n, 2n ** 53n + 1n, 2n ** 63n - 1n, -(2n ** 63n)]) {
    const bits = BigInt.asUintN(64, value);
    joinDecimal(Number(bits & 0xffff_ffffn), Number(bits >> 32n), Scale.INTEGER, out);
    assert.equal(out.double[0], Number(value));
  }
  joinDecimal(0, 0, Scale.NONE, out);
  assert.deepEqual([...out.halves], [2, 0x7ff0_0000]);
});
