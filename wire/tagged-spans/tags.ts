import { putVarint, varintSize, type Writer } from '../../pdata/proto/writer.ts';
import type { KeyTable } from './keys.ts';

/** What the value of a tag is. */
export const TagKind = { gone: 0, text: 1, bool: 2, int: 3, double: 4, bytes: 5 } as const;

/** Field of AnyValue by kind. */
const valueTag: readonly number[] = [0, 0x0a, 0x10, 0x18, 0x21, 0x3a];

/**
 * The tags of one span, or of one event, as columns that are used again. A key stands once: setting
 * it again replaces the value in its place.
 */
export class TagList {
  readonly keys: KeyTable;
  count = 0;
  key = new Int32Array(64);
  kind = new Uint8Array(64);
  /** Text and bytes: range in `source`. Integers and booleans: low and high 32 bits. */
  a = new Int32Array(64);
  b = new Int32Array(64);
  num = new Float64Array(64);
  source: Uint8Array[] = [];
  /** Place of each key, valid where `stamp` is that of this filling. */
  #place = new Int32Array(256);
  #stamp = new Int32Array(256);
  #filling = 1;

  constructor(keys: KeyTable) {
    this.keys = keys;
  }

  clear(): void {
    this.count = 0;
    this.#filling += 1;
    if (this.#filling < 0x7fffffff) return;
    this.#stamp.fill(0);
    this.#filling = 1;
  }

  /** Lets go of the messages that texts stand in. */
  release(): void {
    this.clear();
    this.source.length = 0;
  }

  /** The place of a key; -1 = it is not there. */
  find(key: number): number {
    if (key >= this.#stamp.length || this.#stamp[key] !== this.#filling) return -1;
    const at = this.#place[key]!;
    return this.kind[at] === TagKind.gone ? -1 : at;
  }

  /** The place for a key's value: its own, or the next one. */
  #at(key: number, kind: number): number {
    if (key >= this.#stamp.length) this.#growKeys(key);
    let at = this.count;
    if (this.#stamp[key] === this.#filling) at = this.#place[key]!;
    else {
      if (at === this.key.length) this.#grow();
      this.count += 1;
      this.#stamp[key] = this.#filling;
      this.#place[key] = at;
      this.key[at] = key;
    }
    this.kind[at] = kind;
    return at;
  }

  #growKeys(key: number): void {
    const size = Math.max(this.#stamp.length * 2, key + 1);
    this.#stamp = grown(this.#stamp, size);
    this.#place = grown(this.#place, size);
  }

  #grow(): void {
    const size = this.key.length * 2;
    this.key = grown(this.key, size);
    this.a = grown(this.a, size);
    this.b = grown(this.b, size);
    const kind = new Uint8Array(size);
    kind.set(this.kind);
    this.kind = kind;
    const num = new Float64Array(size);
    num.set(this.num);
    this.num = num;
  }

  /** Text as bytes [from, to) of `source`, which stay as they are until the tags are written. */
  text(key: number, source: Uint8Array, from: number, to: number): void {
    this.#range(key, TagKind.text, source, from, to);
  }

  bytes(key: number, source: Uint8Array, from: number, to: number): void {
    this.#range(key, TagKind.bytes, source, from, to);
  }

  #range(key: number, kind: number, source: Uint8Array, from: number, to: number): void {
    const at = this.#at(key, kind);
    this.a[at] = from;
    this.b[at] = to;
    this.source[at] = source;
  }

  string(key: number, text: string): void {
    const bytes = Buffer.from(text);
    this.text(key, bytes, 0, bytes.length);
  }

  bool(key: number, value: boolean): void {
    this.int(key, value ? 1 : 0, 0);
    this.kind[this.#place[key]!] = TagKind.bool;
  }

  /** 64 bits, two's complement, as halves. */
  int(key: number, lo: number, hi: number): void {
    const at = this.#at(key, TagKind.int);
    this.a[at] = lo;
    this.b[at] = hi;
  }

  double(key: number, value: number): void {
    this.num[this.#at(key, TagKind.double)] = value;
  }

  /** Takes the tag at a place out. */
  remove(at: number): void {
    this.kind[at] = TagKind.gone;
  }

  /** Gives the tag at a place another key. */
  rename(at: number, key: number): void {
    this.copy(at, key);
    this.remove(at);
  }

  /** Sets another key to the value at a place. */
  copy(at: number, key: number): void {
    const kind = this.kind[at]!;
    const to = this.#at(key, kind);
    this.a[to] = this.a[at]!;
    this.b[to] = this.b[at]!;
    this.num[to] = this.num[at]!;
    this.source[to] = this.source[at]!;
  }

  /** Text of the value at a place; '' when it is none. */
  textAt(at: number): string {
    const kind = this.kind[at];
    if (kind !== TagKind.text) return '';
    return Buffer.from(this.source[at]!.subarray(this.a[at], this.b[at])).toString('utf8');
  }

  /** Whether the value at a place is this text. */
  isText(at: number, text: string): boolean {
    if (this.kind[at] !== TagKind.text) return false;
    const from = this.a[at]!;
    if (this.b[at]! - from !== text.length) return false;
    const source = this.source[at]!;
    for (let i = 0; i < text.length; i += 1) {
      if (source[from + i] !== text.charCodeAt(i)) return false;
    }
    return true;
  }

  /** Writes the tags as attributes in field `field` (below 16). */
  write(w: Writer, field: number): void {
    for (let at = 0; at < this.count; at += 1) {
      if (this.kind[at] !== TagKind.gone) this.writeOne(w, field, at);
    }
  }

  /** Writes the tag at a place as a KeyValue. */
  writeOne(w: Writer, field: number, at: number): void {
    const key = this.keys.encoded[this.key[at]!]!;
    const kind = this.kind[at]!;
    const size = this.#size(at, kind);
    const value = 1 + size;
    const pair = key.length + 1 + varintSize(value) + value;
    w.need(pair + 6);
    const out = w.bytes;
    let p = w.length;
    out[p] = field * 8 + 2;
    p = putVarint(out, p + 1, pair);
    for (let i = 0; i < key.length; i += 1, p += 1) out[p] = key[i]!;
    out[p] = 0x12;
    p = putVarint(out, p + 1, value);
    out[p] = valueTag[kind]!;
    w.length = p + 1;
    this.#value(w, at, kind);
  }

  /** Bytes of the value after its tag. */
  #size(at: number, kind: number): number {
    switch (kind) {
      case TagKind.bool:
        return 1;
      case TagKind.int:
        return halvesSize(this.a[at]!, this.b[at]!);
      case TagKind.double:
        return 8;
      default: {
        const length = this.b[at]! - this.a[at]!;
        return varintSize(length) + length;
      }
    }
  }

  #value(w: Writer, at: number, kind: number): void {
    const a = this.a[at]!;
    const b = this.b[at]!;
    if (kind === TagKind.bool || kind === TagKind.int) w.varintHalves(a, b);
    else if (kind === TagKind.double) w.double(this.num[at]!);
    else {
      w.varint(b - a);
      w.copy(this.source[at]!, a, b);
    }
  }
}

/** Bytes that a varint of 64 bits takes. */
function halvesSize(lo: number, hi: number): number {
  const low = lo >>> 0;
  const high = hi >>> 0;
  if (high === 0) return varintSize(low);
  const bits = 64 - Math.clz32(high);
  return Math.ceil(bits / 7);
}

function grown(array: Int32Array<ArrayBuffer>, size: number): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(size);
  larger.set(array);
  return larger;
}
