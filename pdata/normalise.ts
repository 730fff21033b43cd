import { checkTable, deprecatedListField, Flag, fieldsPerMessage } from './check-table.ts';
import { Cursor, readVarint, skipValue } from './proto/cursor.ts';
import { Writer } from './proto/writer.ts';
import type { Message } from './schema.ts';

/*
 * Requests whose groups are out of order are rare: they are rewritten once, so that every reader
 * may rely on one order: in a group first the resource or scope (one), then the list and the rest.
 */

/** One field of a group: tag and where tag and value lie. */
interface Part {
  tag: number;
  start: number;
  body: number;
  end: number;
}

function partsOf(c: Cursor, end: number): Part[] {
  const parts: Part[] = [];
  while (c.pos < end) {
    const start = c.pos;
    const tag = readVarint(c);
    let body = c.pos;
    if ((tag & 7) === 2) {
      const length = readVarint(c);
      body = c.pos;
      c.pos += length;
    } else skipValue(c, tag);
    parts.push({ tag, start, body, end: c.pos });
  }
  return parts;
}

const headTag = 10;
const listTag = 18;
const oldListTag = deprecatedListField * 8 + 2;

function isGroup(index: number): boolean {
  return ((checkTable[index * fieldsPerMessage + 1] ?? 0) & Flag.head) !== 0;
}

function writeGroup(w: Writer, c: Cursor, part: Part, index: number): void {
  c.pos = part.body;
  const parts = partsOf(c, part.end);
  const heads = parts.filter((p) => p.tag === headTag);
  if (heads.length > 0) {
    const at = w.open(1);
    for (const head of heads) w.copy(c.bytes, head.body, head.end);
    w.close(at);
  }
  const old = parts.some((p) => p.tag === listTag) ? 0 : oldListTag;
  const child = ((checkTable[index * fieldsPerMessage + 2] ?? 0) >>> 8) & 255;
  for (const p of parts) {
    if (p.tag === headTag) continue;
    if (p.tag === listTag || p.tag === old) {
      if (isGroup(child)) {
        const at = w.open(2, 3);
        writeGroup(w, c, p, child);
        w.close(at);
      } else {
        w.tag(2, 2);
        w.varint(p.end - p.body);
        w.copy(c.bytes, p.body, p.end);
      }
    } else w.copy(c.bytes, p.start, p.end);
  }
}

/**
 * The same request with each resource and scope before its list and at most once (several are
 * merged, as protobuf says), and the deprecated field 1000 as field 2 where that is empty.
 *
 * @param bytes a request that passed the structural check; what was in field 1000 is checked after
 */
export function normalise(bytes: Uint8Array, root: Message): Uint8Array {
  const w = new Writer(bytes.length + 64);
  const c = new Cursor(bytes);
  const group = root.byNumber[1]?.message ?? 0;
  for (const part of partsOf(c, bytes.length)) {
    if (part.tag !== headTag) {
      w.copy(bytes, part.start, part.end);
      continue;
    }
    const at = w.open(1, 3);
    writeGroup(w, c, part, group);
    w.close(at);
  }
  return w.take();
}
