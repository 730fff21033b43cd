import type { Writer } from '../../pdata/proto/writer.ts';

const two32 = 4294967296;

/** Largest time in microseconds since 1970 that a double holds exactly: in the year 2255. */
export const maxMicros = Number.MAX_SAFE_INTEGER;

/** A time in nanoseconds since 1970, as halves. */
export class Nanos {
  lo = 0;
  hi = 0;

  /** @param us whole microseconds, 0 to {@link maxMicros} */
  ofMicros(us: number): void {
    const high = Math.floor(us / two32);
    const low = (us - high * two32) * 1000;
    const carry = Math.floor(low / two32);
    this.lo = low - carry * two32;
    this.hi = high * 1000 + carry;
  }

  /** @param seconds since 1970, at least 0 */
  ofSeconds(seconds: number, nanos: number): void {
    // In steps of 2^32: seconds * 10^9 does not fit a double.
    const high = Math.floor(seconds / 65536);
    const low = seconds - high * 65536;
    const lower = low * 1e9 + nanos;
    const upper = high * 1e9;
    const sum = (upper % 65536) * 65536 + (lower % two32);
    this.lo = sum % two32;
    this.hi = Math.floor(upper / 65536) + Math.floor(lower / two32) + Math.floor(sum / two32);
  }

  /** Writes it as fixed64 field `field`; 0 is not written. */
  write(w: Writer, field: number): void {
    if (this.lo !== 0 || this.hi !== 0) w.fixed64Field(field, this.lo, this.hi);
  }
}
