import { type Cursor, readVarint } from '../proto/cursor.ts';
import type { Writer } from '../proto/writer.ts';
import { putExemplars, readExemplar } from './exemplar.ts';
import {
  keepField,
  putFixed64,
  putRest,
  putUint,
  readDouble,
  readSigned,
  readUint32,
  readUnsigned,
} from './fields.ts';
import type { NumberPoint } from './model.ts';
import { keepAttribute, putAttributes } from './value.ts';

/** A number point without a value. */
export function newNumberPoint(): NumberPoint {
  return {
    attributes: new Map(),
    startTimeUnixNano: 0n,
    timeUnixNano: 0n,
    value: undefined,
    exemplars: [],
    flags: 0,
  };
}

/** Reads a NumberDataPoint that ends at `end`. */
export function readNumberPoint(c: Cursor, end: number): NumberPoint {
  const point = newNumberPoint();
  while (c.pos < end) {
    const start = c.pos;
    const tag = readVarint(c);
    if (tag === 17) point.startTimeUnixNano = readUnsigned(c);
    else if (tag === 25) point.timeUnixNano = readUnsigned(c);
    else if (tag === 33) point.value = readDouble(c);
    else if (tag === 42) point.exemplars.push(readExemplar(c));
    else if (tag === 49) point.value = readSigned(c);
    else if (tag === 58) keepAttribute(c, start, point.attributes, point);
    else if (tag === 64) point.flags = readUint32(c);
    else keepField(point, c, start, tag);
  }
  return point;
}

/** Writes the fields of a NumberDataPoint in the order of their numbers. */
export function putNumberPoint(w: Writer, point: NumberPoint): void {
  putFixed64(w, 2, point.startTimeUnixNano);
  putFixed64(w, 3, point.timeUnixNano);
  if (typeof point.value === 'number') w.doubleField(4, point.value);
  putExemplars(w, 5, point.exemplars);
  if (typeof point.value === 'bigint') w.bigFixed64Field(6, point.value);
  putAttributes(w, 7, point.attributes);
  putUint(w, 8, point.flags);
  putRest(w, point);
}
