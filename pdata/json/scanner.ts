import { isUtf8 } from '../check.ts';
import type { Writer } from '../proto/writer.ts';
import type { Field } from '../schema.ts';
import type { FieldNames } from './field-names.ts';
import { EscapeFault, hexValue, unescapedSize, writeUnescaped } from './unescape.ts';

/** A fault in JSON text; the caller knows the path. */
export class JsonFault extends Error {
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}

const quote = 0x22;
const backslash = 0x5c;

function shown(byte: number | undefined): string {
  if (byte === undefined) return 'the end';
  return byte > 32 && byte < 127 ? `'${String.fromCharCode(byte)}'` : `byte 0x${byte.toString(16)}`;
}

/** Reads JSON (RFC 8259) tokens from UTF-8 bytes, one after the other. */
export class Scanner {
  readonly bytes: Uint8Array;
  pos = 0;
  /** Where the text that {@link text} read stands. */
  source: Uint8Array;
  from = 0;
  to = 0;
  readonly #buffer: Buffer;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.source = bytes;
    this.#buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) this.pos = 3;
  }

  /** The next byte that is not white space; -1 at the end. */
  peek(): number {
    const b = this.bytes;
    while (this.pos < b.length) {
      const byte = b[this.pos]!;
      if (byte !== 32 && byte !== 10 && byte !== 13 && byte !== 9) return byte;
      this.pos += 1;
    }
    return -1;
  }

  fault(expected: string): JsonFault {
    return new JsonFault(`expected ${expected}, found ${shown(this.bytes[this.pos])}`, this.pos);
  }

  /** Takes `byte`, which must be next. */
  expect(byte: number): void {
    if (this.peek() !== byte) throw this.fault(`'${String.fromCharCode(byte)}'`);
    this.pos += 1;
  }

  /** Takes `byte` if it is next. */
  take(byte: number): boolean {
    if (this.peek() !== byte) return false;
    this.pos += 1;
    return true;
  }

  /** Takes `null` if it is next. */
  takeNull(): boolean {
    if (this.peek() !== 0x6e) return false;
    this.word('null');
    return true;
  }

  /** Takes a literal name. */
  word(text: string): void {
    for (let i = 0; i < text.length; i += 1) {
      if (this.bytes[this.pos + i] !== text.charCodeAt(i)) throw this.fault(`'${text}'`);
    }
    this.pos += text.length;
  }

  /**
   * Finds the end of a string whose opening quote is next. @returns position of the closing quote,
   * negated when there are escapes; pos stays at the first byte of the text
   */
  #stringEnd(): number {
    this.expect(quote);
    const b = this.bytes;
    let escaped = false;
    let high = 0;
    for (let p = this.pos; p < b.length; p += 1) {
      const byte = b[p]!;
      high |= byte;
      if (byte === quote) {
        if (high > 127 && !isUtf8(b, this.pos, p)) {
          throw new JsonFault('text is not valid UTF-8', this.pos);
        }
        return escaped ? -p : p;
      }
      if (byte === backslash) {
        escaped = true;
        p += 1;
      } else if (byte < 32) throw new JsonFault('control character in a string', p);
    }
    throw new JsonFault('a string is not ended', this.pos - 1);
  }

  /** A string's text. */
  string(): string {
    const found = this.#stringEnd();
    const end = Math.abs(found);
    const text =
      found > 0
        ? this.#buffer.toString('utf8', this.pos, end)
        : this.#unescaped(this.pos, end).toString();
    this.pos = end + 1;
    return text;
  }

  /** A string as a range of UTF-8: of `bytes`, or of bytes of its own when it has escapes. */
  text(): void {
    const found = this.#stringEnd();
    const end = Math.abs(found);
    if (found > 0) {
      this.source = this.bytes;
      this.from = this.pos;
      this.to = end;
    } else {
      this.source = this.#unescaped(this.pos, end);
      this.from = 0;
      this.to = this.source.length;
    }
    this.pos = end + 1;
  }

  /** A key's field by the bytes of its name; undefined for names that `names` does not have. */
  field(names: FieldNames): Field | undefined {
    const found = this.#stringEnd();
    const start = this.pos;
    this.pos = Math.abs(found) + 1;
    if (found < 0) return names.byText(this.#unescaped(start, -found).toString());
    return names.find(this.bytes, start, found);
  }

  /** A string as a length-delimited value: length, then UTF-8. */
  stringTo(w: Writer): void {
    const found = this.#stringEnd();
    if (found < 0) {
      const size = this.#escaped(this.pos, -found);
      w.varint(size);
      w.need(size);
      writeUnescaped(this.bytes, this.pos, -found, w.bytes, w.length);
      w.length += size;
      this.pos = 1 - found;
      return;
    }
    w.varint(found - this.pos);
    w.copy(this.bytes, this.pos, found);
    this.pos = found + 1;
  }

  /**
   * A string of exactly `size * 2` hex digits as length and bytes. @returns false, and takes
   * nothing, when it is anything else
   */
  hexTo(w: Writer, size: number): boolean {
    const b = this.bytes;
    const start = this.pos + 1;
    const end = start + size * 2;
    if (this.peek() !== quote || end >= b.length || b[end] !== quote) return false;
    w.need(size + 1);
    const out = w.bytes;
    out[w.length] = size;
    for (let i = 0; i < size; i += 1) {
      const high = hexValue[b[start + i * 2]!]!;
      const low = hexValue[b[start + i * 2 + 1]!]!;
      if ((high | low) > 15) return false;
      out[w.length + 1 + i] = high * 16 + low;
    }
    w.length += size + 1;
    this.pos = end + 1;
    return true;
  }

  /** Checks the escapes of a text. @returns bytes of it without them */
  #escaped(from: number, to: number): number {
    try {
      return unescapedSize(this.bytes, from, to);
    } catch (error) {
      throw error instanceof EscapeFault ? new JsonFault(error.message, from) : error;
    }
  }

  #unescaped(from: number, to: number): Buffer {
    const out = Buffer.allocUnsafe(this.#escaped(from, to));
    writeUnescaped(this.bytes, from, to, out, 0);
    return out;
  }

  /** The text of a number, checked against JSON's grammar. */
  number(): string {
    this.peek();
    const start = this.pos;
    const b = this.bytes;
    const digits = (): void => {
      const first = this.pos;
      while (b[this.pos]! >= 48 && b[this.pos]! <= 57) this.pos += 1;
      if (this.pos === first) throw this.fault('a digit');
    };
    if (b[this.pos] === 0x2d) this.pos += 1;
    const leadingZero = b[this.pos] === 48;
    const first = this.pos;
    digits();
    if (leadingZero && this.pos > first + 1) throw new JsonFault('a number begins with 0', start);
    if (b[this.pos] === 0x2e) {
      this.pos += 1;
      digits();
    }
    if (b[this.pos] === 0x65 || b[this.pos] === 0x45) {
      this.pos += 1;
      if (b[this.pos] === 0x2b || b[this.pos] === 0x2d) this.pos += 1;
      digits();
    }
    return this.#buffer.toString('latin1', start, this.pos);
  }

  /** Skips any value. @param nesting objects and arrays that may still be opened */
  skip(nesting: number): void {
    const next = this.peek();
    if (next === quote) {
      const found = this.#stringEnd();
      if (found < 0) this.#escaped(this.pos, -found);
      this.pos = Math.abs(found) + 1;
    } else if (next === 0x7b || next === 0x5b) this.#skipContainer(next, nesting);
    else if (next === 0x74) this.word('true');
    else if (next === 0x66) this.word('false');
    else if (next === 0x6e) this.word('null');
    else if (next === 0x2d || (next >= 48 && next <= 57)) this.number();
    else throw this.fault('a value');
  }

  #skipContainer(open: number, nesting: number): void {
    if (nesting <= 0) throw new JsonFault('nesting is too deep', this.pos);
    this.pos += 1;
    const close = open + 2;
    if (this.take(close)) return;
    for (;;) {
      if (open === 0x7b) {
        if (this.peek() !== quote) throw this.fault('a key');
        this.skip(0);
        this.expect(0x3a);
      }
      this.skip(nesting - 1);
      if (this.take(close)) return;
      if (!this.take(0x2c)) throw this.fault(`',' or '${String.fromCharCode(close)}'`);
    }
  }
}
