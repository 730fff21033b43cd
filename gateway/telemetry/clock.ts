import { randomBytes } from 'node:crypto';
import type { Clock, Random } from '../../component/settings.ts';

/** The machine's clocks and timers. */
export const systemClock: Clock = {
  unixMs: () => performance.timeOrigin + performance.now(),
  monotonicMs: () => performance.now(),
  after(ms, run) {
    const timer = setTimeout(run, Math.min(ms, 2 ** 31 - 1));
    timer.unref();
    return { cancel: () => clearTimeout(timer) };
  },
};

/** A clock's time in nanoseconds since 1970, exact to the microsecond. */
export function unixNanos(clock: Clock): bigint {
  return BigInt(Math.round(clock.unixMs() * 1000)) * 1000n;
}

/** The machine's randomness. */
export const systemRandom: Random = {
  float: () => Math.random(),
  bytes: (length) => randomBytes(length),
};
