import { Edit } from '../../pdata/edits.ts';
import { replaceFields, setBytesField } from '../../pdata/overlay.ts';
import {
  Cursor,
  readFixed64,
  readHalves,
  readVarint,
  signed64,
  skipValue,
} from '../../pdata/proto/cursor.ts';
import { Writer } from '../../pdata/proto/writer.ts';
import type { MessageView } from '../../pdata/readers.ts';
import { OttlRuntimeError } from '../errors.ts';
import { OttlOpaque, type OttlValue, typeName } from '../values.ts';
import type { PathAccess, ViewOf } from './access.ts';
import { findInside, messagesInside, replaceInside } from './bytes.ts';

/** The repeated messages in a field, through an edit of all of them. */
export function repeated(view: MessageView, field: number): Uint8Array[] {
  const { bytes, start, end } = whole(view, field);
  return messagesInside(bytes, start, end, field);
}

function expectParts(kind: string, value: OttlValue): OttlOpaque {
  if (value instanceof OttlOpaque && value.kind === kind) return value;
  throw new OttlRuntimeError(`expects ${kind} but got ${typeName(value)}`);
}

/** Events, links ... of an item: only handed on. @param kind Go's name of their type */
export function repeatedField(view: ViewOf, field: number, kind: string): PathAccess {
  return {
    isLiteral: false,
    get: (place) => new OttlOpaque(kind, repeated(view(place), field)),
    set(place, value) {
      const w = new Writer(256);
      for (const message of expectParts(kind, value).messages) w.bytesField(field, message);
      replaceFields(view(place), field, w.take());
    },
  };
}

const none = new Uint8Array(0);

/** The message in a singular field, empty when absent. */
function inner(view: MessageView, field: number): Uint8Array {
  if (!view.findField(field)) return none;
  const { bytes, start, end } = view.value;
  return bytes.subarray(start, end);
}

/** A message inside an item as a whole: only handed on. */
export function messageField(view: ViewOf, field: number, kind: string): PathAccess {
  return {
    isLiteral: false,
    get: (place) => new OttlOpaque(kind, [inner(view(place), field).slice()]),
    set(place, value) {
      setBytesField(view(place), field, expectParts(kind, value).messages[0] ?? none);
    },
  };
}

/** Reads field `field` of the message in field `outer`. */
export function insideText(view: MessageView, outer: number, field: number): string {
  const message = inner(view, outer);
  const found = findInside(message, 0, message.length, field);
  if (found === undefined) return '';
  return Buffer.from(message.subarray(found.start, found.end)).toString('utf8');
}

/** Writes field `field` (`encoded`, with its tag) of the message in field `outer`. */
export function writeInside(
  view: MessageView,
  outer: number,
  field: number,
  encoded: Uint8Array,
): void {
  const message = inner(view, outer);
  setBytesField(view, outer, replaceInside(message, 0, message.length, field, encoded));
}

/** Bounds of a varint field inside the message of field `outer`, read by `read`; 0 when absent. */
export function insideVarint(
  view: MessageView,
  outer: number,
  field: number,
  read: (bytes: Uint8Array, at: number) => number,
): number {
  if (!view.findField(outer)) return 0;
  const { bytes, start, end } = view.value;
  const found = findInside(bytes, start, end, field);
  return found === undefined ? 0 : read(bytes, found.start);
}

/** Where a field's bytes are: as it came in, or what an edit wrote. */
function whole(
  view: MessageView,
  field: number,
): { bytes: Uint8Array; start: number; end: number } {
  const op = view.edits === undefined || view.node < 0 ? -1 : view.edits.find(view.node, -field);
  if (op < 0) return { bytes: view.bytes, start: view.start, end: view.end };
  const { ops } = view.edits!;
  const start = ops[op + Edit.newStart]!;
  return { bytes: view.overlay!.arena.bytes, start, end: ops[op + Edit.newEnd]! };
}

/** Doubles or fixed 64-bit numbers of a repeated field, packed or not. */
export function fixedList(
  view: MessageView,
  field: number,
  read: (lo: number, hi: number) => OttlValue,
): OttlValue[] {
  const { bytes, start, end } = whole(view, field);
  const list: OttlValue[] = [];
  const c = new Cursor(bytes, start);
  while (c.pos < end) {
    const tag = readVarint(c);
    if (tag !== field * 8 + 1 && tag !== field * 8 + 2) {
      skipValue(c, tag);
      continue;
    }
    const stop = (tag & 7) === 1 ? c.pos + 8 : readVarint(c) + c.pos;
    while (c.pos < stop) {
      readFixed64(c);
      list.push(read(c.lo, c.hi));
    }
  }
  return list;
}

/** Varints of a repeated field of the message in field `outer`, packed or not. */
export function insideVarints(view: MessageView, outer: number, field: number): OttlValue[] {
  const bytes = inner(view, outer);
  const list: OttlValue[] = [];
  const c = new Cursor(bytes, 0);
  while (c.pos < bytes.length) {
    const tag = readVarint(c);
    if (tag !== field * 8 && tag !== field * 8 + 2) {
      skipValue(c, tag);
      continue;
    }
    const stop = (tag & 7) === 0 ? c.pos + 1 : readVarint(c) + c.pos;
    while (c.pos < stop) {
      readHalves(c);
      list.push(signed64(c.lo, c.hi));
    }
  }
  return list;
}
