/**
 * Reading protobuf bytes that passed the structural check: no bounds are checked here, except by
 * {@link readHalves} where it is asked to. Other bytes are read with CheckedReader.
 * `https://protobuf.dev/programming-guides/encoding/`
 */

/** No bytes: what views and cursors stand on before they are moved. */
export const noBytes: Uint8Array = new Uint8Array(0);

/** A place in some bytes; repositioned, never made per item. */
export class Cursor {
  bytes: Uint8Array;
  /** Next byte to read. */
  pos: number;
  /** Low and high 32 bits of what {@link readHalves} and {@link readFixed64} read, unsigned. */
  lo = 0;
  hi = 0;

  constructor(bytes: Uint8Array, pos = 0) {
    this.bytes = bytes;
    this.pos = pos;
  }
}

/** What {@link readHalves} reads: a cursor or a reader that has the same fields. */
interface Place {
  readonly bytes: Uint8Array;
  pos: number;
  lo: number;
  hi: number;
}

/** A varint as a number: a tag, a length or a small integer. Inexact above 2^53. */
export function readVarint(c: Cursor): number {
  const b = c.bytes;
  const first = b[c.pos]!;
  c.pos += 1;
  if (first < 128) return first;
  let value = first & 127;
  let scale = 128;
  for (;;) {
    const byte = b[c.pos]!;
    c.pos += 1;
    value += (byte & 127) * scale;
    if (byte < 128) return value;
    scale *= 128;
  }
}

/**
 * A varint's 64 bits into `c.lo` and `c.hi`.
 * @param end where the bytes end, if that is not sure to come after the varint
 * @returns false, with `c` as it was, where it does not end before `end` or has over 10 bytes
 */
export function readHalves(c: Place, end = 0x7fffffff): boolean {
  const b = c.bytes;
  let p = c.pos;
  let lo = 0;
  let hi = 0;
  for (let shift = 0; ; shift += 7) {
    if (p >= end || shift > 63) return false;
    const byte = b[p]!;
    p += 1;
    const bits = byte & 127;
    if (shift < 28) lo |= bits << shift;
    else if (shift === 28) {
      lo |= bits << 28;
      hi = bits >>> 4;
    } else hi |= bits << (shift - 32);
    if (byte < 128) break;
  }
  c.pos = p;
  c.lo = lo >>> 0;
  c.hi = hi >>> 0;
  return true;
}

/** Four bytes, little endian, unsigned. */
export function u32At(b: Uint8Array, p: number): number {
  return (b[p]! | (b[p + 1]! << 8) | (b[p + 2]! << 16) | (b[p + 3]! << 24)) >>> 0;
}

/** A fixed 64-bit value into `c.lo` and `c.hi`. */
export function readFixed64(c: Cursor): void {
  c.lo = u32At(c.bytes, c.pos);
  c.hi = u32At(c.bytes, c.pos + 4);
  c.pos += 8;
}

/** Skips the value of a field whose tag was just read; groups with everything in them. */
export function skipValue(c: Cursor, tag: number): void {
  switch (tag & 7) {
    case 0: {
      const b = c.bytes;
      while (b[c.pos]! > 127) c.pos += 1;
      c.pos += 1;
      return;
    }
    case 1:
      c.pos += 8;
      return;
    case 2: {
      const length = readVarint(c);
      c.pos += length;
      return;
    }
    case 5:
      c.pos += 4;
      return;
    case 3:
      for (;;) {
        const inner = readVarint(c);
        if ((inner & 7) === 4) return;
        skipValue(c, inner);
      }
    default:
      throw new Error(`BUG: cannot skip wire type ${tag & 7} in bytes that were checked`);
  }
}

/** 64 bits as a signed bigint. */
export function signed64(lo: number, hi: number): bigint {
  return BigInt.asIntN(64, (BigInt(hi) << 32n) | BigInt(lo));
}

/** 64 bits as an unsigned bigint. */
export function unsigned64(lo: number, hi: number): bigint {
  return (BigInt(hi) << 32n) | BigInt(lo);
}

/** 64 bits as a signed number, inexact beyond 2^53. */
export function signedNumber(lo: number, hi: number): number {
  return (hi | 0) * 4294967296 + lo;
}

const scratch = new DataView(new ArrayBuffer(8));

/** 64 bits as the double that they encode. */
export function doubleOf(lo: number, hi: number): number {
  scratch.setUint32(0, lo, true);
  scratch.setUint32(4, hi, true);
  return scratch.getFloat64(0, true);
}

/** 32 zigzag bits as a signed number. */
export function zigzag(value: number): number {
  return (value >>> 1) ^ -(value & 1);
}
