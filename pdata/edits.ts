import type { AttributeKey } from './attribute-key.ts';
import { EditIndex } from './edit-index.ts';
import { putVarint, varintSize, Writer } from './proto/writer.ts';
import type { Tree } from './tree.ts';

/** Columns of one edit in {@link PartEdits.ops}. */
export const Edit = {
  /** Next edit of the same node, -1 at the end. */
  next: 0,
  /** Key number of an attribute, or minus the number of another field. */
  name: 1,
  /** What is written instead: bytes of the arena; empty = nothing. */
  newStart: 2,
  newEnd: 3,
  /** What is replaced: bytes of the request; empty = insertion there. */
  oldStart: 4,
  oldEnd: 5,
  /** The value inside what is written: an AnyValue, or the field's bytes. */
  valueStart: 6,
  valueEnd: 7,
} as const;

/** Numbers of an edit. */
export const editStride = 8;

/** Name of edits that only take out a later attribute with the same key. */
export const duplicateName = 0x40000000;

/** Longer lists of edits are looked up in an index. */
const shortList = 64;

/** Edits of one request: lists of edits, one list a node, in one growing array. */
export class PartEdits {
  /** First edit of each node (the newest), -1 = none. */
  head: Int32Array;
  /** By how many bytes the edits make each node longer, its children not counted. */
  growth: Int32Array;
  ops: Int32Array;
  count = 0;
  /** Of the node with a long list that was asked for last. */
  #index: EditIndex | undefined;

  constructor(nodes: number) {
    this.head = new Int32Array(nodes).fill(-1);
    this.growth = new Int32Array(nodes);
    this.ops = new Int32Array(8 * editStride);
  }

  /** Forgets the edits of node 0, the only node. */
  reset(): void {
    this.head[0] = -1;
    this.growth[0] = 0;
    this.count = 0;
    this.#index = undefined;
  }

  clone(): PartEdits {
    const copy = new PartEdits(0);
    copy.head = this.head.slice();
    copy.growth = this.growth.slice();
    copy.ops = this.ops.slice();
    copy.count = this.count;
    return copy;
  }

  /** Adds an edit of `node` that replaces [oldStart, oldEnd) by nothing yet. @returns its place */
  add(node: number, name: number, oldStart: number, oldEnd: number): number {
    const at = this.count * editStride;
    if (at === this.ops.length) {
      const grown = new Int32Array(this.ops.length * 2);
      grown.set(this.ops);
      this.ops = grown;
    }
    const o = this.ops;
    o[at] = this.head[node]!;
    o[at + 1] = name;
    o[at + 2] = 0;
    o[at + 3] = 0;
    o[at + 4] = oldStart;
    o[at + 5] = oldEnd;
    o[at + 6] = 0;
    o[at + 7] = 0;
    this.head[node] = at;
    this.growth[node]! += oldStart - oldEnd;
    this.count += 1;
    if (this.#index?.node === node) this.#index.add(at, name, oldStart, oldEnd);
    return at;
  }

  /** Gives an edit another name. */
  rename(op: number, name: number): void {
    this.ops[op + Edit.name] = name;
    this.#index = undefined;
  }

  /** Sets what an edit writes. */
  put(node: number, op: number, newStart: number, newEnd: number, from: number, to: number): void {
    const o = this.ops;
    this.growth[node]! += newEnd - newStart - (o[op + Edit.newEnd]! - o[op + Edit.newStart]!);
    o[op + Edit.newStart] = newStart;
    o[op + Edit.newEnd] = newEnd;
    o[op + Edit.valueStart] = from;
    o[op + Edit.valueEnd] = to;
  }

  /** The edit of `node` with this name, -1 = none. */
  find(node: number, name: number): number {
    const o = this.ops;
    let op = this.head[node]!;
    for (let left = shortList; op >= 0 && o[op + Edit.name] !== name; left -= 1) {
      if (left === 0) return this.#indexOf(node).named(name);
      op = o[op]!;
    }
    return op;
  }

  /** The edit of `node` that replaces what begins at `oldStart`, -1 = none. */
  findAt(node: number, oldStart: number): number {
    const o = this.ops;
    let op = this.head[node]!;
    for (let left = shortList; op >= 0; left -= 1) {
      if (o[op + Edit.oldStart] === oldStart && o[op + Edit.oldEnd] !== oldStart) return op;
      if (left === 0) return this.#indexOf(node).at(oldStart);
      op = o[op]!;
    }
    return op;
  }

  #indexOf(node: number): EditIndex {
    if (this.#index?.node === node) return this.#index;
    const index = new EditIndex(node);
    const list: number[] = [];
    const o = this.ops;
    for (let op = this.head[node]!; op >= 0; op = o[op]!) list.push(op);
    for (const op of list.reverse()) {
      index.add(op, o[op + Edit.name]!, o[op + Edit.oldStart]!, o[op + Edit.oldEnd]!);
    }
    this.#index = index;
    return index;
  }
}

/** What was last written for a key: repeated edits with one value share their bytes. */
interface LastWritten {
  value: Uint8Array;
  field: number;
  start: number;
  end: number;
}

/** What was last written for a text field. */
interface LastText {
  text: string;
  start: number;
  end: number;
  size: number;
}

/** All edits of a batch. The arena holds the bytes that edits write. */
export class Overlay {
  /** Number of edits made so far; 0 = the batch is as it came in. */
  version = 0;
  readonly arena = new Writer(256);
  readonly parts: (PartEdits | undefined)[] = [];
  readonly #keys = new Map<string, number>();
  readonly #last: (LastWritten | undefined)[] = [];
  readonly #lastTexts: (LastText | undefined)[] = [];

