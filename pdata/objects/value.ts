import { Cursor, readHalves, readVarint, signed64, skipValue } from '../proto/cursor.ts';
import { Writer } from '../proto/writer.ts';
import { keepRest, readBytes, readDouble, readEnd, readString } from './fields.ts';
import type { Message, Value, ValueMap } from './model.ts';

function readArray(c: Cursor, end: number, to: Value[]): Value[] {
  while (c.pos < end) {
    const tag = readVarint(c);
    if (tag === 10) {
      const stop = readEnd(c);
      to.push(readValue(c, stop));
    } else skipValue(c, tag);
  }
  return to;
}

function readMap(c: Cursor, end: number, to: ValueMap): ValueMap {
  while (c.pos < end) {
    const tag = readVarint(c);
    if (tag === 10) readAttribute(c, to);
    else skipValue(c, tag);
  }
  return to;
}

/** Reads an AnyValue that ends at `end`; of several fields the last counts. */
export function readValue(c: Cursor, end: number): Value {
  let value: Value = null;
  while (c.pos < end) {
    const tag = readVarint(c);
    switch (tag) {
      case 10:
        value = readString(c);
        break;
      case 16:
        readHalves(c);
        value = c.lo !== 0 || c.hi !== 0;
        break;
      case 24:
        readHalves(c);
        value = c.hi === 0 ? BigInt(c.lo) : signed64(c.lo, c.hi);
        break;
      case 33:
        value = readDouble(c);
        break;
      case 42: {
        const stop = readEnd(c);
        value = readArray(c, stop, Array.isArray(value) ? value : []);
        break;
      }
      case 50: {
        const stop = readEnd(c);
        value = readMap(c, stop, value instanceof Map ? value : new Map());
        break;
      }
      case 58:
        value = readBytes(c);
        break;
      default:
        skipValue(c, tag);
    }
  }
  return value;
}

/** Reads a KeyValue from its length on. @returns false when the key is there already */
function readAttribute(c: Cursor, to: ValueMap): boolean {
  const end = readEnd(c);
  let key = '';
  let value: Value = null;
  while (c.pos < end) {
    const tag = readVarint(c);
    if (tag === 10) key = readString(c);
    else if (tag === 18) {
      const stop = readEnd(c);
      value = readValue(c, stop);
    } else skipValue(c, tag);
  }
  if (to.has(key)) return false;
  to.set(key, value);
  return true;
}

/** Reads one attribute, whose tag begins at `start` and was read; the first of a key counts. */
export function keepAttribute(c: Cursor, start: number, to: ValueMap, owner: Message): void {
  if (!readAttribute(c, to)) keepRest(owner, c.bytes, start, c.pos);
}

/** Writes the fields of an AnyValue. */
export function putValue(w: Writer, value: Value): void {
  if (typeof value === 'string') w.stringField(1, value);
  else if (typeof value === 'bigint') w.intField(3, value);
  else if (typeof value === 'number') w.doubleField(4, value);
  else if (typeof value === 'boolean') w.uintField(2, value ? 1 : 0);
  else if (value === null) return;
  else if (value instanceof Uint8Array) w.bytesField(7, value);
  else if (Array.isArray(value)) {
    const at = w.open(5);
    for (const element of value) {
      const inner = w.open(1);
      putValue(w, element);
      w.close(inner);
    }
    w.close(at);
  } else {
    const at = w.open(6);
    putAttributes(w, 1, value);
    w.close(at);
  }
}

/** Writes attributes as repeated field `field`. */
export function putAttributes(w: Writer, field: number, attributes: ValueMap): void {
  for (const [key, value] of attributes) {
    const at = w.open(field);
    w.stringField(1, key);
    const inner = w.open(2);
    putValue(w, value);
    w.close(inner);
    w.close(at);
  }
}

/** The AnyValue at [start, end) of checked bytes. */
export function decodeValue(bytes: Uint8Array, start = 0, end = bytes.length): Value {
  return readValue(new Cursor(bytes, start), end);
}

/** The bytes of an AnyValue: what edits take. */
export function encodeValue(value: Value): Uint8Array {
  const w = new Writer(64);
  putValue(w, value);
  return w.take();
}
