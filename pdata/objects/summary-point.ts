import { type Cursor, readVarint } from '../proto/cursor.ts';
import type { Writer } from '../proto/writer.ts';
import {
  keepField,
  putDouble,
  putFixed64,
  putRest,
  putUint,
  readDouble,
  readEnd,
  readUint32,
  readUnsigned,
} from './fields.ts';
import type { SummaryPoint, ValueAtQuantile } from './model.ts';
import { keepAttribute, putAttributes } from './value.ts';

/** A summary point without observations. */
export function newSummaryPoint(): SummaryPoint {
  return {
    attributes: new Map(),
    startTimeUnixNano: 0n,
    timeUnixNano: 0n,
    count: 0n,
    sum: 0,
    quantileValues: [],
    flags: 0,
  };
}

function readQuantile(c: Cursor): ValueAtQuantile {
  const end = readEnd(c);
  const quantile: ValueAtQuantile = { quantile: 0, value: 0 };
  while (c.pos < end) {
    const start = c.pos;
    const tag = readVarint(c);
    if (tag === 9) quantile.quantile = readDouble(c);
    else if (tag === 17) quantile.value = readDouble(c);
    else keepField(quantile, c, start, tag);
  }
  return quantile;
}

/** Reads a SummaryDataPoint that ends at `end`. */
export function readSummaryPoint(c: Cursor, end: number): SummaryPoint {
  const point = newSummaryPoint();
  while (c.pos < end) {
    const start = c.pos;
    const tag = readVarint(c);
    if (tag === 17) point.startTimeUnixNano = readUnsigned(c);
    else if (tag === 25) point.timeUnixNano = readUnsigned(c);
    else if (tag === 33) point.count = readUnsigned(c);
    else if (tag === 41) point.sum = readDouble(c);
    else if (tag === 50) point.quantileValues.push(readQuantile(c));
    else if (tag === 58) keepAttribute(c, start, point.attributes, point);
    else if (tag === 64) point.flags = readUint32(c);
    else keepField(point, c, start, tag);
  }
  return point;
}

/** Writes the fields of a SummaryDataPoint in the order of their numbers. */
export function putSummaryPoint(w: Writer, point: SummaryPoint): void {
  putFixed64(w, 2, point.startTimeUnixNano);
  putFixed64(w, 3, point.timeUnixNano);
  putFixed64(w, 4, point.count);
  putDouble(w, 5, point.sum);
  for (const quantile of point.quantileValues) {
    const at = w.open(6);
    putDouble(w, 1, quantile.quantile);
    putDouble(w, 2, quantile.value);
    putRest(w, quantile);
    w.close(at);
  }
  putAttributes(w, 7, point.attributes);
  putUint(w, 8, point.flags);
  putRest(w, point);
}
