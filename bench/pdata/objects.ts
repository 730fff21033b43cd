/** The other way: spans decoded to objects, edited, encoded again. Only what the payload has. */
import {
  Cursor,
  readFixed64,
  readHalves,
  readVarint,
  skipValue,
} from '../../pdata/proto/cursor.ts';
import type { Writer } from '../../pdata/proto/writer.ts';
import type { InternTable } from '../../pdata/readers.ts';

export interface ObjectAttribute {
  key: string;
  value: string | number;
}

export interface ObjectSpan {
  traceId: Uint8Array;
  spanId: Uint8Array;
  parentSpanId: Uint8Array;
  name: string;
  kind: number;
  times: number[];
  attributes: ObjectAttribute[];
  statusCode: number;
}

interface Scope {
  header: Uint8Array;
  spans: ObjectSpan[];
}

export interface Group {
  attributes: ObjectAttribute[];
  scopes: Scope[];
}

function text(c: Cursor, intern?: InternTable): string {
  const size = readVarint(c);
  const start = c.pos;
  c.pos += size;
  if (intern !== undefined) return intern.get(c.bytes, start, c.pos);
  return (c.bytes as Buffer).toString('utf8', start, c.pos);
}

function attribute(c: Cursor, keys: InternTable): ObjectAttribute {
  const size = readVarint(c);
  const end = c.pos + size;
  const out: ObjectAttribute = { key: '', value: '' };
  while (c.pos < end) {
    const tag = readVarint(c);
    if (tag === 10) out.key = text(c, keys);
    else {
      readVarint(c);
      const inner = readVarint(c);
      if (inner === 10) out.value = text(c);
      else {
        readHalves(c);
        out.value = c.hi * 4294967296 + c.lo;
      }
    }
  }
  return out;
}

function bytesOf(c: Cursor): Uint8Array {
  const size = readVarint(c);
  c.pos += size;
  return c.bytes.subarray(c.pos - size, c.pos);
}

function span(c: Cursor, keys: InternTable): ObjectSpan {
  const size = readVarint(c);
  const end = c.pos + size;
  const none = new Uint8Array(0);
  const out: ObjectSpan = {
    traceId: none,
    spanId: none,
    parentSpanId: none,
    name: '',
    kind: 0,
    times: [],
    attributes: [],
    statusCode: 0,
  };
  while (c.pos < end) {
    const tag = readVarint(c);
    if (tag === 10) out.traceId = bytesOf(c);
    else if (tag === 18) out.spanId = bytesOf(c);
    else if (tag === 34) out.parentSpanId = bytesOf(c);
    else if (tag === 42) out.name = text(c);
    else if (tag === 48) out.kind = readVarint(c);
    else if (tag === 57 || tag === 65) {
      readFixed64(c);
      out.times.push(c.lo, c.hi);
    } else if (tag === 74) out.attributes.push(attribute(c, keys));
    else if (tag === 122) {
      c.pos += 2;
      out.statusCode = readVarint(c);
    } else skipValue(c, tag);
  }
  return out;
}

export function decode(bytes: Buffer, keys: InternTable): Group[] {
  const c = new Cursor(bytes);
  const groups: Group[] = [];
  while (c.pos < bytes.length) {
    readVarint(c);
    const size = readVarint(c);
    const end = c.pos + size;
    const group: Group = { attributes: [], scopes: [] };
    groups.push(group);
    while (c.pos < end) {
      const tag = readVarint(c);
      const inner = readVarint(c);
      const stop = c.pos + inner;
      if (tag === 10) {
        while (c.pos < stop) {
          readVarint(c);
          group.attributes.push(attribute(c, keys));
        }
        continue;
      }
      const scope: Scope = { header: new Uint8Array(0), spans: [] };
      group.scopes.push(scope);
      while (c.pos < stop) {
        if (readVarint(c) === 10) scope.header = bytesOf(c);
        else scope.spans.push(span(c, keys));
      }
    }
  }
  return groups;
}

function writeAttribute(w: Writer, field: number, { key, value }: ObjectAttribute): void {
  const at = w.open(field);
  w.stringField(1, key);
  const inner = w.open(2);
  if (typeof value === 'string') w.stringField(1, value);
  else w.intField(3, value);
  w.close(inner);
  w.close(at);
}

function writeSpan(w: Writer, s: ObjectSpan): void {
  const at = w.open(2, 2);
  w.bytesField(1, s.traceId);
  w.bytesField(2, s.spanId);
  w.bytesField(4, s.parentSpanId);
  w.stringField(5, s.name);
  w.uintField(6, s.kind);
  w.fixed64Field(7, s.times[0]!, s.times[1]!);
  w.fixed64Field(8, s.times[2]!, s.times[3]!);
  for (const a of s.attributes) writeAttribute(w, 9, a);
  const status = w.open(15);
  w.uintField(3, s.statusCode);
  w.close(status);
  w.close(at);
}

export function encode(groups: readonly Group[], w: Writer): Uint8Array {
  for (const group of groups) {
    const at = w.open(1, 3);
    const resource = w.open(1, 2);
    for (const a of group.attributes) writeAttribute(w, 1, a);
    w.close(resource);
    for (const scope of group.scopes) {
      const inner = w.open(2, 3);
      w.bytesField(1, scope.header);
      for (const s of scope.spans) writeSpan(w, s);
      w.close(inner);
    }
    w.close(at);
  }
  return w.take();
}
