import type { ByteBuffer } from './byte-buffer.ts';

/** Adds the varint at `at` of `b` as 64 bits, little-endian. @returns the position after it */
export function copyVarint64(data: ByteBuffer, b: Uint8Array, at: number): number {
  let low = 0;
  let high = 0;
  let p = at;
  for (let shift = 0; ; shift += 7) {
    const byte = b[p++]!;
    const bits = byte & 127;
    if (shift < 28) low |= bits << shift;
    else if (shift === 28) {
      low |= bits << 28;
      high = bits >>> 4;
    } else high |= bits << (shift - 32);
    if (byte < 128) break;
  }
  data.u64(low >>> 0, high >>> 0);
  return p;
}

/** The varint at `at` of `b` as 64 bits, unsigned. */
export function varint64(b: Uint8Array, at: number): bigint {
  let value = 0n;
  for (let p = at, shift = 0n; ; p++, shift += 7n) {
    const byte = b[p]!;
    value |= BigInt(byte & 127) << shift;
    if (byte < 128) return BigInt.asUintN(64, value);
  }
}
