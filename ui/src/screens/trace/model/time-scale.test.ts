import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { clampZoom, nsAt, panBy, ticks, wholeOf, xOf, zoomAround } from './time-scale.ts';

test('ticks are round numbers', () => {
  assert.deepEqual(ticks({ from: 0, to: 100e6 }, 5), [0, 20e6, 40e6, 60e6, 80e6, 100e6]);
  assert.deepEqual(ticks({ from: 3e9, to: 95e9 }, 4), [30e9, 60e9, 90e9]);
  assert.deepEqual(ticks({ from: 0, to: 100 }, 4), [0, 50, 100]);
  assert.deepEqual(ticks({ from: 0, to: 3 * 86_400e9 }, 3), [0, 86_400e9, 172_800e9, 259_200e9]);
});

test('a trace that takes no time has an axis', () => {
  assert.deepEqual(wholeOf(0), { from: 0, to: 100 });
});

const whole = wholeOf(1e9);
const zooms = fc
  .tuple(
    fc.double({ min: -1e9, max: 2e9, noNaN: true }),
    fc.double({ min: 0, max: 2e9, noNaN: true }),
  )
  .map(([from, length]) => ({ from, to: from + length }));

test('whatever is asked for, what is shown lies within the trace', () => {
  const within = ({ from, to }: { from: number; to: number }) => {
    assert.ok(from >= 0 && to <= 1e9 + 1e-3 && to - from >= 99.9, `${from} ${to}`);
  };
  fc.assert(
    fc.property(zooms, fc.double({ min: 0.01, max: 100, noNaN: true }), (asked, factor) => {
      const zoom = clampZoom(asked, whole);
      within(zoom);
      within(zoomAround(zoom, (zoom.from + zoom.to) / 2, factor, whole));
      within(panBy(zoom, factor, whole));
      const count = ticks(zoom, 8).length;
      assert.ok(count <= 9, `${count} ticks`);
    }),
  );
});

test('pixels and offsets', () => {
  const zoom = { from: 100, to: 300 };
  assert.equal(xOf(200, zoom, 1000), 500);
  assert.equal(nsAt(500, zoom, 1000), 200);
  assert.deepEqual(zoomAround(zoom, 200, 0.75, whole), { from: 125, to: 275 });
});
