import {
  Cursor,
  doubleOf,
  readFixed64,
  readHalves,
  readVarint,
  skipValue,
  zigzag,
} from '../../../pdata/proto/cursor.ts';
import type { MessageView } from '../../../pdata/readers.ts';

/** A HistogramDataPoint, read again and again into the same object. */
export class HistogramFields {
  count = 0;
  hasSum = false;
  sumLo = 0;
  sumHi = 0;
  readonly counts: number[] = [];
  readonly bounds: number[] = [];

  read(view: MessageView): void {
    this.counts.length = 0;
    this.bounds.length = 0;
    view.fixed64(4);
    this.count = view.hi * 4294967296 + view.lo;
    this.hasSum = view.fixed64(5);
    this.sumLo = view.lo;
    this.sumHi = view.hi;
    const c = new Cursor(view.bytes, view.start);
    while (c.pos < view.end) {
      const tag = readVarint(c);
      if (tag === 49 || tag === 50) {
        eachFixed(c, tag, (lo, hi) => this.counts.push(hi * 4294967296 + lo));
      } else if (tag === 57 || tag === 58) {
        eachFixed(c, tag, (lo, hi) => this.bounds.push(doubleOf(lo, hi)));
      } else skipValue(c, tag);
    }
  }
}

/** A SummaryDataPoint. */
export class SummaryFields {
  count = 0;
  sumLo = 0;
  sumHi = 0;
  readonly quantiles: number[] = [];
  readonly valueLo: number[] = [];
  readonly valueHi: number[] = [];

  read(view: MessageView): void {
    this.quantiles.length = 0;
    this.valueLo.length = 0;
    this.valueHi.length = 0;
    view.fixed64(4);
    this.count = view.hi * 4294967296 + view.lo;
    view.fixed64(5);
    this.sumLo = view.lo;
    this.sumHi = view.hi;
    const c = new Cursor(view.bytes, view.start);
    while (c.pos < view.end) {
      const tag = readVarint(c);
      if (tag === 50) this.#quantile(c);
      else skipValue(c, tag);
    }
  }

  #quantile(c: Cursor): void {
    const length = readVarint(c);
    const end = c.pos + length;
    let quantile = 0;
    let lo = 0;
    let hi = 0;
    while (c.pos < end) {
      const tag = readVarint(c);
      if (tag !== 9 && tag !== 17) {
        skipValue(c, tag);
        continue;
      }
      readFixed64(c);
      if (tag === 9) quantile = doubleOf(c.lo, c.hi);
      else {
        lo = c.lo;
        hi = c.hi;
      }
    }
    this.quantiles.push(quantile);
    this.valueLo.push(lo);
    this.valueHi.push(hi);
  }
}

/** An ExponentialHistogramDataPoint. */
export class ExponentialFields {
  stale = false;
  scale = 0;
  countLo = 0;
  countHi = 0;
  hasSum = false;
  sumLo = 0;
  sumHi = 0;
  zeroLo = 0;
  zeroHi = 0;
  zeroThreshold = 0;
  positiveOffset = 0;
  negativeOffset = 0;
  readonly positive: number[] = [];
  readonly negative: number[] = [];

  read(view: MessageView, stale: boolean): void {
    this.stale = stale;
    this.positive.length = 0;
    this.negative.length = 0;
    this.positiveOffset = 0;
    this.negativeOffset = 0;
    view.fixed64(4);
    this.countLo = view.lo;
    this.countHi = view.hi;
    this.hasSum = view.fixed64(5);
    this.sumLo = view.lo;
    this.sumHi = view.hi;
    this.scale = zigzag(view.uint(6));
    view.fixed64(7);
    this.zeroLo = view.lo;
    this.zeroHi = view.hi;
    view.fixed64(14);
    this.zeroThreshold = doubleOf(view.lo, view.hi);
    if (view.findField(8)) {
      const { bytes, start, end } = view.value;
      this.positiveOffset = readBuckets(bytes, start, end, this.positive);
    }
    if (view.findField(9)) {
      const { bytes, start, end } = view.value;
      this.negativeOffset = readBuckets(bytes, start, end, this.negative);
    }
  }
}

/** Reads Buckets. @returns their offset */
function readBuckets(bytes: Uint8Array, start: number, end: number, counts: number[]): number {
  const c = new Cursor(bytes, start);
  let offset = 0;
  while (c.pos < end) {
    const tag = readVarint(c);
    if (tag === 8) offset = zigzag(readVarint(c));
    else if (tag === 16) counts.push(readCount(c));
    else if (tag === 18) {
      const length = readVarint(c);
      const stop = c.pos + length;
      while (c.pos < stop) counts.push(readCount(c));
    } else skipValue(c, tag);
  }
  return offset;
}

function readCount(c: Cursor): number {
  readHalves(c);
  return c.hi * 4294967296 + c.lo;
}

/** A repeated fixed64 or double, packed or one of several. */
function eachFixed(c: Cursor, tag: number, visit: (lo: number, hi: number) => void): void {
  const one = (tag & 7) === 1;
  const length = one ? 8 : readVarint(c);
  const end = c.pos + length;
  while (c.pos < end) {
    readFixed64(c);
    visit(c.lo, c.hi);
  }
}
