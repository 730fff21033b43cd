import { isUtf8 } from 'node:buffer';
import { hashPrime, hashStart } from '../byte-table/byte-table.ts';
import { readFloat, readInteger, readTime, type Wide } from './numbers.ts';

const newline = 0x0a;
const carriage = 0x0d;
const space = 0x20;
const quote = 0x22;
const hash = 0x23;
const comma = 0x2c;
const dot = 0x2e;
const equals = 0x3d;
const backslash = 0x5c;
const del = 0x7f;

/** Kinds of field values. */
export const Kind = { double: 0, int: 1, uint: 2, bool: 3, text: 4 } as const;
/** The type of a field value by its suffix or quotes, as the line protocol has them. */
export type Kind = (typeof Kind)[keyof typeof Kind];

/** Fields that one line may have. */
export const maxFields = 16_384;

/** Bytes of measurement and tags together that one line may have, as in InfluxDB. */
const maxKeyBytes = 65_535;

/**
 * Reads InfluxDB line protocol line by line
 * (https://docs.influxdata.com/influxdb/v2/reference/syntax/line-protocol/, the grammar of
 * influxdata/line-protocol v2):
 *
 *     measurement[,tag=value...] field=value[,field=value...] [timestamp]
 *
 * {@link next} goes to the next line and splits it: where measurement and tags stand (their own
 * syntax is checked by `readSeries`), and a column for each part of its fields. Nothing is copied.
 */
export class LineReader {
  readonly bytes: Buffer;
  /** Number of the line in the text, from 1; strings may hold line breaks. */
  line = 0;
  /** Where the line begins, without blanks before it. */
  start = 0;
  /** Where it ends, the line break left out; known once it was read. */
  end = 0;
  /** Why the line is no line protocol; '' = it is, so far. */
  fault = '';
  /** Where the fault is. */
  faultAt = 0;
  /** Measurement and tags are [start, seriesEnd). */
  seriesEnd = 0;
  /** FNV-1a of these bytes. */
  seriesHash = 0;
  fieldCount = 0;
  keyStart = new Int32Array(64);
  keyEnd = new Int32Array(64);
  /** FNV-1a of a name's bytes. */
  keyHash = new Int32Array(64);
  kind = new Uint8Array(64);
  /** Value as 8 bytes, little-endian: a double, or 64 bits of an integer; 0 or 1 for bools. */
  values = new DataView(new ArrayBuffer(64 * 8));
  /** Text values without their quotes, escapes still in them. */
  textStart = new Int32Array(64);
  textEnd = new Int32Array(64);
  hasTime = false;
  /** Nanoseconds since 1970, signed 64 bits. */
  readonly time: Wide = { ok: false, lo: 0, hi: 0 };
  readonly #wide: Wide = { ok: false, lo: 0, hi: 0 };
  readonly #unitNs: number;
  readonly #hashStart: number;
  #at = 0;
  #nextLine = 1;

  /**
   * @param unitNs nanoseconds that one unit of the lines' times means
   * @param start what hashes begin with
   */
  constructor(bytes: Buffer, unitNs: number, start = hashStart) {
    this.bytes = bytes;
    this.#unitNs = unitNs;
    this.#hashStart = start;
  }

