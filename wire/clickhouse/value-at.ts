import { readVarint, Scan, skipField } from './scan.ts';

/** Kinds of AnyValue, by field number of its oneof; EMPTY when none is set. */
export const Kind = {
  EMPTY: 0,
  STRING: 1,
  BOOL: 2,
  INT: 3,
  DOUBLE: 4,
  ARRAY: 5,
  MAP: 6,
  BYTES: 7,
} as const;

/**
 * The field of an AnyValue that counts (the last one known): its kind, and where its content lies:
 * the bytes of string, array, map and bytes, the varint of bool and int, the eight bytes of double.
 */
export class ValueAt {
  kind = 0;
  start = 0;
  end = 0;
  #scan = new Scan();

  /** Looks at AnyValue bytes `[start, end)` of `b`, which the structural pass has found sound. */
  locate(b: Uint8Array, start: number, end: number): void {
    this.kind = Kind.EMPTY;
    this.start = end;
    this.end = end;
    const scan = this.#scan;
    let p = start;
    while (p < end) {
      const tag = b[p++]!;
      const length = b[p]!;
      if (tag === 10 && length < 128) {
        this.kind = Kind.STRING;
        this.start = p + 1;
        p = this.end = p + 1 + length;
        continue;
      }
      const field = tag >>> 3;
      if (tag > 127 || field === 0 || field > 7) {
        p = skipField(b, p - 1, scan);
        continue;
      }
      p = this.#known(b, p, tag);
    }
  }

  #known(b: Uint8Array, at: number, tag: number): number {
    let p = at;
    const scan = this.#scan;
    this.kind = tag >>> 3;
    if ((tag & 7) === 2) {
      p = readVarint(b, p, scan);
      this.start = p;
      p += scan.value;
    } else {
      this.start = p;
      if ((tag & 7) === 1) p += 8;
      else while (b[p++]! > 127);
    }
    this.end = p;
    return p;
  }
}

/** Whether the varint at `at` is not zero. */
export function boolAt(b: Uint8Array, at: number): boolean {
  let p = at;
  for (;;) {
    const byte = b[p++]!;
    if ((byte & 127) !== 0) return true;
    if (byte < 128) return false;
  }
}

/** The varint at `at` as a signed 64-bit number. */
export function int64At(b: Uint8Array, at: number): bigint {
  let value = 0n;
  let shift = 0n;
  for (let p = at; ; p++) {
    const byte = b[p]!;
    value |= BigInt(byte & 127) << shift;
    if (byte < 128) return BigInt.asIntN(64, value);
    shift += 7n;
  }
}

/** The little-endian double at `at`. */
export function doubleAt(b: Uint8Array, at: number): number {
  return new DataView(b.buffer, b.byteOffset + at, 8).getFloat64(0, true);
}
