import type { AttributeKey } from './attribute-key.ts';
import { duplicateName, type PartEdits } from './edits.ts';
import { Cursor, readVarint, skipValue } from './proto/cursor.ts';
import { Writer } from './proto/writer.ts';
import type { MessageView } from './readers/message-view.ts';
import { Column, NodeKind, stride } from './tree.ts';
import { encodeValue } from './values.ts';

/*
 * Edits of the message that a view stands on. The batch must be editable (`batch.editable()`).
 * Values are AnyValue bytes (`encodeValue`); keep and reuse them: equal objects share bytes.
 */

/** The edits of the view's request; counts one edit more. */
function editsOf(view: MessageView): PartEdits {
  const { overlay } = view;
  if (overlay === undefined || view.tree === undefined || view.node < 0) {
    throw new Error('BUG: an edit of a batch that is not editable()');
  }
  const edits = overlay.part(view.part, view.tree);
  view.edits = edits;
  overlay.version += 1;
  return edits;
}

/** The edit that stands for `key`: the one there is, or a new one in place of what came in. */
function attributeEdit(
  view: MessageView,
  edits: PartEdits,
  id: number,
  key: AttributeKey,
  add: boolean,
): number {
  const { node } = view;
  const known = edits.find(node, id);
  if (known >= 0) return known;
  const at = view.originalAttribute(key, 0);
  if (at >= 0 && edits.findAt(node, view.originalStart(at)) < 0) {
    takeDuplicates(view, edits, key, at);
    return edits.add(node, id, view.originalStart(at), view.originalEnd(at));
  }
  return add ? edits.add(node, id, view.end, view.end) : -1;
}

/** Takes out later attributes with the same key: after an edit a key is there once. */
function takeDuplicates(view: MessageView, edits: PartEdits, key: AttributeKey, at: number): void {
  for (let next = at; ; ) {
    next = view.originalAttribute(key, next + 1);
    if (next < 0) return;
    const start = view.originalStart(next);
    if (edits.findAt(view.node, start) < 0) {
      edits.add(view.node, duplicateName, start, view.originalEnd(next));
    }
  }
}

function putAttribute(
  view: MessageView,
  op: number,
  id: number,
  key: AttributeKey,
  value: Uint8Array,
): void {
  const overlay = view.overlay!;
  const edits = view.edits!;
  const start = overlay.writeAttribute(id, key, value, view.attributeField);
  const end = overlay.lastEnd;
  edits.put(view.node, op, start, end, end - value.length, end);
}

/** Sets `key` to `value`, whether it is there or not. */
export function setAttribute(view: MessageView, key: AttributeKey, value: Uint8Array): void {
  const edits = editsOf(view);
  const id = view.overlay!.keyNumber(key);
  putAttribute(view, attributeEdit(view, edits, id, key, true), id, key, value);
}

/** Sets `key` to a text. */
export function setTextAttribute(view: MessageView, key: AttributeKey, text: string): void {
  const edits = editsOf(view);
  const overlay = view.overlay!;
  const id = overlay.keyNumber(key);
  const op = attributeEdit(view, edits, id, key, true);
  const start = overlay.writeShortText(key, text, view.attributeField);
  if (start < 0) putAttribute(view, op, id, key, encodeValue(text));
  else
    edits.put(
      view.node,
      op,
      start,
      overlay.lastEnd,
      overlay.lastEnd - text.length - 2,
      overlay.lastEnd,
    );
}

/** Sets `key` to the AnyValue at [from, to) of `source`, which may be the batch's own bytes. */
export function copyAttribute(
  view: MessageView,
  key: AttributeKey,
  source: Uint8Array,
  from: number,
  to: number,
): void {
  const edits = editsOf(view);
  const overlay = view.overlay!;
  const id = overlay.keyNumber(key);
  const op = attributeEdit(view, edits, id, key, true);
  const start = overlay.copyAttribute(key, source, from, to, view.attributeField);
  const end = overlay.lastEnd;
  edits.put(view.node, op, start, end, end - (to - from), end);
}

/** Sets `key` if it is absent. @returns whether it was */
export function insertAttribute(view: MessageView, key: AttributeKey, value: Uint8Array): boolean {
  if (view.find(key)) return false;
  setAttribute(view, key, value);
  return true;
}

/** Sets `key` if it is there. @returns whether it was */
export function updateAttribute(view: MessageView, key: AttributeKey, value: Uint8Array): boolean {
  if (!view.find(key)) return false;
  setAttribute(view, key, value);
  return true;
}

/** Takes `key` out. @returns whether it was there */
export function deleteAttribute(view: MessageView, key: AttributeKey): boolean {
  if (!view.find(key)) return false;
  const edits = editsOf(view);
  const op = attributeEdit(view, edits, view.overlay!.keyNumber(key), key, false);
  edits.put(view.node, op, 0, 0, 0, 0);
  return true;
}

/** Takes out the attribute that a walk (`view.nextAttribute()`) is at; the walk may go on. */
export function deleteCurrent(view: MessageView): void {
  const edits = editsOf(view);
  const { walkOp, walkStart, walkEnd } = view;
  if (walkOp >= 0) edits.put(view.node, walkOp, 0, 0, 0, 0);
  else edits.add(view.node, duplicateName, walkStart, walkEnd);
}

/**
 * Sets the attribute that a walk is at, whose key is `key`; the walk may go on. A later attribute
 * with a key that was set already is taken out: after an edit a key is there once.
 */
