import { type Cursor, noBytes, readVarint } from '../proto/cursor.ts';
import type { Writer } from '../proto/writer.ts';
import {
  keepField,
  putBytes,
  putFixed32,
  putFixed64,
  putInt,
  putRest,
  putString,
  putUint,
  readBytes,
  readEnd,
  readFixed32,
  readInt32,
  readString,
  readUint32,
  readUnsigned,
} from './fields.ts';
import type { LogRecord } from './model.ts';
import { keepAttribute, putAttributes, putValue, readValue } from './value.ts';

/** A log record with nothing in it. */
export function newLogRecord(): LogRecord {
  return {
    timeUnixNano: 0n,
    observedTimeUnixNano: 0n,
    severityNumber: 0,
    severityText: '',
    body: null,
    attributes: new Map(),
    droppedAttributesCount: 0,
    flags: 0,
    traceId: noBytes,
    spanId: noBytes,
    eventName: '',
  };
}

function readField(record: LogRecord, c: Cursor, start: number, tag: number): void {
  switch (tag) {
    case 9:
      record.timeUnixNano = readUnsigned(c);
      return;
    case 16:
      record.severityNumber = readInt32(c);
      return;
    case 26:
      record.severityText = readString(c);
      return;
    case 42: {
      const end = readEnd(c);
      record.body = readValue(c, end);
      return;
    }
    case 50:
      keepAttribute(c, start, record.attributes, record);
      return;
    case 56:
      record.droppedAttributesCount = readUint32(c);
      return;
    case 69:
      record.flags = readFixed32(c);
      return;
    case 74:
      record.traceId = readBytes(c);
      return;
    case 82:
      record.spanId = readBytes(c);
      return;
    case 89:
      record.observedTimeUnixNano = readUnsigned(c);
      return;
    case 98:
      record.eventName = readString(c);
      return;
    default:
      keepField(record, c, start, tag);
  }
}

/** Reads a LogRecord that ends at `end`. */
export function readLogRecord(c: Cursor, end: number): LogRecord {
  const record = newLogRecord();
  while (c.pos < end) {
    const start = c.pos;
    readField(record, c, start, readVarint(c));
  }
  return record;
}

/** Writes the fields of a LogRecord in the order of their numbers; an empty body is left out. */
export function putLogRecord(w: Writer, record: LogRecord): void {
  putFixed64(w, 1, record.timeUnixNano);
  putInt(w, 2, record.severityNumber);
  putString(w, 3, record.severityText);
  if (record.body !== null) {
    const at = w.open(5);
    putValue(w, record.body);
    w.close(at);
  }
  putAttributes(w, 6, record.attributes);
  putUint(w, 7, record.droppedAttributesCount);
  putFixed32(w, 8, record.flags);
  putBytes(w, 9, record.traceId);
  putBytes(w, 10, record.spanId);
  putFixed64(w, 11, record.observedTimeUnixNano);
  putString(w, 12, record.eventName);
  putRest(w, record);
}
