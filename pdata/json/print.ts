import { asBuffer } from '../proto/as-buffer.ts';
import {
  Cursor,
  doubleOf,
  readFixed64,
  readHalves,
  readVarint,
  signed64,
  skipValue,
  u32At,
  unsigned64,
  zigzag,
} from '../proto/cursor.ts';
import { type Field, type Message, message, messages } from '../schema.ts';

interface Place {
  start: number;
  end: number;
}

function doubleText(value: number): string {
  if (Number.isFinite(value)) return Object.is(value, -0) ? '-0' : String(value);
  return `"${value}"`;
}

function delimited(c: Cursor, field: Field): string {
  const length = readVarint(c);
  const start = c.pos;
  c.pos += length;
  const buffer = asBuffer(c.bytes);
  switch (field.kind) {
    case 'bytes':
      return `"${buffer.toString('base64', start, c.pos)}"`;
    case 'id16':
    case 'id8':
      return `"${buffer.toString('hex', start, c.pos)}"`;
    default:
      return JSON.stringify(buffer.toString('utf8', start, c.pos));
  }
}

/** One scalar as JSON; 64-bit integers as strings. */
function scalar(c: Cursor, field: Field): string {
  switch (field.kind) {
    case 'bool':
      readHalves(c);
      return c.lo !== 0 || c.hi !== 0 ? 'true' : 'false';
    case 'int32':
    case 'enum':
      readHalves(c);
      return String(c.lo | 0);
    case 'uint32':
      readHalves(c);
      return String(c.lo);
    case 'sint32':
      readHalves(c);
      return String(zigzag(c.lo));
    case 'int64':
      readHalves(c);
      return `"${signed64(c.lo, c.hi)}"`;
    case 'uint64':
      readHalves(c);
      return `"${unsigned64(c.lo, c.hi)}"`;
    case 'fixed32':
      c.pos += 4;
      return String(u32At(c.bytes, c.pos - 4));
    case 'fixed64':
      readFixed64(c);
      return `"${unsigned64(c.lo, c.hi)}"`;
    case 'sfixed64':
      readFixed64(c);
      return `"${signed64(c.lo, c.hi)}"`;
    case 'double':
      readFixed64(c);
      return doubleText(doubleOf(c.lo, c.hi));
    default:
      return delimited(c, field);
  }
}

function joined(bytes: Uint8Array, places: readonly Place[]): Uint8Array {
  return Buffer.concat(places.map(({ start, end }) => bytes.subarray(start, end)));
}

/** Fields of the oneofs of numbers, each with the number of the other. */
const otherNumber: ReadonlyMap<Field, number> = new Map(
  ['NumberDataPoint', 'Exemplar'].flatMap((name) => {
    const { byName } = message(name);
    const [asDouble, asInt] = [byName.get('asDouble')!, byName.get('asInt')!];
    return [
      [asDouble, asInt.number],
      [asInt, asDouble.number],
    ] as const;
  }),
);

/** What the fields of one message hold: texts of scalars and elements, places of singular messages. */
class Slots {
  readonly texts: (string | undefined)[] = [];
  readonly lists: (string[] | undefined)[] = [];
  readonly places: (Place[] | undefined)[] = [];
  /** Number of the field that came last: decides a oneof. */
  last = 0;
}

function readField(c: Cursor, field: Field, tag: number, slots: Slots): void {
  const { number } = field;
  if (!field.repeated && field.kind !== 'message') {
    slots.texts[number] = scalar(c, field);
    if (field.kind === 'double' || field.kind === 'sfixed64') {
      const other = otherNumber.get(field);
      if (other !== undefined) slots.texts[other] = undefined;
    }
    return;
  }
  const inBytes = (tag & 7) === 2;
  if (field.kind === 'message') {
    const length = readVarint(c);
    const place = { start: c.pos, end: c.pos + length };
    c.pos = place.end;
    if (field.repeated) {
      const list = (slots.lists[number] ??= []);
      list.push(printMessage(c.bytes, place.start, place.end, messages[field.message]!));
    } else {
      const places = (slots.places[number] ??= []);
      places.push(place);
    }
    return;
  }
  const list = (slots.lists[number] ??= []);
  if (inBytes && field.kind !== 'string') {
    const length = readVarint(c);
    const end = c.pos + length;
    while (c.pos < end) list.push(scalar(c, field));
  } else list.push(scalar(c, field));
}

function slotText(bytes: Uint8Array, field: Field, slots: Slots): string | undefined {
  const { number } = field;
  if (field.repeated) {
    const list = slots.lists[number];
    return list === undefined ? undefined : `[${list.join(',')}]`;
  }
  if (field.kind !== 'message') return slots.texts[number];
  const places = slots.places[number];
  if (places === undefined) return undefined;
  const child = messages[field.message]!;
  if (places.length === 1) return printMessage(bytes, places[0]!.start, places[0]!.end, child);
  const merged = joined(bytes, places);
  return printMessage(merged, 0, merged.length, child);
}

/** A message of bytes that were checked, as JSON text: known fields in the order of their numbers. */
export function printMessage(bytes: Uint8Array, start: number, end: number, msg: Message): string {
  const c = new Cursor(bytes, start);
  const slots = new Slots();
  while (c.pos < end) {
    const tag = readVarint(c);
    const field = msg.byNumber[Math.floor(tag / 8)];
    if (field === undefined) skipValue(c, tag);
    else {
      readField(c, field, tag, slots);
      slots.last = field.number;
    }
  }
  const parts: string[] = [];
  for (const field of msg.fields) {
    if (msg.name === 'AnyValue' && field.number !== slots.last) continue;
    const text = slotText(bytes, field, slots);
    if (text !== undefined) parts.push(`"${field.name}":${text}`);
  }
  return `{${parts.join(',')}}`;
}
