import type { CheckedReader } from '../../pdata/proto/checked-reader.ts';
import type { Writer } from '../../pdata/proto/writer.ts';
import { SkywalkingFault } from './fault.ts';

/** Latest time that fits OTLP's 64 bits of nanoseconds, in milliseconds. */
export const maxMs = 18_446_744_073_709;

/** Reads a time in milliseconds since 1970. @throws SkywalkingFault when it cannot be one */
export function readMs(r: CheckedReader, what: string): number {
  const at = r.pos;
  const ms = r.int64();
  if (ms >= 0 && ms <= maxMs) return ms;
  throw new SkywalkingFault(`cannot take the ${what} ${ms} ms at byte ${at}`, at);
}

/** Writes a time as fixed64 nanoseconds. @param tag of the field @param ms 0 to 2^64 / 10^6 */
export function writeNanoseconds(w: Writer, field: number, ms: number): void {
  const whole = Math.floor(ms);
  const high = Math.floor(whole / 65536) * 1_000_000; // times 65536
  const low = (high % 65536) * 65536 + (whole % 65536) * 1_000_000;
  w.fixed64Field(field, low % 4294967296, Math.floor(high / 65536) + Math.floor(low / 4294967296));
}

/** The same as a number for builders. */
export function nanoseconds(ms: number): bigint {
  return BigInt(Math.trunc(ms)) * 1_000_000n;
}