  clone(): Overlay {
    const copy = new Overlay();
    copy.version = this.version;
    copy.arena.copy(this.arena.bytes, 0, this.arena.length);
    for (const part of this.parts) copy.parts.push(part?.clone());
    for (const [key, id] of this.#keys) copy.#keys.set(key, id);
    return copy;
  }

  /** Number of keys that were numbered. */
  get keyCount(): number {
    return this.#keys.size;
  }

  /** Forgets all edits and what was written; keys keep their numbers, the arena its memory. */
  reset(): void {
    this.version = 0;
    this.arena.length = 0;
    this.#last.length = 0;
    this.#lastTexts.length = 0;
    for (const part of this.parts) part?.reset();
  }

  /** Edits of request `i`, made if there are none. */
  part(i: number, tree: Tree): PartEdits {
    return (this.parts[i] ??= new PartEdits(tree.count));
  }

  /** Number of a key in this overlay, -1 when no edit has named it. */
  knownKey(key: AttributeKey): number {
    if (key.numberedBy === this) return key.number;
    const id = this.#keys.get(key.text);
    return id === undefined ? -1 : this.#remember(key, id);
  }

  keyNumber(key: AttributeKey): number {
    const known = this.knownKey(key);
    if (known >= 0) return known;
    const id = this.#keys.size;
    this.#keys.set(key.text, id);
    return this.#remember(key, id);
  }

  #remember(key: AttributeKey, id: number): number {
    key.numberedBy = this;
    key.number = id;
    return id;
  }

  /**
   * Writes a KeyValue as field `field` to the arena. @returns where it begins; it ends at
   * {@link lastEnd} and its value takes the last `value.length` bytes
   */
  writeAttribute(id: number, key: AttributeKey, value: Uint8Array, field: number): number {
    const last = this.#last[id];
    if (last !== undefined && last.value === value && last.field === field) {
      this.lastEnd = last.end;
      return last.start;
    }
    const start = this.copyAttribute(key, value, 0, value.length, field);
    this.#last[id] = { value, field, start, end: this.lastEnd };
    return start;
  }

  /** The same with the value at [from, to) of `source`, which may be the arena itself. */
  copyAttribute(
    key: AttributeKey,
    source: Uint8Array,
    from: number,
    to: number,
    field: number,
  ): number {
    const { arena } = this;
    const keySize = key.bytes.length;
    const size = to - from;
    const body = 2 + varintSize(keySize) + keySize + varintSize(size) + size;
    arena.need(body + 12);
    const start = arena.length;
    const b = arena.bytes;
    let p = putVarint(b, start, field * 8 + 2);
    p = putVarint(b, p, body);
    b[p] = 10;
    p = putVarint(b, p + 1, keySize);
    b.set(key.bytes, p);
    p += keySize;
    b[p] = 18;
    arena.length = putVarint(b, p + 1, size);
    arena.copy(source, from, to);
    this.lastEnd = arena.length;
    return start;
  }

  /**
   * Writes a KeyValue whose value is a short ASCII text. @returns where it begins, its value takes
   * the last `text.length + 2` bytes; -1 for another text, for which nothing is written
   */
  writeShortText(key: AttributeKey, text: string, field: number): number {
    const { arena } = this;
    const keySize = key.bytes.length;
    const units = text.length;
    if (units > 100 || keySize > 100) return -1;
    const body = keySize + units + 6;
    arena.need(body + 12);
    const start = arena.length;
    const b = arena.bytes;
    let p = putVarint(b, start, field * 8 + 2);
    p = putVarint(b, p, body);
    b[p] = 10;
    b[p + 1] = keySize;
    p += 2;
    for (let i = 0; i < keySize; i += 1, p += 1) b[p] = key.bytes[i]!;
    b[p] = 18;
    b[p + 1] = units + 2;
    b[p + 2] = 10;
    b[p + 3] = units;
    p += 4;
    for (let i = 0; i < units; i += 1, p += 1) {
      const code = text.charCodeAt(i);
      if (code > 127) return -1;
      b[p] = code;
    }
    arena.length = p;
    this.lastEnd = p;
    return start;
  }

  /** End of what {@link writeAttribute} or {@link writeText} wrote last. */
  lastEnd = 0;
  /** Bytes of the value that {@link writeText} wrote last. */
  lastSize = 0;

  /** Writes a string field to the arena. @returns where it begins */
  writeText(field: number, text: string): number {
    let last = this.#lastTexts[field];
    if (last === undefined || last.text !== text) {
      const { arena } = this;
      const start = arena.length;
      arena.tag(field, 2);
      const before = arena.length;
      arena.string(text);
      const written = arena.length - before;
      // the length comes first; it takes as many bytes as varintSize of what follows
      let head = 1;
      while (varintSize(written - head) !== head) head += 1;
      last = { text, start, end: arena.length, size: written - head };
      this.#lastTexts[field] = last;
    }
    this.lastEnd = last.end;
    this.lastSize = last.size;
    return last.start;
  }
}
