import { Cursor, noBytes, readVarint, skipValue, u32At } from '../../pdata/proto/cursor.ts';
import type { Writer } from '../../pdata/proto/writer.ts';
import type { SeriesKey } from '../series/key.ts';

/** Wire tags of the fields that all points have. */
const startTag = 17;
const timeTag = 25;
/** Values of number points: as_double, as_int. */
export const doubleTag = 33;
/** See {@link doubleTag}. */
export const intTag = 49;

/**
 * A data point in place: where its times, value and attributes are. One object serves all points;
 * numbers are 32-bit halves, unsigned.
 */
export class PointScan {
  bytes: Uint8Array = noBytes;
  start = 0;
  end = 0;
  startLo = 0;
  startHi = 0;
  timeLo = 0;
  timeHi = 0;
  flags = 0;
  /** {@link doubleTag}, {@link intTag} or 0 = a number point without a value. */
  valueTag = 0;
  valueLo = 0;
  valueHi = 0;
  #attributes = 0;
  /** Start and end of each attribute's fields. */
  #ranges = new Int32Array(64);
  readonly #cursor = new Cursor(noBytes);

  /**
   * @param attributeField field number of the attributes
   * @param flagsField field number of the flags
   */
  read(
    bytes: Uint8Array,
    start: number,
    end: number,
    attributeField: number,
    flagsField: number,
  ): void {
    this.bytes = bytes;
    this.start = start;
    this.end = end;
    this.startLo = this.startHi = this.timeLo = this.timeHi = 0;
    this.flags = this.valueTag = this.valueLo = this.valueHi = 0;
    this.#attributes = 0;
    const c = this.#cursor;
    c.bytes = bytes;
    c.pos = start;
    const attributeTag = attributeField * 8 + 2;
    while (c.pos < end) {
      const tag = readVarint(c);
      if (tag === attributeTag) {
        const length = readVarint(c);
        this.#attribute(c.pos, c.pos + length);
        c.pos += length;
      } else if ((tag & 7) === 1) this.#fixed(tag, c);
      else if (tag === flagsField * 8) this.flags = readVarint(c) >>> 0;
      else skipValue(c, tag);
    }
  }

  #fixed(tag: number, c: Cursor): void {
    const lo = u32At(c.bytes, c.pos);
    const hi = u32At(c.bytes, c.pos + 4);
    c.pos += 8;
    if (tag === startTag) {
      this.startLo = lo;
      this.startHi = hi;
    } else if (tag === timeTag) {
      this.timeLo = lo;
      this.timeHi = hi;
    } else if (tag === doubleTag || tag === intTag) {
      this.valueTag = tag;
      this.valueLo = lo;
      this.valueHi = hi;
    }
  }

  #attribute(start: number, end: number): void {
    let at = this.#attributes * 2;
    if (at === this.#ranges.length) {
      const grown = new Int32Array(at * 2);
      grown.set(this.#ranges);
      this.#ranges = grown;
    }
    this.#attributes += 1;
    // kept in the order of their bytes: which order they came in does not count
    const r = this.#ranges;
    while (at > 0 && this.#less(start, end, r[at - 2]!, r[at - 1]!)) {
      r[at] = r[at - 2]!;
      r[at + 1] = r[at - 1]!;
      at -= 2;
    }
    r[at] = start;
    r[at + 1] = end;
  }

  #less(start: number, end: number, otherStart: number, otherEnd: number): boolean {
    const b = this.bytes;
    const length = Math.min(end - start, otherEnd - otherStart);
    for (let i = 0; i < length; i += 1) {
      const difference = b[start + i]! - b[otherStart + i]!;
      if (difference !== 0) return difference < 0;
    }
    return end - start < otherEnd - otherStart;
  }

  /** Adds the attributes to a key, the same in whatever order they are. */
  writeAttributes(key: SeriesKey): void {
    for (let i = 0; i < this.#attributes; i += 1) {
      key.part(this.bytes, this.#ranges[i * 2]!, this.#ranges[i * 2 + 1]!);
    }
  }

  /** Writes all fields but start, time and value, as they are. */
  copyOthers(w: Writer): void {
    const c = this.#cursor;
    c.bytes = this.bytes;
    c.pos = this.start;
    let from = this.start;
    while (c.pos < this.end) {
      const at = c.pos;
      const tag = readVarint(c);
      skipValue(c, tag);
      if (tag !== startTag && tag !== timeTag && tag !== doubleTag && tag !== intTag) continue;
      if (at > from) w.copy(this.bytes, from, at);
      from = c.pos;
    }
    if (this.end > from) w.copy(this.bytes, from, this.end);
  }
}

/** Whether the unsigned 64 bits of `a` are less than those of `b`. */
export function isLess(aLo: number, aHi: number, bLo: number, bHi: number): boolean {
  return aHi < bHi || (aHi === bHi && aLo < bLo);
}

/** Nanoseconds as milliseconds, with fraction; for comparing ages. */
export function unixMs(lo: number, hi: number): number {
  return (hi * 4294967296 + lo) / 1e6;
}
