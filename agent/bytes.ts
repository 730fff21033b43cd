/** Big-endian and little-endian reads in place. The caller has checked the bounds. */

export function u16be(b: Uint8Array, i: number): number {
  return (b[i]! << 8) | b[i + 1]!;
}

/** Big-endian; 0 to 2^32-1. */
export function u32be(b: Uint8Array, i: number): number {
  return ((b[i]! << 24) | (b[i + 1]! << 16) | (b[i + 2]! << 8) | b[i + 3]!) >>> 0;
}

/** Little-endian; 0 to 65,535. */
export function u16le(b: Uint8Array, i: number): number {
  return (b[i + 1]! << 8) | b[i]!;
}

/** Little-endian; 0 to 2^32-1. */
export function u32le(b: Uint8Array, i: number): number {
  return ((b[i + 3]! << 24) | (b[i + 2]! << 16) | (b[i + 1]! << 8) | b[i]!) >>> 0;
}

/** A view of bytes as a Buffer, without a copy. */
export function asBuffer(b: Uint8Array): Buffer {
  return Buffer.isBuffer(b) ? b : Buffer.from(b.buffer, b.byteOffset, b.byteLength);
}

/** A copy of bytes [start, end). (`slice` of a Buffer would be a view.) */
export function copyOf(b: Uint8Array, start: number, end: number): Uint8Array {
  const copy = new Uint8Array(end - start);
  if (end > start) copy.set(b.subarray(start, end));
  return copy;
}

/** Up to this many the characters one by one are cheaper than a call. */
const SHORT = 6;

/** Bytes [start, end) as ISO 8859-1: every byte one character. */
export function latin1(b: Uint8Array, start: number, end: number): string {
  if (end - start > SHORT) return asBuffer(b).toString('latin1', start, end);
  let text = '';
  for (let i = start; i < end; i++) text += String.fromCharCode(b[i]!);
  return text;
}
