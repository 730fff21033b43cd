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
import type { Span, SpanEvent, SpanLink, Status } from './model.ts';
import { keepAttribute, putAttributes } from './value.ts';

/** A span with nothing in it. */
export function newSpan(): Span {
  return {
    traceId: noBytes,
    spanId: noBytes,
    traceState: '',
    parentSpanId: noBytes,
    name: '',
    kind: 0,
    startTimeUnixNano: 0n,
    endTimeUnixNano: 0n,
    attributes: new Map(),
    droppedAttributesCount: 0,
    events: [],
    droppedEventsCount: 0,
    links: [],
    droppedLinksCount: 0,
    status: { message: '', code: 0 },
    flags: 0,
  };
}

function readEvent(c: Cursor): SpanEvent {
  const end = readEnd(c);
  const event: SpanEvent = {
    timeUnixNano: 0n,
    name: '',
    attributes: new Map(),
    droppedAttributesCount: 0,
  };
  while (c.pos < end) {
    const start = c.pos;
    const tag = readVarint(c);
    if (tag === 9) event.timeUnixNano = readUnsigned(c);
    else if (tag === 18) event.name = readString(c);
    else if (tag === 26) keepAttribute(c, start, event.attributes, event);
    else if (tag === 32) event.droppedAttributesCount = readUint32(c);
    else keepField(event, c, start, tag);
  }
  return event;
}

function readLink(c: Cursor): SpanLink {
  const end = readEnd(c);
  const link: SpanLink = {
    traceId: noBytes,
    spanId: noBytes,
    traceState: '',
    attributes: new Map(),
    droppedAttributesCount: 0,
    flags: 0,
  };
  while (c.pos < end) {
    const start = c.pos;
    const tag = readVarint(c);
    if (tag === 10) link.traceId = readBytes(c);
    else if (tag === 18) link.spanId = readBytes(c);
    else if (tag === 26) link.traceState = readString(c);
    else if (tag === 34) keepAttribute(c, start, link.attributes, link);
    else if (tag === 40) link.droppedAttributesCount = readUint32(c);
    else if (tag === 53) link.flags = readFixed32(c);
    else keepField(link, c, start, tag);
  }
  return link;
}

function readStatus(c: Cursor, status: Status): void {
  const end = readEnd(c);
  while (c.pos < end) {
    const start = c.pos;
    const tag = readVarint(c);
    if (tag === 18) status.message = readString(c);
    else if (tag === 24) status.code = readInt32(c);
    else keepField(status, c, start, tag);
  }
}

function readField(span: Span, c: Cursor, start: number, tag: number): void {
  switch (tag) {
    case 10:
      span.traceId = readBytes(c);
      return;
    case 18:
      span.spanId = readBytes(c);
      return;
    case 26:
      span.traceState = readString(c);
      return;
    case 34:
      span.parentSpanId = readBytes(c);
      return;
    case 42:
      span.name = readString(c);
      return;
    case 48:
      span.kind = readInt32(c);
      return;
    case 57:
      span.startTimeUnixNano = readUnsigned(c);
      return;
    case 65:
      span.endTimeUnixNano = readUnsigned(c);
      return;
    case 74:
      keepAttribute(c, start, span.attributes, span);
      return;
    case 80:
      span.droppedAttributesCount = readUint32(c);
      return;
    case 90:
      span.events.push(readEvent(c));
      return;
    case 96:
      span.droppedEventsCount = readUint32(c);
      return;
    case 106:
      span.links.push(readLink(c));
      return;
    case 112:
      span.droppedLinksCount = readUint32(c);
      return;
    case 122:
      readStatus(c, span.status);
      return;
    case 133:
      span.flags = readFixed32(c);
      return;
    default:
      keepField(span, c, start, tag);
  }
}

/** Reads a Span that ends at `end`. */
export function readSpan(c: Cursor, end: number): Span {
  const span = newSpan();
  while (c.pos < end) {
    const start = c.pos;
    readField(span, c, start, readVarint(c));
  }
  return span;
}

function putEvent(w: Writer, event: SpanEvent): void {
  const at = w.open(11);
  putFixed64(w, 1, event.timeUnixNano);
  putString(w, 2, event.name);
  putAttributes(w, 3, event.attributes);
  putUint(w, 4, event.droppedAttributesCount);
  putRest(w, event);
  w.close(at);
}

function putLink(w: Writer, link: SpanLink): void {
  const at = w.open(13);
  putBytes(w, 1, link.traceId);
  putBytes(w, 2, link.spanId);
  putString(w, 3, link.traceState);
  putAttributes(w, 4, link.attributes);
  putUint(w, 5, link.droppedAttributesCount);
  putFixed32(w, 6, link.flags);
  putRest(w, link);
  w.close(at);
}

/** Writes the fields of a Span in the order of their numbers; the status also when it is empty. */
export function putSpan(w: Writer, span: Span): void {
  putBytes(w, 1, span.traceId);
  putBytes(w, 2, span.spanId);
  putString(w, 3, span.traceState);
  putBytes(w, 4, span.parentSpanId);
  putString(w, 5, span.name);
  putInt(w, 6, span.kind);
  putFixed64(w, 7, span.startTimeUnixNano);
  putFixed64(w, 8, span.endTimeUnixNano);
  putAttributes(w, 9, span.attributes);
  putUint(w, 10, span.droppedAttributesCount);
  for (const event of span.events) putEvent(w, event);
  putUint(w, 12, span.droppedEventsCount);
  for (const link of span.links) putLink(w, link);
  putUint(w, 14, span.droppedLinksCount);
  const status = w.open(15);
  putString(w, 2, span.status.message);
  putInt(w, 3, span.status.code);
  putRest(w, span.status);
  w.close(status);
  putFixed32(w, 16, span.flags);
  putRest(w, span);
}
