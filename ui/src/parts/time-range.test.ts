import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bounds, defaultRange, instant, rangeLabel, rangeOf } from './time-range.ts';

test('both ends of a range', () => {
  assert.equal(instant('now', 5), 5);
  assert.equal(instant('now-15m', 1_000_000), 100_000);
  assert.equal(instant('123', 5), 123);
  for (const bad of ['', 'now-', 'now-1w', 'x', '-5']) assert.equal(instant(bad, 5), undefined);
  assert.deepEqual(bounds({ from: 'now-1s', to: 'now' }, 1000.4), {
    start: '0000000',
    end: '1000000000',
  });
  assert.equal(bounds({ from: 'now-30d', to: 'now' }, 1000).start, '0000000');
});

test('the range of an address, or the default', () => {
  const of = (text: string) => rangeOf(new URLSearchParams(text));
  assert.deepEqual(of(''), defaultRange);
  assert.deepEqual(of('from=now-5m'), { from: 'now-5m', to: 'now' });
  assert.deepEqual(of('from=100&to=200'), { from: '100', to: '200' });
  assert.deepEqual(of('from=200&to=100'), defaultRange);
  assert.deepEqual(of('from=<b>&to=now'), defaultRange);
});

test('ranges are called what people call them', () => {
  assert.equal(rangeLabel(defaultRange), 'Last hour');
  assert.equal(rangeLabel({ from: 'now-2h', to: 'now-1h' }), 'now-2h to now-1h');
});
