import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { Arrival, SegmentRanges } from './segments.ts';

/** Adds segments to one direction of flow. */
function feed(...segments: readonly (readonly [sequence: number, length: number])[]): string[] {
  const names = Object.keys(Arrival);
  const ranges = new SegmentRanges();
  return segments.map(([sequence, length]) => names[ranges.add(0, sequence, length)]!);
}

test('what a segment is, by what came before it', () => {
  const f = (want: string, ...segments: readonly (readonly [number, number])[]) =>
    assert.equal(feed(...segments).join(' '), want);
  f('next next next', [100, 10], [110, 10], [120, 5]);
  f('next retransmitted', [100, 10], [100, 10]);
  f('next retransmitted', [100, 10], [109, 10]);
  f('next next outOfOrder', [100, 10], [120, 10], [110, 10]);
  f('next next outOfOrder', [100, 10], [130, 10], [110, 10]);
  f('next next outOfOrder outOfOrder', [100, 10], [130, 10], [120, 5], [110, 10]);
  f('next next overlapping', [100, 10], [120, 10], [112, 10]);
  f('next outOfOrder retransmitted', [100, 10], [50, 10], [55, 2]);
  f('next overlapping', [100, 10], [95, 10]);
  f('ignored ignored', [0, 10], [5, 0]);
});

test('sequence numbers wrap', () => {
  const end = 0xffff_ff00;
  assert.deepEqual(feed([end, 0x80], [end + 0x80, 0x80], [0x10, 10], [0x10, 10], [end, 10]), [
    'next',
    'ignored',
    'next',
    'retransmitted',
    'ignored',
  ]);
});

test('in order or not, a byte seen is known: against a model, within 15 ranges', () => {
  const segment = fc.tuple(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 3 }));
  fc.assert(
    fc.property(fc.array(segment, { maxLength: 60 }), (segments) => {
      const ranges = new SegmentRanges();
      const seen = new Set<number>();
      for (const [at, length] of segments) {
        const bytes = Array.from({ length }, (_, i) => at + i);
        const arrival = ranges.add(3, at, length);
        const behind = Math.max(0, ...seen) > at;
        if (seen.has(at)) assert.equal(arrival, Arrival.retransmitted);
        else if (bytes.some((b) => seen.has(b))) assert.equal(arrival, Arrival.overlapping);
        else assert.equal(arrival, behind ? Arrival.outOfOrder : Arrival.next);
        // New bytes of a segment whose first byte is known are not noted.
        const isNew = arrival === Arrival.next || arrival === Arrival.outOfOrder;
        if (isNew) for (const b of bytes) seen.add(b);
      }
    }),
    { numRuns: 500 },
  );
});

test('a flood of holes stays bounded, and the lowest become one', () => {
  const ranges = new SegmentRanges();
  for (let i = 1; i <= 1000; i++) assert.equal(ranges.add(0, i * 10, 5), Arrival.next);
  // Far below, everything counts as seen; the last holes are still known.
  assert.equal(ranges.add(0, 25, 5), Arrival.retransmitted);
  assert.equal(ranges.add(0, 9995, 5), Arrival.outOfOrder);
});
