import type { AttributeKey } from '../attribute-key.ts';
import { duplicateName, Edit, type Overlay, type PartEdits } from '../edits.ts';
import { Cursor, noBytes, readHalves, readVarint, skipValue, u32At } from '../proto/cursor.ts';
import { Column, stride, type Tree } from '../tree.ts';
import type { InternTable } from './intern.ts';
import { utf8, ValueView } from './value-view.ts';

const fieldCount = 17;

/** What views hold before they are used: most readers use few of theirs. */
const noNumbers = new Int32Array(0);

/** Columns of an attribute in {@link MessageView.table}. */
const Attribute = { start: 0, keyStart: 1, keyEnd: 2, valueStart: 3, valueEnd: 4, end: 5 } as const;
const attributeStride = 6;

/**
 * One message (span, resource, data point ...) in place, read through the edits of its batch. One
 * object serves a whole walk: it is moved from message to message, and found values are valid until
 * it moves. Fields are looked for when the first is asked for.
 */
export class MessageView {
  /** The value that the last `find` or `nextAttribute` found. */
  readonly value = new ValueView();
  bytes: Uint8Array = noBytes;
  start = 0;
  end = 0;
  /** First byte of the tag of a node, event or link. */
  header = 0;
  /** Field number of the attributes, 0 = none. */
  attributeField = 0;
  /** Node of the batch's index, -1 for messages that cannot be edited. */
  node = -1;
  overlay: Overlay | undefined;
  edits: PartEdits | undefined;
  /** Request of the batch that holds the message, and its index. */
  part = 0;
  tree: Tree | undefined;

  /** Low and high 32 bits of what {@link fixed64} and {@link uint} read, unsigned. */
  lo = 0;
  hi = 0;

  /** The attribute that a walk is at: where it came in, -1 for one that an edit wrote. */
  walkStart = -1;
  walkEnd = -1;
  /** The edit that wrote it, -1 = none. */
  walkOp = -1;

  #scanned = false;
  /** Start of tag, start of value, end of value for each field; start of tag -1 = absent. */
  #fields = noNumbers;
  #table = noNumbers;
  /** Length and last byte of each attribute's key: few keys share them. */
  #marks = noNumbers;
  #attributes = 0;
  /** What was looked for last in this message, and where it is. */
  #lastKey: AttributeKey | undefined;
  #lastAt = -1;
  readonly #cursor = new Cursor(this.bytes);
  /** Where {@link nextAttribute} is: an index of the table, then edits. */
  #next = 0;
  #keyBytes: Uint8Array = this.bytes;
  #keyStart = 0;
  #keyEnd = 0;
  readonly #added: number[] = [];

  /** Moves to node `node` of request `part`. */
  bind(bytes: Uint8Array, tree: Tree, node: number, part: number, overlay?: Overlay): void {
    const at = node * stride;
    this.bytes = bytes;
    this.header = tree.nodes[at + Column.header]!;
    this.start = tree.nodes[at + Column.body]!;
    this.end = tree.nodes[at + Column.end]!;
    this.tree = tree;
    this.node = node;
    this.part = part;
    this.overlay = overlay;
    this.edits = overlay?.parts[part];
    this.#scanned = false;
    this.#lastKey = undefined;
  }

  /** Moves to a message that is not a node (an event, a link). */
  bindBytes(bytes: Uint8Array, start: number, end: number): void {
    this.bytes = bytes;
    this.start = start;
    this.end = end;
    this.node = -1;
    this.overlay = undefined;
    this.edits = undefined;
    this.#scanned = false;
    this.#lastKey = undefined;
  }

