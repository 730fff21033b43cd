import type { CheckedReader } from '../../pdata/proto/checked-reader.ts';
import { putVarint, varintSize, type Writer } from '../../pdata/proto/writer.ts';

/** Tags of the attribute lists of a span, an event, a link and a log record. */
export const ListTag = { span: 0x4a, event: 0x1a, link: 0x22, log: 0x32 } as const;

const encoder = new TextEncoder();

/** The key field of a KeyValue, as it is written. */
export function keyField(key: string): Uint8Array {
  const text = encoder.encode(key);
  const out = new Uint8Array(2 + text.length);
  if (text.length > 127) throw new Error(`BUG: key ${key} is too long`);
  out[0] = 0x0a;
  out[1] = text.length;
  out.set(text, 2);
  return out;
}

/** A whole attribute of a list, as it is written; numbers are integers. */
export function fixedAttribute(tag: number, key: string, value: string | number): Uint8Array {
  const any: number[] = [];
  if (typeof value === 'string') {
    const text = encoder.encode(value);
    any.push(0x0a, text.length, ...text);
  } else {
    any.push(0x18);
    const digits = new Uint8Array(10);
    any.push(...digits.subarray(0, putVarint(digits, 0, value)));
  }
  const field = keyField(key);
  const length = field.length + 2 + any.length;
  if (length > 127) throw new Error(`BUG: attribute ${key} is too long`);
  return Uint8Array.of(tag, length, ...field, 0x12, any.length, ...any);
}

/** Bytes that a string field of `length` bytes takes within its message. */
function textSize(length: number): number {
  return 1 + varintSize(length) + length;
}

/** Begins an attribute whose value is a string of `length` bytes, up to the key. */
function head(w: Writer, tag: number, keySize: number, length: number): void {
  const any = textSize(length);
  const size = keySize + 1 + varintSize(any) + any;
  w.need(size + 12);
  w.bytes[w.length] = tag;
  w.length = putVarint(w.bytes, w.length + 1, size);
}

/** Writes the value of an attribute: a string from the reader's bytes [from, to), which is checked. */
function tail(w: Writer, r: CheckedReader, from: number, to: number): void {
  const length = to - from;
  const out = w.bytes;
  const b = r.bytes;
  out[w.length] = 0x12;
  let p = putVarint(out, w.length + 1, textSize(length));
  out[p] = 0x0a;
  p = putVarint(out, p + 1, length);
  if (length <= 64) {
    let high = 0;
    for (let i = from; i < to; i += 1, p += 1) {
      const byte = b[i]!;
      high |= byte;
      out[p] = byte;
    }
    if (high > 127) r.checkUtf8(from, to);
  } else {
    r.checkUtf8(from, to);
    out.set(b.subarray(from, to), p);
    p += length;
  }
  w.length = p;
}

/** Writes an attribute with a known key and a string from the reader's bytes, which is checked. */
export function textAttribute(
  w: Writer,
  tag: number,
  key: Uint8Array,
  r: CheckedReader,
  from: number,
  to: number,
): void {
  head(w, tag, key.length, to - from);
  const out = w.bytes;
  let p = w.length;
  for (let i = 0; i < key.length; i += 1, p += 1) out[p] = key[i]!;
  w.length = p;
  tail(w, r, from, to);
}

/** The same with a key from the reader's bytes, to which `suffix` (ASCII) is added. */
export function pairAttribute(
  w: Writer,
  tag: number,
  r: CheckedReader,
  keyFrom: number,
  keyTo: number,
  from: number,
  to: number,
  suffix = '',
): void {
  r.checkUtf8(keyFrom, keyTo);
  const keyLength = keyTo - keyFrom + suffix.length;
  head(w, tag, textSize(keyLength), to - from);
  const out = w.bytes;
  const b = r.bytes;
  out[w.length] = 0x0a;
  let p = putVarint(out, w.length + 1, keyLength);
  for (let i = keyFrom; i < keyTo; i += 1, p += 1) out[p] = b[i]!;
  for (let i = 0; i < suffix.length; i += 1, p += 1) out[p] = suffix.charCodeAt(i);
  w.length = p;
  tail(w, r, from, to);
}

/** Writes an attribute whose value is an integer. */
export function intAttribute(w: Writer, tag: number, key: Uint8Array, value: number): void {
  // An integer takes 10 bytes when it is negative.
  const digits = value < 0 ? 10 : varintSize(value);
  const any = 1 + digits;
  w.need(key.length + 24);
  w.bytes[w.length] = tag;
  w.length = putVarint(w.bytes, w.length + 1, key.length + 2 + any);
  w.raw(key);
  w.bytes[w.length] = 0x12;
  w.bytes[w.length + 1] = any;
  w.length += 2;
  w.intField(3, value);
}

/** Writes an attribute with a known key and a text. */
export function stringAttribute(w: Writer, tag: number, key: Uint8Array, value: string): void {
  const at = w.open(tag >> 3);
  w.raw(key);
  const inner = w.open(2);
  w.stringField(1, value);
  w.close(inner);
  w.close(at);
}

/** Whether bytes [from, to) are digits; their number, -1 when they are not or are too many. */
export function digitsOf(b: Uint8Array, from: number, to: number): number {
  if (from === to || to - from > 15) return -1;
  let value = 0;
  for (let i = from; i < to; i += 1) {
    const digit = b[i]! - 48;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
}
