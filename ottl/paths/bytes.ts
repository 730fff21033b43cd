import { decodeValue, encodeValue, type Value } from '../../pdata/objects/index.ts';
import {
  Cursor,
  doubleOf,
  readHalves,
  readVarint,
  signed64,
  skipValue,
} from '../../pdata/proto/cursor.ts';
import { Writer } from '../../pdata/proto/writer.ts';
import { type MessageView, ValueType, type ValueView } from '../../pdata/readers.ts';
import type { OttlMap, OttlValue } from '../values.ts';

/** The value that a view found. */
export function readValue(value: ValueView): OttlValue {
  switch (value.type) {
    case ValueType.string:
      return value.string();
    case ValueType.bool:
      return value.lo !== 0;
    case ValueType.int:
      return signed64(value.lo, value.hi);
    case ValueType.double:
      return doubleOf(value.lo, value.hi);
    case ValueType.bytes:
      return value.bytes.slice(value.contentStart, value.contentEnd);
    case ValueType.empty:
      return null;
    default:
      return decodeValue(value.bytes, value.start, value.end);
  }
}

/** AnyValue bytes of a value that was checked to be storable. */
export function valueBytes(value: OttlValue): Uint8Array {
  return encodeValue(value as Value);
}

/** All attributes of a message; of equal keys the first. */
export function readAttributes(view: MessageView): OttlMap {
  const map: OttlMap = new Map();
  view.rewind();
  while (view.nextAttribute()) {
    const key = view.keyText();
    if (!map.has(key)) map.set(key, readValue(view.value));
  }
  return map;
}

/** A field inside some message's bytes. */
interface Found {
  readonly start: number;
  readonly end: number;
}

/** Content of the last field `field` of the message at [start, end), undefined = absent. */
export function findInside(
  bytes: Uint8Array,
  start: number,
  end: number,
  field: number,
): Found | undefined {
  const c = new Cursor(bytes, start);
  let found: Found | undefined;
  while (c.pos < end) {
    const tag = readVarint(c);
    const from = c.pos;
    skipValue(c, tag);
    if (Math.floor(tag / 8) !== field) continue;
    const stop = c.pos;
    if ((tag & 7) === 2) {
      c.pos = from;
      readVarint(c);
      found = { start: c.pos, end: stop };
      c.pos = stop;
    } else found = { start: from, end: stop };
  }
  return found;
}

/** The message at [start, end) without field `field`, and `add` (a whole field) behind the rest. */
export function replaceInside(
  bytes: Uint8Array,
  start: number,
  end: number,
  field: number,
  add: Uint8Array,
): Uint8Array {
  const w = new Writer(end - start + add.length + 16);
  const c = new Cursor(bytes, start);
  while (c.pos < end) {
    const from = c.pos;
    const tag = readVarint(c);
    skipValue(c, tag);
    if (Math.floor(tag / 8) !== field) w.copy(bytes, from, c.pos);
  }
  w.copy(add, 0, add.length);
  return w.take();
}

/** A varint at a place, as a signed 32-bit number. */
export function int32At(bytes: Uint8Array, at: number): number {
  const c = new Cursor(bytes, at);
  readHalves(c);
  return c.lo | 0;
}

/** Bodies of all fields `field` (messages) in [start, end). */
export function messagesInside(
  bytes: Uint8Array,
  start: number,
  end: number,
  field: number,
): Uint8Array[] {
  const c = new Cursor(bytes, start);
  const list: Uint8Array[] = [];
  while (c.pos < end) {
    const tag = readVarint(c);
    if (tag !== field * 8 + 2) {
      skipValue(c, tag);
      continue;
    }
    const size = readVarint(c);
    list.push(bytes.slice(c.pos, c.pos + size));
    c.pos += size;
  }
  return list;
}