export function setCurrent(view: MessageView, key: AttributeKey, value: Uint8Array): void {
  const edits = editsOf(view);
  const id = view.overlay!.keyNumber(key);
  let op = view.walkOp;
  if (op < 0) {
    const isLater = edits.find(view.node, id) >= 0;
    op = edits.add(view.node, isLater ? duplicateName : id, view.walkStart, view.walkEnd);
    if (isLater) return;
  }
  putAttribute(view, op, id, key, value);
}

/** Gives the value of `from` the key `to`, which loses its own value. @returns whether it was there */
export function renameAttribute(view: MessageView, from: AttributeKey, to: AttributeKey): boolean {
  if (!view.find(from)) return false;
  if (from.text === to.text) return true;
  const { bytes, start: valueStart, end: valueEnd } = view.value;
  deleteAttribute(view, to);
  const edits = editsOf(view);
  const overlay = view.overlay!;
  const op = attributeEdit(view, edits, overlay.keyNumber(from), from, false);
  const id = overlay.keyNumber(to);
  const old = edits.find(view.node, id);
  // the deleted edit of `to` keeps its place in the bytes but no longer its name
  if (old >= 0) edits.rename(old, duplicateName);
  edits.rename(op, id);
  const start = overlay.copyAttribute(to, bytes, valueStart, valueEnd, view.attributeField);
  const end = overlay.lastEnd;
  edits.put(view.node, op, start, end, end - (valueEnd - valueStart), end);
  return true;
}

function fieldEdit(view: MessageView, field: number): number {
  const edits = editsOf(view);
  const known = edits.find(view.node, -field);
  if (known >= 0) return known;
  const start = view.fieldStart(field);
  if (start >= 0) return edits.add(view.node, -field, start, view.fieldEnd(field));
  const kind = view.tree!.nodes[view.node * stride + Column.kind];
  const at = kind === NodeKind.container || kind === NodeKind.data ? view.start : view.end;
  return edits.add(view.node, -field, at, at);
}

function putField(view: MessageView, field: number, valueSize: number, w: Writer): void {
  const op = fieldEdit(view, field);
  const { arena } = view.overlay!;
  const start = arena.length;
  arena.copy(w.bytes, 0, w.length);
  view.edits!.put(view.node, op, start, arena.length, arena.length - valueSize, arena.length);
}

/** Sets a length-delimited field: a name, severity text, body (AnyValue bytes), a trace id. */
export function setBytesField(view: MessageView, field: number, value: Uint8Array): void {
  const w = new Writer(value.length + 12);
  w.bytesField(field, value);
  putField(view, field, value.length, w);
}

/** Sets a string field. */
export function setStringField(view: MessageView, field: number, value: string): void {
  const op = fieldEdit(view, field);
  const overlay = view.overlay!;
  const start = overlay.writeText(field, value);
  const end = overlay.lastEnd;
  view.edits!.put(view.node, op, start, end, end - overlay.lastSize, end);
}

/** Sets a varint field (kind, severity number, flags): 0 <= value < 2^53. */
export function setUintField(view: MessageView, field: number, value: number): void {
  const w = new Writer(16);
  w.tag(field, 0);
  const before = w.length;
  w.varint(value);
  putField(view, field, w.length - before, w);
}

/** Sets a fixed 64-bit field (times, counts, values) given as unsigned halves. */
export function setFixed64Field(view: MessageView, field: number, lo: number, hi: number): void {
  const w = new Writer(16);
  w.fixed64Field(field, lo, hi);
  putField(view, field, 8, w);
}

/** Takes a field out. @returns whether it was there */
export function clearField(view: MessageView, field: number): boolean {
  if (!view.findField(field)) return false;
  const op = fieldEdit(view, field);
  view.edits!.put(view.node, op, 0, 0, 0, 0);
  return true;
}

/** Sets a singular field to what `encoded` holds: the field with its tag, its value last. */
export function setEncodedField(
  view: MessageView,
  field: number,
  encoded: Uint8Array,
  valueSize: number,
): void {
  const op = fieldEdit(view, field);
  const { arena } = view.overlay!;
  const start = arena.length;
  arena.copy(encoded, 0, encoded.length);
  view.edits!.put(view.node, op, start, arena.length, arena.length - valueSize, arena.length);
}

/** Puts `encoded` (whole fields) in place of all occurrences of a repeated field. */
export function replaceFields(view: MessageView, field: number, encoded: Uint8Array): void {
  const op = fieldEdit(view, field);
  const edits = view.edits!;
  const c = new Cursor(view.bytes, view.start);
  while (c.pos < view.end) {
    const start = c.pos;
    const tag = readVarint(c);
    skipValue(c, tag);
    if (Math.floor(tag / 8) === field && edits.findAt(view.node, start) < 0) {
      edits.add(view.node, duplicateName, start, c.pos);
    }
  }
  const { arena } = view.overlay!;
  const start = arena.length;
  arena.copy(encoded, 0, encoded.length);
  edits.put(view.node, op, start, arena.length, start, arena.length);
}

/**
 * Puts `encoded` in place of [start, end) of the message as it came in: whole fields that no other
 * edit touches. Views read such fields as they came in until the edits are written.
 */
export function replaceRange(
  view: MessageView,
  start: number,
  end: number,
  encoded: Uint8Array,
): void {
  const edits = editsOf(view);
  const op = edits.add(view.node, duplicateName, start, end);
  const { arena } = view.overlay!;
  const from = arena.length;
  arena.copy(encoded, 0, encoded.length);
  edits.put(view.node, op, from, arena.length, from, arena.length);
}
