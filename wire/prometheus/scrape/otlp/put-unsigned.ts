import type { Writer } from '../../../../pdata/proto/writer.ts';

/** A count as 64 bits: fractions are cut off, what is below zero wraps around. */
export function putUnsigned(w: Writer, value: number): void {
  const whole = Math.trunc(value);
  if (whole >= 0 && whole <= Number.MAX_SAFE_INTEGER) {
    w.fixed64(whole % 4294967296, Math.floor(whole / 4294967296));
    return;
  }
  const bits = Number.isFinite(whole) ? BigInt.asUintN(64, BigInt(whole)) : 2n ** 63n;
  w.fixed64(Number(bits & 0xffffffffn), Number(bits >> 32n));
}
