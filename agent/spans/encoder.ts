import { putVarint, varintSize, Writer } from '../../pdata/proto/writer.ts';
import { writeAttribute } from '../../pdata/values.ts';

/** Tag of field 9 of a span: one attribute. */
const ATTRIBUTE = 0x4a;
const FIELD = 9;
/** Tags in KeyValue: key, value; in AnyValue: text, bool, int, list; of an element of a list. */
const KEY = 0x0a;
const VALUE = 0x12;
const TEXT = 0x0a;
const BOOL = 0x10;
const INT = 0x18;
const LIST = 0x2a;
const ELEMENT = 0x0a;
/** Bytes that a buffer has at least; a power of two. */
const LEAST = 1 << 16;
/** Keys whose bytes are kept; others are encoded each time. */
const MAX_KEYS = 1024;
const U32 = 0x1_0000_0000;

const DIGITS = Uint8Array.from(Buffer.from('0123456789abcdef'));

/** The key of an attribute, encoded. */
export interface Key {
  readonly name: string;
  /** Field `key` of KeyValue and the tag of its value. */
  readonly bytes: Uint8Array;
}

/** The last text of a key: traffic says the same again and again. */
interface Last {
  value: string | undefined;
  /** The attribute with that text, once it came twice. */
  encoded: Uint8Array | undefined;
}

/** A key that protocols write; limits of attributes bound what is kept. */
interface ProtocolKey extends Key {
  readonly text: Last;
  /** Of lists of one text. */
  readonly list: Last;
}

/** @param name at most 90 bytes */
export function keyOf(name: string): Key {
  const text = Buffer.from(name);
  if (text.length > 90) throw new Error(`BUG: an attribute's key is too long: ${name}`);
  return { name, bytes: Uint8Array.of(KEY, text.length, ...text, VALUE) };
}

/**
 * Appends attributes and other fields of spans to one growing buffer, without objects between: the
 * bytes of a key are made once, values are written in place.
 */
export class SpanEncoder {
  /** What was written is [0, length). */
  bytes: Buffer = Buffer.allocUnsafeSlow(LEAST);
  length = 0;
  private readonly keys = new Map<string, ProtocolKey>();
  private readonly scratch = new Writer(256);

  /** Begins anew. @param keep bytes in front that stay free */
  clear(keep: number): void {
    this.length = keep;
  }

  /** Begins anew with other bytes: somebody else has these. @param keep as for `clear` */
  renew(keep: number): void {
    const size = Math.max(LEAST, this.length + (this.length >>> 2));
    this.bytes = Buffer.allocUnsafeSlow((size + LEAST - 1) & -LEAST);
    this.length = keep;
  }

  /** Makes room for `count` more bytes. */
  need(count: number): void {
    if (this.length + count > this.bytes.length) this.grow(count);
  }

  string(key: Key, value: string): void {
    const k = key.bytes;
    const units = value.length;
    const content = k.length + 3 + units;
    if (content > 127) {
      this.longString(k, value);
      return;
    }
    this.need(content + 2);
    const b = this.bytes;
    const at = this.length;
    b[at] = ATTRIBUTE;
    b[at + 1] = content;
    b.set(k, at + 2);
    let p = at + 2 + k.length;
    b[p] = units + 2;
    b[p + 1] = TEXT;
    b[p + 2] = units;
    p += 3;
    for (let i = 0; i < units; i++) {
      const code = value.charCodeAt(i);
      if (code > 127) {
        this.longString(k, value);
        return;
      }
      b[p++] = code;
    }
    this.length = p;
  }

  /** A text that the one before may equal. */
  usualString(key: ProtocolKey, value: string): void {
    const { text } = key;
    if (value !== text.value) {
      text.value = value;
      text.encoded = undefined;
      this.string(key, value);
    } else if (text.encoded !== undefined) {
      this.raw(text.encoded);
    } else {
      const from = this.length;
      this.string(key, value);
      text.encoded = Uint8Array.prototype.slice.call(this.bytes, from, this.length);
    }
  }

