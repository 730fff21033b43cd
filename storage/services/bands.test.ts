import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { bandCount, quantile, RedSum } from './bands.ts';

/** As the schema bands a duration. */
const bandOf = (ns: number): number => Math.floor(2 * Math.log2(Math.max(ns, 1)));

function bandsOf(durations: readonly number[]): Float64Array {
  const bands = new Float64Array(bandCount);
  for (const ns of durations) bands[bandOf(ns)]! += 1;
  return bands;
}

test('a quantile is within a band of the true one', () => {
  const durations = fc.array(fc.integer({ min: 1, max: 1e12 }), { minLength: 1, maxLength: 200 });
  fc.assert(
    fc.property(durations, fc.double({ min: 0, max: 1, noNaN: true }), (list, q) => {
      const sorted = [...list].sort((a, b) => a - b);
      const exact = sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)]!;
      const found = quantile(bandsOf(list), q)!;
      const [low, high] = [2 ** (bandOf(exact) / 2), 2 ** ((bandOf(exact) + 1) / 2)];
      assert.ok(found >= low * 0.999 && found <= high * 1.001, `${found} of ${exact}`);
    }),
    { numRuns: 300 },
  );
});

test('no calls have no quantile', () => {
  assert.equal(quantile(new Float64Array(bandCount), 0.5), undefined);
});

test('quantiles rise', () => {
  const bands = bandsOf([10, 1000, 100_000, 1e7]);
  const list = [0, 0.25, 0.5, 0.75, 0.95, 1].map((q) => quantile(bands, q)!);
  assert.deepEqual(
    list,
    [...list].sort((a, b) => a - b),
  );
});

test('sums add everything; a band beyond the last counts as the last', () => {
  const sum = new RedSum();
  sum.addBands(3, 1, [0, 40], [1, 2]);
  sum.addBands(1, 0, [250], [1]);
  const other = new RedSum();
  other.addBands(2, 2, [40], [2]);
  sum.add(other);
  assert.deepEqual([sum.calls, sum.errors], [6, 3]);
  assert.deepEqual([sum.bands[0], sum.bands[40], sum.bands[bandCount - 1]], [1, 4, 1]);
});
