import { type Cursor, readVarint } from '../proto/cursor.ts';
import type { Writer } from '../proto/writer.ts';
import { putExemplars, readExemplar } from './exemplar.ts';
import {
  keepField,
  putDouble,
  putFixed64,
  putOptionalDouble,
  putRest,
  putSint,
  putUint,
  readDouble,
  readEnd,
  readFixedList,
  readSint32,
  readUint32,
  readUint64,
  readUnsigned,
} from './fields.ts';
import type { Buckets, ExponentialPoint } from './model.ts';
import { keepAttribute, putAttributes } from './value.ts';

/** An exponential histogram point without observations. */
export function newExponentialPoint(): ExponentialPoint {
  return {
    attributes: new Map(),
    startTimeUnixNano: 0n,
    timeUnixNano: 0n,
    count: 0n,
    sum: undefined,
    min: undefined,
    max: undefined,
    scale: 0,
    zeroCount: 0n,
    zeroThreshold: 0,
    positive: { offset: 0, bucketCounts: [] },
    negative: { offset: 0, bucketCounts: [] },
    exemplars: [],
    flags: 0,
  };
}

function readBuckets(c: Cursor, buckets: Buckets): void {
  const end = readEnd(c);
  while (c.pos < end) {
    const start = c.pos;
    const tag = readVarint(c);
    if (tag === 8) buckets.offset = readSint32(c);
    else if (tag === 16 || tag === 18) readFixedList(c, tag, readUint64, buckets.bucketCounts);
    else keepField(buckets, c, start, tag);
  }
}

function readNumber(point: ExponentialPoint, c: Cursor, tag: number): boolean {
  switch (tag) {
    case 17:
      point.startTimeUnixNano = readUnsigned(c);
      return true;
    case 25:
      point.timeUnixNano = readUnsigned(c);
      return true;
    case 33:
      point.count = readUnsigned(c);
      return true;
    case 41:
      point.sum = readDouble(c);
      return true;
    case 48:
      point.scale = readSint32(c);
      return true;
    case 57:
      point.zeroCount = readUnsigned(c);
      return true;
    case 80:
      point.flags = readUint32(c);
      return true;
    case 97:
      point.min = readDouble(c);
      return true;
    case 105:
      point.max = readDouble(c);
      return true;
    case 113:
      point.zeroThreshold = readDouble(c);
      return true;
    default:
      return false;
  }
}

/** Reads an ExponentialHistogramDataPoint that ends at `end`. */
export function readExponentialPoint(c: Cursor, end: number): ExponentialPoint {
  const point = newExponentialPoint();
  while (c.pos < end) {
    const start = c.pos;
    const tag = readVarint(c);
    if (readNumber(point, c, tag)) continue;
    if (tag === 10) keepAttribute(c, start, point.attributes, point);
    else if (tag === 66) readBuckets(c, point.positive);
    else if (tag === 74) readBuckets(c, point.negative);
    else if (tag === 90) point.exemplars.push(readExemplar(c));
    else keepField(point, c, start, tag);
  }
  return point;
}

function putBuckets(w: Writer, field: number, buckets: Buckets): void {
  const at = w.open(field);
  putSint(w, 1, buckets.offset);
  if (buckets.bucketCounts.length > 0) {
    const counts = w.open(2);
    for (const count of buckets.bucketCounts) {
      w.varintHalves(Number(count & 0xffffffffn), Number((count >> 32n) & 0xffffffffn));
    }
    w.close(counts);
  }
  putRest(w, buckets);
  w.close(at);
}

/** Writes the fields of an ExponentialHistogramDataPoint in order; both buckets are always there. */
export function putExponentialPoint(w: Writer, point: ExponentialPoint): void {
  putAttributes(w, 1, point.attributes);
  putFixed64(w, 2, point.startTimeUnixNano);
  putFixed64(w, 3, point.timeUnixNano);
  putFixed64(w, 4, point.count);
  putOptionalDouble(w, 5, point.sum);
  putSint(w, 6, point.scale);
  putFixed64(w, 7, point.zeroCount);
  putBuckets(w, 8, point.positive);
  putBuckets(w, 9, point.negative);
  putUint(w, 10, point.flags);
  putExemplars(w, 11, point.exemplars);
  putOptionalDouble(w, 12, point.min);
  putOptionalDouble(w, 13, point.max);
  putDouble(w, 14, point.zeroThreshold);
  putRest(w, point);
}
