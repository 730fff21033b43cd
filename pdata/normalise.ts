import { checkTable, deprecatedListField, Flag, fieldsPerMessage } from './check-table.ts';
import { Cursor, readVarint, skipValue } from './proto/cursor.ts';
import { Writer, type WriterMemory } from './proto/writer.ts';
import type { Message } from './schema.ts';

/*
 * Requests whose groups are out of order are rare: they are rewritten once, so that every reader
 * may rely on one order: in a group first the resource or scope (one), then the list and the rest.
 */

/** A walk over the fields of one message, which makes no object for each of them. */
class Fields {
  readonly #c: Cursor;
  readonly #end: number;
  tag = 0;
  /** First byte of the tag, first byte of the value. */
  start = 0;
  body = 0;

  constructor(bytes: Uint8Array, from: number, end: number) {
    this.#c = new Cursor(bytes, from);
    this.#end = end;
  }

  /** End of the field. */
  get end(): number {
    return this.#c.pos;
  }

  /** Moves to the next field. @returns false at the end */
  next(): boolean {
    const c = this.#c;
    if (c.pos >= this.#end) return false;
    this.start = c.pos;
    this.tag = readVarint(c);
    this.body = c.pos;
    if ((this.tag & 7) === 2) {
      const length = readVarint(c);
      this.body = c.pos;
      c.pos += length;
    } else skipValue(c, this.tag);
    return true;
  }
}

const headTag = 10;
const listTag = 18;
const oldListTag = deprecatedListField * 8 + 2;

function isGroup(index: number): boolean {
  return ((checkTable[index * fieldsPerMessage + 1] ?? 0) & Flag.head) !== 0;
}

/** Writes what all the heads of a group hold as one. @returns whether it has a list */
function writeHead(w: Writer, bytes: Uint8Array, start: number, end: number): boolean {
  const fields = new Fields(bytes, start, end);
  let at = -1;
  let hasList = false;
  while (fields.next()) {
    if (fields.tag === listTag) hasList = true;
    if (fields.tag !== headTag) continue;
    if (at < 0) at = w.open(1);
    w.copy(bytes, fields.body, fields.end);
  }
  if (at >= 0) w.close(at);
  return hasList;
}

function writeGroup(w: Writer, bytes: Uint8Array, start: number, end: number, index: number): void {
  const old = writeHead(w, bytes, start, end) ? 0 : oldListTag;
  const child = ((checkTable[index * fieldsPerMessage + 2] ?? 0) >>> 8) & 255;
  const isNested = isGroup(child);
  const fields = new Fields(bytes, start, end);
  while (fields.next()) {
    const { tag } = fields;
    if (tag === headTag) continue;
    if (tag !== listTag && tag !== old) w.copy(bytes, fields.start, fields.end);
    else if (isNested) {
      const at = w.open(2, 3);
      writeGroup(w, bytes, fields.body, fields.end, child);
      w.close(at);
    } else {
      w.tag(2, 2);
      w.varint(fields.end - fields.body);
      w.copy(bytes, fields.body, fields.end);
    }
  }
}

/**
 * The same request with each resource and scope before its list and at most once (several are
 * merged, as protobuf says), and the deprecated field 1000 as field 2 where that is empty.
 *
 * @param bytes a request that passed the structural check; what was in field 1000 is checked after
 * @param memory is asked for what it takes, and keeps it reserved
 */
export function normalise(bytes: Uint8Array, root: Message, memory?: WriterMemory): Uint8Array {
  const w = new Writer(bytes.length + 64, memory);
  const group = root.byNumber[1]?.message ?? 0;
  const fields = new Fields(bytes, 0, bytes.length);
  while (fields.next()) {
    if (fields.tag !== headTag) {
      w.copy(bytes, fields.start, fields.end);
      continue;
    }
    const at = w.open(1, 3);
    writeGroup(w, bytes, fields.body, fields.end, group);
    w.close(at);
  }
  return w.finish();
}
