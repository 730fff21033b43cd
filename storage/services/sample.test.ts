import assert from 'node:assert/strict';
import { test } from 'node:test';
import { everything, sampleCondition, sampleOf, shareOf } from './sample.ts';
import { stepWindow } from './window.ts';

const seconds = (length: number) => {
  const end = 1_800_000_000n;
  return stepWindow((end - BigInt(length)) * 1_000_000_000n, end * 1_000_000_000n, 2e12);
};

test('few spans are all looked at', () => {
  for (const spans of [0, 1, 1000])
    assert.deepEqual(sampleOf(seconds(600), spans, 1000), everything);
  assert.equal(sampleCondition(everything, [1, -1]), '1');
});

test('slices of time first, traces where there are few slices', () => {
  assert.deepEqual(sampleOf(seconds(86_400), 8000, 1000), { slices: 8, traces: 1 });
  assert.deepEqual(sampleOf(seconds(600), 8000, 1000), { slices: 2, traces: 4 });
  assert.deepEqual(sampleOf(seconds(60), 8000, 1000), { slices: 1, traces: 8 });
  assert.equal(shareOf({ slices: 2, traces: 4 }), 8);
});

test('a sample is within its bound', () => {
  for (const spans of [1001, 3000, 1e6, 1e9]) {
    const share = shareOf(sampleOf(seconds(3600), spans, 1000));
    assert.ok(spans / share <= 1000 && spans / share > 500, `${spans} / ${share}`);
  }
});
