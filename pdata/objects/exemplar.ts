import { type Cursor, noBytes, readVarint } from '../proto/cursor.ts';
import type { Writer } from '../proto/writer.ts';
import {
  keepField,
  putBytes,
  putFixed64,
  putRest,
  readBytes,
  readDouble,
  readEnd,
  readSigned,
  readUnsigned,
} from './fields.ts';
import type { Exemplar } from './model.ts';
import { keepAttribute, putAttributes } from './value.ts';

/** Reads an Exemplar from its length on. */
export function readExemplar(c: Cursor): Exemplar {
  const end = readEnd(c);
  const exemplar: Exemplar = {
    timeUnixNano: 0n,
    value: undefined,
    spanId: noBytes,
    traceId: noBytes,
    filteredAttributes: new Map(),
  };
  while (c.pos < end) {
    const start = c.pos;
    const tag = readVarint(c);
    if (tag === 17) exemplar.timeUnixNano = readUnsigned(c);
    else if (tag === 25) exemplar.value = readDouble(c);
    else if (tag === 34) exemplar.spanId = readBytes(c);
    else if (tag === 42) exemplar.traceId = readBytes(c);
    else if (tag === 49) exemplar.value = readSigned(c);
    else if (tag === 58) keepAttribute(c, start, exemplar.filteredAttributes, exemplar);
    else keepField(exemplar, c, start, tag);
  }
  return exemplar;
}

/** Writes exemplars as repeated field `field`. */
export function putExemplars(w: Writer, field: number, exemplars: readonly Exemplar[]): void {
  for (const exemplar of exemplars) {
    const at = w.open(field);
    putFixed64(w, 2, exemplar.timeUnixNano);
    if (typeof exemplar.value === 'number') w.doubleField(3, exemplar.value);
    putBytes(w, 4, exemplar.spanId);
    putBytes(w, 5, exemplar.traceId);
    if (typeof exemplar.value === 'bigint') w.bigFixed64Field(6, exemplar.value);
    putAttributes(w, 7, exemplar.filteredAttributes);
    putRest(w, exemplar);
    w.close(at);
  }
}
