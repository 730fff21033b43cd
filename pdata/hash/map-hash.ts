import { decodeValue, type Value, type ValueMap } from '../objects/index.ts';
import { Writer } from '../proto/writer.ts';
import type { MessageView } from '../readers.ts';
import { xxh64 } from './xxh64.ts';

/*
 * The hash of attributes that the Go collector's components share (pkg/pdatautil of its contrib
 * 0.155): what is routed by it agrees in fleets of both programs.
 */

/** Bytes that begin and end values in what is hashed. */
const mark = {
  extra: 0xf3,
  key: 0xf4,
  empty: 0xf5,
  bytes: 0xf6,
  string: 0xf7,
  true: 0xf8,
  false: 0xf9,
  int: 0xfa,
  double: 0xfb,
  map: 0xfc,
  mapEnd: 0xfd,
  list: 0xfe,
  listEnd: 0xff,
} as const;

const none = new Uint8Array(16);

function byte(w: Writer, value: number): void {
  w.need(1);
  w.bytes[w.length] = value;
  w.length += 1;
}

function writeText(w: Writer, text: string): void {
  w.raw(Buffer.from(text, 'utf8'));
}

function writeMap(w: Writer, map: ValueMap): void {
  const keys = [...map.keys()].map((key) => [Buffer.from(key, 'utf8'), key] as const);
  keys.sort(([a], [b]) => Buffer.compare(a, b));
  for (const [bytes, key] of keys) {
    byte(w, mark.key);
    w.raw(bytes);
    writeValue(w, map.get(key)!);
  }
}

function writeValue(w: Writer, value: Value): void {
  if (value === null) byte(w, mark.empty);
  else if (typeof value === 'string') {
    byte(w, mark.string);
    writeText(w, value);
  } else if (typeof value === 'boolean') byte(w, value ? mark.true : mark.false);
  else if (typeof value === 'bigint') {
    byte(w, mark.int);
    const bits = BigInt.asUintN(64, value);
    w.fixed64(Number(bits & 0xffffffffn), Number(bits >> 32n));
  } else if (typeof value === 'number') {
    byte(w, mark.double);
    w.double(value);
  } else if (value instanceof Uint8Array) {
    byte(w, mark.bytes);
    w.raw(value);
  } else if (Array.isArray(value)) {
    byte(w, mark.list);
    for (const element of value) writeValue(w, element);
    byte(w, mark.listEnd);
  } else {
    byte(w, mark.map);
    writeMap(w, value);
    byte(w, mark.mapEnd);
  }
}

/** 16 bytes that stand for attributes in any order. */
export function mapHash(map: ValueMap): Uint8Array {
  if (map.size === 0) return none;
  const w = new Writer(512);
  writeMap(w, map);
  const hash = new Uint8Array(16);
  const view = new DataView(hash.buffer);
  view.setBigUint64(0, xxh64(w.bytes.subarray(0, w.length)), true);
  byte(w, mark.extra);
  view.setBigUint64(8, xxh64(w.bytes.subarray(0, w.length)), true);
  return hash;
}

/** The attributes of the message that a view stands on. */
export function attributesOf(view: MessageView): ValueMap {
  const map: ValueMap = new Map();
  view.rewind();
  while (view.nextAttribute()) {
    const { bytes, start, end } = view.value;
    if (!map.has(view.keyText())) map.set(view.keyText(), decodeValue(bytes, start, end));
  }
  return map;
}
