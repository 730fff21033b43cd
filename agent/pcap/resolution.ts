/** How the 64-bit timestamps of one pcapng interface turn into seconds and nanoseconds. */
export interface Resolution {
  /** Ticks a second; exact as a number. */
  readonly ticks: number;
  /** Added to the seconds (if_tsoffset). */
  readonly offsetSeconds: number;
}

/** What interfaces have that say nothing (pcapng, if_tsresol). */
export const microseconds: Resolution = { ticks: 1e6, offsetSeconds: 0 };

/**
 * Ticks a second of an if_tsresol byte: a negative power of 10, or of 2 when the highest bit is
 * set.
 * @returns undefined for a resolution finer than 10^-19 or 2^-63, which no 64-bit time can use
 */
export function ticksOf(tsresol: number): number | undefined {
  const power = tsresol & 0x7f;
  if ((tsresol & 0x80) === 0) return power <= 19 ? 10 ** power : undefined;
  return power <= 63 ? 2 ** power : undefined;
}

/** Where {@link splitTime} leaves its result. */
export interface SplitTime {
  seconds: number;
  nanos: number;
}

/**
 * Splits the tick count `high * 2^32 + low` into whole seconds since 1970 and nanoseconds, exactly.
 */
export function splitTime(high: number, low: number, r: Resolution, out: SplitTime): void {
  const ticks = r.ticks;
  if (ticks > 0x7fffffff) {
    splitFine(high, low, r, out);
    return;
  }
  const value = high * 2 ** 32 + low;
  let seconds = Math.floor(value / ticks);
  // `value` may be rounded; the remainder is right modulo 2^32, and it is small.
  let rest = (low - Math.imul((seconds % 2 ** 32) | 0, ticks | 0)) >>> 0;
  if (rest >= 0xc0000000) {
    seconds -= 1;
    rest = (rest + ticks) >>> 0;
  } else if (rest >= ticks) {
    seconds += 1;
    rest -= ticks;
  }
  out.seconds = seconds + r.offsetSeconds;
  out.nanos = Math.min(999_999_999, Math.floor((rest * 1e9) / ticks));
}

function splitFine(high: number, low: number, r: Resolution, out: SplitTime): void {
  const value = (BigInt(high) << 32n) | BigInt(low);
  const ticks = BigInt(r.ticks);
  out.seconds = Number(value / ticks) + r.offsetSeconds;
  out.nanos = Number(((value % ticks) * 1_000_000_000n) / ticks);
}