  #scan(): void {
    this.#scanned = true;
    if (this.#fields.length === 0) {
      this.#fields = new Int32Array(fieldCount * 3);
      this.#table = new Int32Array(16 * attributeStride);
      this.#marks = new Int32Array(16);
    }
    const { bytes: b, end } = this;
    const fields = this.#fields;
    const attributeTag = this.attributeField * 8 + 2;
    for (let i = 0; i < fields.length; i += 3) fields[i] = -1;
    this.#attributes = 0;
    let p = this.start;
    while (p < end) {
      const start = p;
      const tag = b[p]!;
      const size = b[p + 1]!;
      // nearly all fields: a short tag, then a fixed value, or bytes with a short length
      let stop: number;
      if ((tag & 135) === 2 && size < 128) {
        p += 2;
        stop = p + size;
      } else if ((tag & 135) === 1) {
        p += 1;
        stop = p + 8;
      } else {
        p = this.#slowField(start);
        stop = this.#cursor.pos;
      }
      const number = tag < 128 ? tag >>> 3 : this.#numberAt(start);
      if (tag === attributeTag || (tag > 127 && number === this.attributeField)) {
        this.#scanAttribute(start, p, stop);
      } else {
        const at = number < fieldCount ? number * 3 : 0;
        fields[at] = start;
        fields[at + 1] = p;
        fields[at + 2] = stop;
      }
      p = stop;
    }
  }

  /** Start of the value of the field at `start`; the cursor is left at its end. */
  #slowField(start: number): number {
    const c = this.#cursor;
    c.bytes = this.bytes;
    c.pos = start;
    const tag = readVarint(c);
    const afterTag = c.pos;
    skipValue(c, tag);
    if ((tag & 7) !== 2) return afterTag;
    const stop = c.pos;
    c.pos = afterTag;
    readVarint(c);
    const value = c.pos;
    c.pos = stop;
    return value;
  }

  /** Number of the field at `start`, whose tag is written in several bytes. */
  #numberAt(start: number): number {
    const c = this.#cursor;
    c.pos = start;
    return Math.floor(readVarint(c) / 8);
  }

  #scanAttribute(start: number, p: number, end: number): void {
    const { bytes } = this;
    const at = this.#attributes * attributeStride;
    if (at === this.#table.length) this.#growTable();
    this.#attributes += 1;
    const t = this.#table;
    t[at] = start;
    t[at + Attribute.end] = end;
    const keyLength = bytes[p + 1]!;
    const v = p + 2 + keyLength;
    if (end - p > 3 && bytes[p] === 10 && keyLength < 128 && v + 1 < end && bytes[v] === 18) {
      const valueLength = bytes[v + 1]!;
      if (valueLength < 128 && v + 2 + valueLength === end) {
        t[at + 1] = p + 2;
        t[at + 2] = v;
        t[at + 3] = v + 2;
        t[at + 4] = end;
        this.#marks[this.#attributes - 1] = keyLength * 256 + (keyLength === 0 ? 0 : bytes[v - 1]!);
        return;
      }
    }
    this.#scanKeyValue(this.#cursor, at, p, end);
    const size = t[at + 2]! - t[at + 1]!;
    this.#marks[this.#attributes - 1] = size * 256 + (size === 0 ? 0 : bytes[t[at + 2]! - 1]!);
  }

  #scanKeyValue(c: Cursor, at: number, start: number, end: number): void {
    const t = this.#table;
    t.fill(start, at + 1, at + 5);
    c.bytes = this.bytes;
    c.pos = start;
    while (c.pos < end) {
      const tag = readVarint(c);
      if (tag !== 10 && tag !== 18) {
        skipValue(c, tag);
        continue;
      }
      const size = readVarint(c);
      const column = tag === 10 ? Attribute.keyStart : Attribute.valueStart;
      t[at + column] = c.pos;
      c.pos += size;
      t[at + column + 1] = c.pos;
    }
  }

  #growTable(): void {
    const grown = new Int32Array(this.#table.length * 2);
    grown.set(this.#table);
    this.#table = grown;
    const marks = new Int32Array(this.#marks.length * 2);
    marks.set(this.#marks);
    this.#marks = marks;
  }

  /** The newest edit of a field, -1 = none. */
  #fieldEdit(field: number): number {
    return this.edits === undefined ? -1 : this.edits.find(this.node, -field);
  }

  /** Puts `value` on field `field`'s bytes without tag and length. @returns false when absent */
  findField(field: number): boolean {
    const op = this.#fieldEdit(field);
    if (op >= 0) {
      const { ops } = this.edits!;
      const start = ops[op + Edit.valueStart]!;
      this.value.locate(this.overlay!.arena.bytes, start, ops[op + Edit.valueEnd]!);
      return ops[op + Edit.newEnd]! > ops[op + Edit.newStart]!;
    }
    if (!this.#scanned) this.#scan();
    const at = field * 3;
    if (this.#fields[at]! < 0) return false;
    this.value.locate(this.bytes, this.#fields[at + 1]!, this.#fields[at + 2]!);
    return true;
  }

  /** Start of the field's tag in the bytes as they came in, -1 = absent. */
  fieldStart(field: number): number {
    if (!this.#scanned) this.#scan();
    return this.#fields[field * 3]!;
  }

  /** End of the field in the bytes as they came in. */
  fieldEnd(field: number): number {
    return this.#fields[field * 3 + 2]!;
  }

  /** A string field's text, '' when absent. */
  string(field: number): string {
    if (!this.findField(field)) return '';
    return utf8(this.value.bytes, this.value.start, this.value.end);
  }

  /** A varint field as an unsigned number (inexact above 2^53), 0 when absent. */
  uint(field: number): number {
    this.lo = 0;
    this.hi = 0;
    if (!this.findField(field)) return 0;
    const c = this.#cursor;
    c.bytes = this.value.bytes;
    c.pos = this.value.start;
    readHalves(c);
    this.lo = c.lo;
    this.hi = c.hi;
    return c.hi * 4294967296 + c.lo;
  }

  /** A fixed 64-bit field into `lo` and `hi`; zero when absent. @returns whether it is there */
  fixed64(field: number): boolean {
    this.lo = 0;
    this.hi = 0;
    if (!this.findField(field)) return false;
    this.lo = u32At(this.value.bytes, this.value.start);
    this.hi = u32At(this.value.bytes, this.value.start + 4);
    return true;
  }

  /** A fixed 32-bit field, 0 when absent. */
  fixed32(field: number): number {
    return this.findField(field) ? u32At(this.value.bytes, this.value.start) : 0;
  }

  /** Puts {@link value} on the attribute `key`. @returns false when there is none */
  find(key: AttributeKey): boolean {
    if (!this.#scanned) this.#scan();
    const { edits, node } = this;
    const edited = edits !== undefined && edits.head[node]! >= 0;
    if (edited) {
      const id = this.overlay!.knownKey(key);
      const op = id < 0 ? -1 : edits.find(node, id);
      if (op >= 0) return this.#useEdit(op);
    }
    const at = this.originalAttribute(key, 0);
    if (at < 0) return false;
    if (edited && edits.findAt(node, this.#table[at]!) >= 0) return false;
    this.value.locate(
      this.bytes,
      this.#table[at + Attribute.valueStart]!,
      this.#table[at + Attribute.valueEnd]!,
    );
    return true;
  }

  #useEdit(op: number): boolean {
    const { ops } = this.edits!;
    if (ops[op + Edit.newEnd] === ops[op + Edit.newStart]) return false;
    this.value.locate(
      this.overlay!.arena.bytes,
      ops[op + Edit.valueStart]!,
      ops[op + Edit.valueEnd]!,
    );
    return true;
  }

  /**
   * The attribute `key` as it came in, at or after place `from`. @returns its place, -1 = none;
   * the next one is looked for from that place + 1
   */
  originalAttribute(key: AttributeKey, from: number): number {
    if (from !== 0) return this.#search(key, from);
    if (key !== this.#lastKey) {
      this.#lastAt = this.#search(key, 0);
      this.#lastKey = key;
    }
    return this.#lastAt;
  }

  #search(key: AttributeKey, from: number): number {
    if (!this.#scanned) this.#scan();
    const marks = this.#marks;
    const { mark } = key;
    const count = this.#attributes;
    for (let i = Math.ceil(from / attributeStride); i < count; i += 1) {
      if (marks[i] !== mark) continue;
      const at = i * attributeStride;
      const t = this.#table;
      if (key.matches(this.bytes, t[at + 1]!, t[at + 2]!)) return at;
    }
    return -1;
  }

  /** Tag of the attribute at a place that {@link originalAttribute} gave. */
  originalStart(at: number): number {
    return this.#table[at]!;
  }

  originalEnd(at: number): number {
    return this.#table[at + Attribute.end]!;
  }

  /** Begins a walk over all attributes: `while (view.nextAttribute()) ...`; no edits meanwhile. */
  rewind(): void {
    if (!this.#scanned) this.#scan();
    this.#next = 0;
    this.#added.length = 0;
    if (this.edits === undefined || this.node < 0) return;
    const { ops, head } = this.edits;
    for (let op = head[this.node]!; op >= 0; op = ops[op]!) {
      const inserted = ops[op + Edit.oldStart] === ops[op + Edit.oldEnd];
      if (inserted && ops[op + Edit.name]! >= 0) this.#added.push(op);
    }
  }

  /** Moves to the next attribute: {@link value}, {@link keyText}. @returns false at the end */
  nextAttribute(): boolean {
    const t = this.#table;
    while (this.#next < this.#attributes) {
      const at = this.#next * attributeStride;
      this.#next += 1;
      const op = this.edits === undefined ? -1 : this.edits.findAt(this.node, t[at]!);
      if (op >= 0) {
        if (this.#useAttributeEdit(op)) return true;
        continue;
      }
      this.walkOp = -1;
      this.walkStart = t[at]!;
      this.walkEnd = t[at + Attribute.end]!;
      this.#keyBytes = this.bytes;
      this.#keyStart = t[at + Attribute.keyStart]!;
      this.#keyEnd = t[at + Attribute.keyEnd]!;
      this.value.locate(this.bytes, t[at + Attribute.valueStart]!, t[at + Attribute.valueEnd]!);
      return true;
    }
    while (this.#added.length > 0) if (this.#useAttributeEdit(this.#added.pop()!)) return true;
    return false;
  }

  /** Key and value of an attribute that an edit wrote. */
  #useAttributeEdit(op: number): boolean {
    const { ops } = this.edits!;
    if (ops[op + Edit.name]! >= duplicateName || !this.#useEdit(op)) return false;
    this.walkOp = op;
    this.walkStart = -1;
    const c = this.#cursor;
    c.bytes = this.overlay!.arena.bytes;
    c.pos = ops[op + Edit.newStart]!;
    readVarint(c);
    readVarint(c);
    c.pos += 1;
    const size = readVarint(c);
    this.#keyBytes = c.bytes;
    this.#keyStart = c.pos;
    this.#keyEnd = c.pos + size;
    return true;
  }

  /** Key of the attribute that the walk is at. */
  keyText(): string {
    return utf8(this.#keyBytes, this.#keyStart, this.#keyEnd);
  }

  /** The same through a table: keys that repeat are not decoded again. */
  internKey(table: InternTable): string {
    return table.get(this.#keyBytes, this.#keyStart, this.#keyEnd);
  }

  /** True when the walk is at `key`. */
  keyIs(key: AttributeKey): boolean {
    return key.matches(this.#keyBytes, this.#keyStart, this.#keyEnd);
  }

  /** Bytes of the key that the walk is at, in place. */
  keyBytes(): Uint8Array {
    return this.#keyBytes.subarray(this.#keyStart, this.#keyEnd);
  }
}
