import { JsonFault, Scanner } from '../../pdata/json/scanner.ts';
import { noBytes } from '../../pdata/proto/cursor.ts';
import { WireError } from '../../pdata/wire-error.ts';
import type { ReadSpans } from '../tagged-spans/outcome.ts';

/** Objects and lists inside each other that are skipped. */
const maxNesting = 64;

const openBrace = 0x7b;
const closeBrace = 0x7d;
const openBracket = 0x5b;
const closeBracket = 0x5d;
const comma = 0x2c;
const colon = 0x3a;

/** Value of each byte as a hex digit, 16 = none. */
const hexValue = Uint8Array.from({ length: 256 }, (_, byte) => {
  const digit = Number.parseInt(String.fromCharCode(byte), 16);
  return Number.isNaN(digit) ? 16 : digit;
});

/** Names of an object's keys. */
export function namesOf(...names: string[]): readonly Uint8Array[] {
  return names.map((name) => Buffer.from(name));
}

/** A span that is not as it should be, in JSON that is; the next one can be read. */
export class SpanFault extends Error {}

/** A text that was read, in place. */
export class TextRange {
  source: Uint8Array = noBytes;
  from = 0;
  to = 0;

  clear(): void {
    this.source = noBytes;
    this.from = 0;
    this.to = 0;
  }

  /** Reads the text that comes next. */
  read(input: Scanner): void {
    input.text();
    this.source = input.source;
    this.from = input.from;
    this.to = input.to;
  }
}

/** Where the spans of a list go. */
interface SpanSink {
  refuse(reason: string): void;
  finish(): ReadSpans;
  discard(): void;
}

/** Pulls Zipkin's values out of JSON. */
export class JsonReader {
  readonly in: Scanner;

  constructor(bytes: Uint8Array) {
    this.in = new Scanner(bytes);
  }

  /**
   * Calls `read` for each element of the list that the text is, which reads it whole. One with a
   * SpanFault or a value of another type is refused; elements that are null are passed over.
   * @throws WireError for what is no JSON; nothing of it is kept
   */
  spans(read: () => void, sink: SpanSink): ReadSpans {
    const input = this.in;
    try {
      if (input.peek() === 0x6e) input.word('null');
      else {
        input.expect(openBracket);
        this.elements(() => this.#span(read, sink));
      }
      if (input.peek() >= 0) throw input.fault('the end');
      return sink.finish();
    } catch (error) {
      sink.discard();
      if (!(error instanceof JsonFault)) throw error;
      throw new WireError(
        `cannot read JSON at byte ${error.offset}: ${error.message}`,
        error.offset,
        '',
      );
    }
  }

  #span(read: () => void, sink: SpanSink): void {
    const input = this.in;
    if (input.takeNull()) return;
    const start = input.pos;
    try {
      read();
    } catch (error) {
      if (!(error instanceof JsonFault || error instanceof SpanFault)) throw error;
      input.pos = start;
      input.skip(maxNesting);
      sink.refuse(error.message);
    }
  }

  /** Reads list elements up to and with the closing bracket; the opening one is taken. */
  elements(read: () => void): void {
    const input = this.in;
    if (input.take(closeBracket)) return;
    for (;;) {
      read();
      if (input.take(closeBracket)) return;
      if (!input.take(comma)) throw input.fault("',' or ']'");
    }
  }

  /** A list or null. */
  list(read: () => void): void {
    const input = this.in;
    if (input.takeNull()) return;
    input.expect(openBracket);
    this.elements(read);
  }

  /**
   * An object or null. `read` gets the index of each key in `names` and reads its value; nulls and
   * keys that are not there are passed over. Keys are compared as Go does, any case.
   */
  object(names: readonly Uint8Array[], read: (index: number) => void): void {
    const input = this.in;
    if (input.takeNull()) return;
    input.expect(openBrace);
    if (input.take(closeBrace)) return;
    for (;;) {
      input.text();
      const index = find(names, input.source, input.from, input.to);
      input.expect(colon);
      if (index < 0) input.skip(maxNesting);
      else if (!input.takeNull()) read(index);
      if (input.take(closeBrace)) return;
      if (!input.take(comma)) throw input.fault("',' or '}'");
    }
  }

  /** An object of texts or null: `key` is called after each key, `value` after its text. */
  texts(key: () => void, value: () => void): void {
    const input = this.in;
    if (input.takeNull()) return;
    input.expect(openBrace);
    if (input.take(closeBrace)) return;
    for (;;) {
      input.text();
      key();
      input.expect(colon);
      if (input.takeNull()) {
        input.from = 0;
        input.to = 0;
      } else input.text();
      value();
      if (input.take(closeBrace)) return;
      if (!input.take(comma)) throw input.fault("',' or '}'");
    }
  }

  bool(): boolean {
    const input = this.in;
    const next = input.peek();
    if (next === 0x74) input.word('true');
    else if (next === 0x66) input.word('false');
    else throw input.fault('true or false');
    return next === 0x74;
  }

  /** A whole number. @param what it is, for the message */
  integer(what: string): number {
    const input = this.in;
    input.peek();
    const { bytes, pos: start } = input;
    let p = start;
    let value = 0;
    while (bytes[p]! >= 48 && bytes[p]! <= 57) {
      value = value * 10 + bytes[p]! - 48;
      p += 1;
    }
    const next = bytes[p]!;
    const plain = p > start && p - start < 16 && (bytes[start] !== 48 || p === start + 1);
    if (plain && next !== 0x2e && next !== 0x65 && next !== 0x45) {
      input.pos = p;
      return value;
    }
    const text = input.number();
    if (!/^-?\d+$/.test(text)) throw new SpanFault(`${what} ${text} is no whole number`);
    return Number(text);
  }

  /** A whole number that is not negative. */
  unsigned(what: string): number {
    const value = this.integer(what);
    if (value < 0) throw new SpanFault(`${what} ${value} is negative`);
    return value;
  }

  /**
   * The hex digits of an id, as many as it has, at the end of `out`.
   * @param what it is, for the message
   */
  hexTo(out: Uint8Array, what: string): void {
    const input = this.in;
    input.text();
    const { source, from, to } = input;
    const digits = to - from;
    if (digits > out.length * 2) throw this.badId(what);
    out.fill(0);
    for (let i = 0; i < digits; i += 1) {
      const value = hexValue[source[to - 1 - i]!]!;
      if (value > 15) throw this.badId(what);
      out[out.length - 1 - (i >> 1)]! |= i % 2 === 0 ? value : value << 4;
    }
  }

  /** The fault of the text that was just read. */
  badId(what: string): SpanFault {
    const { source, from, to } = this.in;
    const text = Buffer.from(source.subarray(from, Math.min(to, from + 64))).toString('utf8');
    return new SpanFault(`${what} ${JSON.stringify(text)} is not hex of the right length`);
  }
}

function find(names: readonly Uint8Array[], b: Uint8Array, from: number, to: number): number {
  for (let i = 0; i < names.length; i += 1) {
    const name = names[i]!;
    if (name.length !== to - from) continue;
    let p = 0;
    while (p < name.length && (name[p] === b[from + p] || sameLetter(name[p]!, b[from + p]!))) {
      p += 1;
    }
    if (p === name.length) return i;
  }
  return -1;
}

function sameLetter(a: number, b: number): boolean {
  const lower = a | 32;
  return lower === (b | 32) && lower >= 97 && lower <= 122;
}
