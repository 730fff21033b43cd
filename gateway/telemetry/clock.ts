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

/** The machine's randomness. */
export const systemRandom: Random = {
  float: () => Math.random(),
  bytes: (length) => randomBytes(length),
};
