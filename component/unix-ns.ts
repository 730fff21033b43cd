import type { Clock } from './settings.ts';

/** Nanoseconds since 1970, to the microsecond: a double holds no more of them. */
export function unixNs(clock: Clock): bigint {
  return BigInt(Math.trunc(clock.unixMs() * 1e3)) * 1000n;
}