  /** A list whose only text the one before may equal. */
  usualStrings(key: ProtocolKey, values: readonly string[]): void {
    const { list } = key;
    const value = values.length === 1 ? values[0] : undefined;
    if (value === undefined || value !== list.value) {
      list.value = value;
      list.encoded = undefined;
      this.strings(key, values);
    } else if (list.encoded !== undefined) {
      this.raw(list.encoded);
    } else {
      const from = this.length;
      this.strings(key, values);
      list.encoded = Uint8Array.prototype.slice.call(this.bytes, from, this.length);
    }
  }

  /** @param value written as OTLP int if it is a safe integer, else as double */
  int(key: Key, value: number): void {
    if (!Number.isSafeInteger(value) || value < 0) {
      this.other(key, value);
      return;
    }
    const k = key.bytes;
    this.need(k.length + 16);
    const size = varintSize(value);
    const b = this.bytes;
    const at = this.length;
    b[at] = ATTRIBUTE;
    b[at + 1] = k.length + 2 + size;
    b.set(k, at + 2);
    const p = at + 2 + k.length;
    b[p] = size + 1;
    b[p + 1] = INT;
    this.length = putVarint(b, p + 2, value);
  }

  /** @param value two's complement of 64 bits */
  bigint(key: Key, value: bigint): void {
    this.other(key, value);
  }

  bool(key: Key, value: boolean): void {
    const k = key.bytes;
    this.need(k.length + 8);
    const b = this.bytes;
    const at = this.length;
    b[at] = ATTRIBUTE;
    b[at + 1] = k.length + 3;
    b.set(k, at + 2);
    const p = at + 2 + k.length;
    b[p] = 2;
    b[p + 1] = BOOL;
    b[p + 2] = value ? 1 : 0;
    this.length = p + 3;
  }

  strings(key: Key, values: readonly string[]): void {
    const only = values.length === 1 ? values[0]! : undefined;
    const k = key.bytes;
    const units = only === undefined ? 128 : only.length;
    const content = k.length + 7 + units;
    if (only === undefined || content > 127) {
      this.other(key, values);
      return;
    }
    this.need(content + 2);
    const b = this.bytes;
    const at = this.length;
    b[at] = ATTRIBUTE;
    b[at + 1] = content;
    b.set(k, at + 2);
    let p = at + 2 + k.length;
    b[p] = units + 6;
    b[p + 1] = LIST;
    b[p + 2] = units + 4;
    b[p + 3] = ELEMENT;
    b[p + 4] = units + 2;
    b[p + 5] = TEXT;
    b[p + 6] = units;
    p += 7;
    for (let i = 0; i < units; i++) {
      const code = only.charCodeAt(i);
      if (code > 127) {
        this.other(key, values);
        return;
      }
      b[p++] = code;
    }
    this.length = p;
  }

  /** 64 bits as 16 hex digits. */
  hex(key: Key, high: number, low: number): void {
    const k = key.bytes;
    this.need(k.length + 24);
    const b = this.bytes;
    const at = this.length;
    b[at] = ATTRIBUTE;
    b[at + 1] = k.length + 19;
    b.set(k, at + 2);
    const p = at + 2 + k.length;
    b[p] = 18;
    b[p + 1] = TEXT;
    b[p + 2] = 16;
    hexDigits(b, p + 3, high);
    hexDigits(b, p + 11, low);
    this.length = p + 19;
  }

  /** A text as the field with this tag. @param tag one byte */
  textField(tag: number, value: string): void {
    const units = value.length;
    this.need(units + 2);
    const b = this.bytes;
    const at = this.length;
    if (units < 128) {
      let i = 0;
      for (; i < units; i++) {
        const code = value.charCodeAt(i);
        if (code > 127) break;
        b[at + 2 + i] = code;
      }
      if (i === units) {
        b[at] = tag;
        b[at + 1] = units;
        this.length = at + 2 + units;
        return;
      }
    }
    const size = Buffer.byteLength(value);
    this.need(size + 6);
    this.bytes[at] = tag;
    const p = putVarint(this.bytes, at + 1, size);
    this.length = p + this.bytes.write(value, p, size);
  }

