import { asBuffer } from '../proto/as-buffer.ts';
import {
  type Cursor,
  doubleOf,
  noBytes,
  readFixed64,
  readHalves,
  readVarint,
  signed64,
  skipValue,
  unsigned64,
  zigzag,
} from '../proto/cursor.ts';
import type { Writer } from '../proto/writer.ts';
import type { Message } from './model.ts';

/* Reading and writing single fields of the objects; bytes passed the structural check. */

/** An int32 or an enum's number: the low 32 bits of a varint, signed. */
export function readInt32(c: Cursor): number {
  readHalves(c);
  return c.lo | 0;
}

/** A uint32: the low 32 bits of a varint. */
export function readUint32(c: Cursor): number {
  readHalves(c);
  return c.lo;
}

/** A sint32 (zigzag). */
export function readSint32(c: Cursor): number {
  readHalves(c);
  return zigzag(c.lo);
}

/** A uint64 that is written as a varint. */
export function readUint64(c: Cursor): bigint {
  readHalves(c);
  return unsigned64(c.lo, c.hi);
}

/** A fixed64: eight bytes, unsigned. */
export function readUnsigned(c: Cursor): bigint {
  readFixed64(c);
  return c.hi === 0 ? BigInt(c.lo) : unsigned64(c.lo, c.hi);
}

/** An sfixed64: eight bytes, two's complement. */
export function readSigned(c: Cursor): bigint {
  readFixed64(c);
  return signed64(c.lo, c.hi);
}

/** A double: eight bytes. */
export function readDouble(c: Cursor): number {
  readFixed64(c);
  return doubleOf(c.lo, c.hi);
}

/** A fixed32: four bytes, unsigned. */
export function readFixed32(c: Cursor): number {
  const b = c.bytes;
  const p = c.pos;
  c.pos += 4;
  return (b[p]! | (b[p + 1]! << 8) | (b[p + 2]! << 16) | (b[p + 3]! << 24)) >>> 0;
}

/** Text; what is not UTF-8 becomes U+FFFD. */
export function readString(c: Cursor): string {
  const length = readVarint(c);
  const start = c.pos;
  c.pos += length;
  const b = c.bytes;
  if (length > 24) return asBuffer(b).toString('utf8', start, c.pos);
  let text = '';
  for (let i = start; i < c.pos; i += 1) {
    const byte = b[i]!;
    if (byte > 127) return asBuffer(b).toString('utf8', start, c.pos);
    text += String.fromCharCode(byte);
  }
  return text;
}

/** Bytes in a buffer of their own. */
export function readBytes(c: Cursor): Uint8Array {
  const length = readVarint(c);
  const start = c.pos;
  c.pos += length;
  if (length === 0) return noBytes;
  const copy = new Uint8Array(length);
  if (length > 64) copy.set(c.bytes.subarray(start, c.pos));
  else for (let i = 0; i < length; i += 1) copy[i] = c.bytes[start + i]!;
  return copy;
}

/** End of the message whose length comes next. */
export function readEnd(c: Cursor): number {
  const length = readVarint(c);
  return c.pos + length;
}

/** Adds [start, end) to the fields that a message has no place for. */
export function keepRest(message: Message, bytes: Uint8Array, start: number, end: number): void {
  const old = message.rest ?? noBytes;
  const rest = new Uint8Array(old.length + end - start);
  rest.set(old);
  rest.set(bytes.subarray(start, end), old.length);
  message.rest = rest;
}

/** Steps over the field at `start` whose tag was read, and keeps it as it is. */
export function keepField(message: Message, c: Cursor, start: number, tag: number): void {
  skipValue(c, tag);
  keepRest(message, c.bytes, start, c.pos);
}

/** Appends packed or single fixed 64-bit numbers. */
export function readFixedList<T>(c: Cursor, tag: number, read: (c: Cursor) => T, to: T[]): void {
  if ((tag & 7) !== 2) {
    to.push(read(c));
    return;
  }
  const end = readEnd(c);
  while (c.pos < end) to.push(read(c));
}

/** Writes a text, '' not. */
export function putString(w: Writer, field: number, value: string): void {
  if (value !== '') w.stringField(field, value);
}

/** Writes bytes, none not. */
export function putBytes(w: Writer, field: number, value: Uint8Array): void {
  if (value.length > 0) w.bytesField(field, value);
}

/** An enum or int32. */
export function putInt(w: Writer, field: number, value: number): void {
  if (value !== 0) w.intField(field, value);
}

/** Writes a uint32, 0 not. */
export function putUint(w: Writer, field: number, value: number): void {
  if (value !== 0) w.uintField(field, value >>> 0);
}

/** Writes a sint32 (zigzag), 0 not. */
export function putSint(w: Writer, field: number, value: number): void {
  if (value !== 0) w.sint32Field(field, value);
}

/** Writes a fixed32, 0 not. */
export function putFixed32(w: Writer, field: number, value: number): void {
  if (value !== 0) w.fixed32Field(field, value >>> 0);
}

/** Writes a fixed64 or sfixed64, 0n not. */
export function putFixed64(w: Writer, field: number, value: bigint): void {
  if (value !== 0n) w.bigFixed64Field(field, value);
}

/** A double with implicit presence; -0 is written. */
export function putDouble(w: Writer, field: number, value: number): void {
  if (!Object.is(value, 0)) w.doubleField(field, value);
}

/** Writes a double with a presence of its own: 0 is written, undefined is not. */
export function putOptionalDouble(w: Writer, field: number, value: number | undefined): void {
  if (value !== undefined) w.doubleField(field, value);
}

/** Writes the fields that the object has no place for, as they came in. */
export function putRest(w: Writer, message: Message): void {
  if (message.rest !== undefined) w.raw(message.rest);
}
