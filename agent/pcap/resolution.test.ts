import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { splitTime, ticksOf } from './resolution.ts';

test('times are split exactly, against BigInt', () => {
  const resolutions = [0, 3, 6, 7, 9, 12, 0x80 | 10, 0x80 | 20, 0x80 | 30, 0x80 | 40];
  // Times up to the year 2262, whatever the resolution.
  const seconds = fc.bigInt({ min: 0n, max: 9_000_000_000n });
  fc.assert(
    fc.property(
      fc.constantFrom(...resolutions),
      seconds,
      fc.bigInt({ min: 0n, max: 2n ** 40n }),
      (r, s, rest) => {
        const ticks = ticksOf(r)!;
        const part = rest % BigInt(ticks);
        const value = s * BigInt(ticks) + part;
        if (value >= 2n ** 64n) return;
        const out = { seconds: 0, nanos: 0 };
        splitTime(
          Number(value >> 32n),
          Number(value & 0xffffffffn),
          { ticks, offsetSeconds: 0 },
          out,
        );
        assert.equal(BigInt(out.seconds), s);
        assert.equal(BigInt(out.nanos), (part * 1_000_000_000n) / BigInt(ticks));
      },
    ),
    { numRuns: 2000 },
  );
});

test('resolutions that no 64-bit time can use', () => {
  assert.equal(ticksOf(19), 1e19);
  assert.equal(ticksOf(20), undefined);
  assert.equal(ticksOf(0x80 | 63), 2 ** 63);
  assert.equal(ticksOf(0x80 | 64), undefined);
});