  /** Bytes that are written by hex digits, as the field with this tag; at most 127. */
  hexField(tag: number, digits: string): void {
    this.need(digits.length + 2);
    const size = this.bytes.write(digits, this.length + 2, 'hex');
    this.bytes[this.length] = tag;
    this.bytes[this.length + 1] = size;
    this.length += size + 2;
  }

  /** A moment as nanoseconds since 1970. @param nanos any whole number, relative to `seconds` */
  time(tag: number, seconds: number, nanos: number): void {
    const carry = Math.floor(nanos / 1e9);
    const whole = seconds + carry;
    const top = Math.floor(whole / 65536) * 1e9;
    const rest = (top % 65536) * 65536 + (whole % 65536) * 1e9 + (nanos - carry * 1e9);
    this.need(9);
    const b = this.bytes;
    b[this.length] = tag;
    word(b, this.length + 1, (rest % U32) | 0);
    word(b, this.length + 5, (Math.floor(top / 65536) + Math.floor(rest / U32)) | 0);
    this.length += 9;
  }

  raw(bytes: Uint8Array): void {
    this.need(bytes.length);
    this.bytes.set(bytes, this.length);
    this.length += bytes.length;
  }

  /** Starts a nested message, whose length takes two bytes mostly. @returns what `close` takes */
  open(tag: number): number {
    this.need(3);
    const at = this.length;
    this.bytes[at] = tag;
    this.length = at + 3;
    return at + 3;
  }

  close(body: number): void {
    const size = this.length - body;
    const bytes = varintSize(size);
    if (bytes !== 2) {
      this.need(bytes);
      this.bytes.copyWithin(body - 2 + bytes, body, this.length);
      this.length += bytes - 2;
    }
    putVarint(this.bytes, body - 2, size);
  }

  /** The key with this name, made once. */
  key(name: string): ProtocolKey {
    const known = this.keys.get(name);
    if (known !== undefined) return known;
    const nothing = { value: undefined, encoded: undefined };
    const made = { ...keyOf(name), text: { ...nothing }, list: { ...nothing } };
    if (this.keys.size < MAX_KEYS) this.keys.set(name, made);
    return made;
  }

  private longString(key: Uint8Array, value: string): void {
    const size = Buffer.byteLength(value);
    const inner = 1 + varintSize(size) + size;
    const content = key.length + varintSize(inner) + inner;
    this.need(content + 6);
    const b = this.bytes;
    b[this.length] = ATTRIBUTE;
    let p = putVarint(b, this.length + 1, content);
    b.set(key, p);
    p = putVarint(b, p + key.length, inner);
    b[p] = TEXT;
    p = putVarint(b, p + 1, size);
    this.length = p + b.write(value, p, size);
  }

  /** Whatever is rare. */
  private other(key: Key, value: number | bigint | readonly string[]): void {
    const { scratch } = this;
    writeAttribute(scratch, FIELD, key.name, value);
    const { bytes, length } = scratch;
    this.need(length);
    this.bytes.set(bytes.subarray(0, length), this.length);
    this.length += length;
    scratch.length = 0;
  }

  private grow(count: number): void {
    const size = Math.max(this.bytes.length * 2, this.length + count);
    const bytes = Buffer.allocUnsafeSlow(size);
    bytes.set(this.bytes.subarray(0, this.length));
    this.bytes = bytes;
  }
}

/** 32 bits as 8 hex digits. */
function hexDigits(b: Uint8Array, at: number, value: number): void {
  b[at] = DIGITS[value >>> 28]!;
  b[at + 1] = DIGITS[(value >>> 24) & 15]!;
  b[at + 2] = DIGITS[(value >>> 20) & 15]!;
  b[at + 3] = DIGITS[(value >>> 16) & 15]!;
  b[at + 4] = DIGITS[(value >>> 12) & 15]!;
  b[at + 5] = DIGITS[(value >>> 8) & 15]!;
  b[at + 6] = DIGITS[(value >>> 4) & 15]!;
  b[at + 7] = DIGITS[value & 15]!;
}

/** 32 bits, little endian. */
function word(b: Uint8Array, at: number, value: number): void {
  b[at] = value;
  b[at + 1] = value >>> 8;
  b[at + 2] = value >>> 16;
  b[at + 3] = value >>> 24;
}
