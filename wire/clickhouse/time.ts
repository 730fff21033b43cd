const NANOS = 1_000_000_000;
export const SECONDS_A_DAY = 86_400;

/**
 * Whole seconds of unsigned nanoseconds given as two halves, exact over all 64 bits.
 * @returns 0 to 18446744073
 */
export function secondsOf(low: number, high: number): number {
  const guess = Math.floor((high * 0x1_0000_0000 + low) / NANOS);
  // The sum above is rounded to a double, by at most 1024 ns: guess may be one off.
  const rest = (low - Math.imul(guess | 0, NANOS)) | 0;
  if (rest < 0) return guess - 1;
  return rest >= NANOS ? guess + 1 : guess;
}

/** Days since 1970 of seconds, at most 65535 (2149-06-06), the last that type Date has. */
export function dayOf(seconds: number): number {
  return Math.min(65_535, Math.floor(seconds / SECONDS_A_DAY));
}