  /** @returns whether there is another line; then {@link fault} says whether it is a good one */
  next(): boolean {
    if (!this.#skipEmpty()) return false;
    this.start = this.#at;
    this.line = this.#nextLine;
    this.fault = '';
    this.fieldCount = 0;
    this.hasTime = false;
    const good = this.bytes[this.#at] !== hash && this.#series() && this.#fields();
    if (good) return true;
    if (this.fault === '') this.#fail('invalid character in a comment', this.#at);
    this.#recover();
    return true;
  }

  #fail(fault: string, at: number): false {
    this.fault = fault;
    this.faultAt = at;
    return false;
  }

  /** Goes behind the next line break. */
  #recover(): void {
    const found = this.bytes.indexOf(newline, this.#at);
    this.end = found < 0 ? this.bytes.length : found;
    if (this.end > this.start && this.bytes[this.end - 1] === carriage) this.end -= 1;
    this.#at = found < 0 ? this.bytes.length : found + 1;
    this.#nextLine += 1;
  }

  /** Skips blanks, empty lines and comments. @returns whether something is left */
  #skipEmpty(): boolean {
    const b = this.bytes;
    for (;;) {
      while (b[this.#at] === space) this.#at += 1;
      if (this.#at >= b.length) return false;
      const c = b[this.#at];
      if (c === newline || c === carriage) {
        if (!this.#lineEnd()) return true;
      } else if (c === hash) {
        const from = this.#at;
        let p = from;
        while (p < b.length && b[p]! >= space && b[p] !== del) p += 1;
        this.#at = p;
        if (!this.#lineEnd()) {
          this.#at = from;
          return true;
        }
      } else return true;
    }
  }

  /** Takes a line break or the end of the text. */
  #lineEnd(): boolean {
    const b = this.bytes;
    const c = b[this.#at];
    if (this.#at >= b.length) {
      this.end = this.#at;
      return true;
    }
    if (c === newline) {
      this.end = this.#at;
      this.#at += 1;
      this.#nextLine += 1;
      return true;
    }
    if (c !== carriage) return false;
    const last = this.#at + 1 >= b.length;
    if (!last && b[this.#at + 1] !== newline) return false;
    this.end = this.#at;
    this.#at += last ? 1 : 2;
    if (!last) this.#nextLine += 1;
    return true;
  }

  #series(): boolean {
    const b = this.bytes;
    let h = this.#hashStart;
    let p = this.#at;
    for (; p < b.length; p += 1) {
      let c = b[p]!;
      if (c === space) break;
      if (c < space || c === del) return this.#noFields(p);
      h = Math.imul(h ^ c, hashPrime);
      if (c !== backslash) continue;
      c = b[p + 1] ?? 0;
      if (c !== comma && c !== equals && c !== space) continue;
      h = Math.imul(h ^ c, hashPrime);
      p += 1;
    }
    if (p >= b.length) return this.#noFields(p);
    if (p - this.start > maxKeyBytes) {
      const length = p - this.start;
      return this.#fail(`max key length exceeded: ${length} > ${maxKeyBytes}`, this.start);
    }
    this.seriesEnd = p;
    this.seriesHash = h;
    while (b[p] === space) p += 1;
    this.#at = p;
    return true;
  }

  #noFields(at: number): false {
    const c = this.bytes[at];
    this.#at = at;
    const ended = c === undefined || c === newline || c === carriage;
    return this.#fail(ended ? 'missing fields' : 'invalid character in a name', at);
  }

  #fields(): boolean {
    const b = this.bytes;
    for (;;) {
      const i = this.fieldCount;
      if (i === maxFields) return this.#fail(`more than ${maxFields} fields`, this.#at);
      if (i === this.kind.length) this.#grow();
      if (!this.#key(i) || !this.#value(i)) return false;
      this.fieldCount = i + 1;
      const c = b[this.#at];
      if (c === comma) {
        this.#at += 1;
        continue;
      }
      if (c === newline || this.#at >= b.length) return this.#lineEnd();
      if (c !== space && c !== carriage) return this.#fail('invalid field format', this.#at);
      while (b[this.#at] === space) this.#at += 1;
      return this.#lineEnd() || this.#time();
    }
  }

  #grow(): void {
    const grown = (from: Int32Array): Int32Array<ArrayBuffer> => {
      const to = new Int32Array(from.length * 2);
      to.set(from);
      return to;
    };
    this.keyStart = grown(this.keyStart);
    this.keyEnd = grown(this.keyEnd);
    this.keyHash = grown(this.keyHash);
    this.textStart = grown(this.textStart);
    this.textEnd = grown(this.textEnd);
    const kinds = new Uint8Array(this.kind.length * 2);
    kinds.set(this.kind);
    this.kind = kinds;
    const values = new Uint8Array(this.values.byteLength * 2);
    values.set(new Uint8Array(this.values.buffer));
    this.values = new DataView(values.buffer);
  }

  /** A field's name and the `=` after it. */
  #key(i: number): boolean {
    const b = this.bytes;
    const from = this.#at;
    let h = this.#hashStart;
    let p = from;
    for (; p < b.length; p += 1) {
      const c = b[p]!;
      if (c === equals || c === comma || c <= space || c === del) break;
      h = Math.imul(h ^ c, hashPrime);
      if (c !== backslash) continue;
      const escaped = b[p + 1]!;
      if (escaped !== comma && escaped !== equals && escaped !== space) continue;
      h = Math.imul(h ^ escaped, hashPrime);
      p += 1;
    }
    this.#at = p;
    if (p === from) return this.#fail('missing field key', from);
    if (b[p] !== equals) return this.#fail('missing field value', p);
    this.keyStart[i] = from;
    this.keyEnd[i] = p;
    this.keyHash[i] = h;
    this.#at = p + 1;
    return true;
  }

  #value(i: number): boolean {
    const b = this.bytes;
    const from = this.#at;
    const c = b[from];
    if (c === quote) return this.#text(i);
    let p = from;
    for (; p < b.length; p += 1) {
      const end = b[p]!;
      if (end === comma || end === space || end === newline || end === carriage) break;
    }
    this.#at = p;
    if (p === from) return this.#fail('missing field value', from);
    if (c === 0x2d || c === dot || (c! >= 0x30 && c! <= 0x39)) return this.#number(i, from, p);
    return this.#bool(i, from, p);
  }

  #number(i: number, from: number, to: number): boolean {
    const b = this.bytes;
    const suffix = b[to - 1];
    if (suffix !== 0x69 && suffix !== 0x75) {
      const value = readFloat(b, from, to);
      if (Number.isNaN(value)) return this.#fail('invalid number', from);
      this.kind[i] = Kind.double;
      this.values.setFloat64(i * 8, value, true);
      return true;
    }
    const signed = suffix === 0x69;
    readInteger(b, from, to - 1, signed, this.#wide);
    if (!this.#wide.ok) return this.#fail('invalid number', from);
    this.kind[i] = signed ? Kind.int : Kind.uint;
    this.values.setUint32(i * 8, this.#wide.lo, true);
    this.values.setUint32(i * 8 + 4, this.#wide.hi, true);
    return true;
  }

  #bool(i: number, from: number, to: number): boolean {
    const text = to - from > 5 ? '' : this.bytes.toString('latin1', from, to);
    const yes = text === 't' || text === 'T' || /^(true|True|TRUE)$/.test(text);
    if (!yes && !/^([fF]|false|False|FALSE)$/.test(text)) {
      const boolean = /^[tTfF]/.test(this.bytes.toString('latin1', from, from + 1));
      return this.#fail(boolean ? 'invalid boolean' : 'invalid field format', from);
    }
    this.kind[i] = Kind.bool;
    this.values.setUint32(i * 8, yes ? 1 : 0, true);
    this.values.setUint32(i * 8 + 4, 0, true);
    return true;
  }

  #text(i: number): boolean {
    const b = this.bytes;
    const from = this.#at + 1;
    let ascii = true;
    let lines = 0;
    let p = from;
    for (; p < b.length; p += 1) {
      const c = b[p]!;
      if (c === quote) break;
      if (c === newline) lines += 1;
      else if (c > 127) ascii = false;
      else if (c === backslash && p + 1 < b.length) {
        const escaped = b[p + 1];
        if (escaped === quote || escaped === backslash) p += 1;
      }
    }
    if (p >= b.length) {
      this.#at = b.length;
      return this.#fail('unbalanced quotes', from - 1);
    }
    this.#nextLine += lines;
    this.#at = p + 1;
    if (!ascii && !isUtf8(b.subarray(from, p))) return this.#fail('invalid UTF-8', from);
    this.kind[i] = Kind.text;
    this.textStart[i] = from;
    this.textEnd[i] = p;
    return true;
  }

  #time(): boolean {
    const b = this.bytes;
    const from = this.#at;
    let p = from;
    for (; p < b.length; p += 1) {
      const c = b[p]!;
      if (c !== 0x2d && !(c >= 0x30 && c <= 0x39)) break;
    }
    const to = p;
    while (b[p] === space) p += 1;
    this.#at = p;
    const ended = p > to || p >= b.length || b[p] === newline || b[p] === carriage;
    if (to === from || !ended || !this.#lineEnd()) return this.#fail('bad timestamp', from);
    readTime(b, from, to, this.#unitNs, this.time);
    this.hasTime = true;
    if (this.time.ok) return true;
    this.fault = 'bad timestamp';
    this.faultAt = from;
    return true;
  }
}

/** Value of a field as a double. */
export function numberAt({ kind, values }: LineReader, i: number): number {
  if (kind[i] === Kind.double) return values.getFloat64(i * 8, true);
  if (kind[i] === Kind.int) return Number(values.getBigInt64(i * 8, true));
  return values.getUint32(i * 8 + 4, true) * 4294967296 + values.getUint32(i * 8, true);
}
