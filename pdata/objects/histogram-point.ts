import { type Cursor, readVarint } from '../proto/cursor.ts';
import type { Writer } from '../proto/writer.ts';
import { putExemplars, readExemplar } from './exemplar.ts';
import {
  keepField,
  putFixed64,
  putOptionalDouble,
  putRest,
  putUint,
  readDouble,
  readFixedList,
  readUint32,
  readUnsigned,
} from './fields.ts';
import type { HistogramPoint } from './model.ts';
import { keepAttribute, putAttributes } from './value.ts';

/** A histogram point without observations. */
export function newHistogramPoint(): HistogramPoint {
  return {
    attributes: new Map(),
    startTimeUnixNano: 0n,
    timeUnixNano: 0n,
    count: 0n,
    sum: undefined,
    min: undefined,
    max: undefined,
    bucketCounts: [],
    explicitBounds: [],
    exemplars: [],
    flags: 0,
  };
}

/** Whether the buckets of two points have the same bounds. */
export function hasSameBounds(a: HistogramPoint, b: HistogramPoint): boolean {
  const { explicitBounds: bounds } = a;
  const { explicitBounds: others } = b;
  return bounds.length === others.length && bounds.every((bound, i) => bound === others[i]);
}

function readField(point: HistogramPoint, c: Cursor, start: number, tag: number): void {
  switch (tag) {
    case 17:
      point.startTimeUnixNano = readUnsigned(c);
      return;
    case 25:
      point.timeUnixNano = readUnsigned(c);
      return;
    case 33:
      point.count = readUnsigned(c);
      return;
    case 41:
      point.sum = readDouble(c);
      return;
    case 49:
    case 50:
      readFixedList(c, tag, readUnsigned, point.bucketCounts);
      return;
    case 57:
    case 58:
      readFixedList(c, tag, readDouble, point.explicitBounds);
      return;
    case 66:
      point.exemplars.push(readExemplar(c));
      return;
    case 74:
      keepAttribute(c, start, point.attributes, point);
      return;
    case 80:
      point.flags = readUint32(c);
      return;
    case 89:
      point.min = readDouble(c);
      return;
    case 97:
      point.max = readDouble(c);
      return;
    default:
      keepField(point, c, start, tag);
  }
}

/** Reads a HistogramDataPoint that ends at `end`. */
export function readHistogramPoint(c: Cursor, end: number): HistogramPoint {
  const point = newHistogramPoint();
  while (c.pos < end) {
    const start = c.pos;
    readField(point, c, start, readVarint(c));
  }
  return point;
}

/** Writes the fields of a HistogramDataPoint in the order of their numbers. */
export function putHistogramPoint(w: Writer, point: HistogramPoint): void {
  putFixed64(w, 2, point.startTimeUnixNano);
  putFixed64(w, 3, point.timeUnixNano);
  putFixed64(w, 4, point.count);
  putOptionalDouble(w, 5, point.sum);
  if (point.bucketCounts.length > 0) {
    const at = w.open(6);
    for (const count of point.bucketCounts) {
      w.fixed64(Number(count & 0xffffffffn), Number((count >> 32n) & 0xffffffffn));
    }
    w.close(at);
  }
  if (point.explicitBounds.length > 0) {
    const at = w.open(7);
    for (const bound of point.explicitBounds) w.double(bound);
    w.close(at);
  }
  putExemplars(w, 8, point.exemplars);
  putAttributes(w, 9, point.attributes);
  putUint(w, 10, point.flags);
  putOptionalDouble(w, 11, point.min);
  putOptionalDouble(w, 12, point.max);
  putRest(w, point);
}
