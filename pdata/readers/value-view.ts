import { printMessage } from '../json/print.ts';
import { asBuffer } from '../proto/as-buffer.ts';
import {
  Cursor,
  doubleOf,
  noBytes,
  readFixed64,
  readHalves,
  readVarint,
  signed64,
  signedNumber,
  skipValue,
} from '../proto/cursor.ts';
import { message } from '../schema.ts';

/** What an AnyValue holds; the numbers are those of its fields. */
export const ValueType = {
  empty: 0,
  string: 1,
  bool: 2,
  int: 3,
  double: 4,
  array: 5,
  map: 6,
  bytes: 7,
} as const;

const anyValueMessage = message('AnyValue');

/**
 * An AnyValue in place: repositioned by the view that found it, valid until that view moves on.
 */
export class ValueView {
  bytes: Uint8Array;
  /** The AnyValue's fields. */
  start = 0;
  end = 0;
  readonly #cursor: Cursor;
  #decoded = false;
  #type = 0;
  #contentStart = 0;
  #contentEnd = 0;

  constructor() {
    this.bytes = noBytes;
    this.#cursor = new Cursor(this.bytes);
  }

  locate(bytes: Uint8Array, start: number, end: number): void {
    this.bytes = bytes;
    this.start = start;
    this.end = end;
    this.#decoded = false;
  }

  /** One of {@link ValueType}; of several fields the last counts. */
  get type(): number {
    if (!this.#decoded) this.#decode();
    return this.#type;
  }

  /** First byte of the text, bytes or fields inside (types string, array, map, bytes). */
  get contentStart(): number {
    if (!this.#decoded) this.#decode();
    return this.#contentStart;
  }

  get contentEnd(): number {
    if (!this.#decoded) this.#decode();
    return this.#contentEnd;
  }

  /** Low and high 32 bits of an int or double, unsigned; of a bool, `lo` is 0 or 1. */
  get lo(): number {
    if (!this.#decoded) this.#decode();
    return this.#cursor.lo;
  }

  get hi(): number {
    if (!this.#decoded) this.#decode();
    return this.#cursor.hi;
  }

  #decode(): void {
    const c = this.#cursor;
    c.bytes = this.bytes;
    c.pos = this.start;
    this.#decoded = true;
    this.#type = ValueType.empty;
    while (c.pos < this.end) {
      const tag = readVarint(c);
      if (tag === 16 || tag === 24) {
        readHalves(c);
        if (tag === 16) c.lo = c.lo !== 0 || c.hi !== 0 ? 1 : 0;
        this.#type = tag >>> 3;
      } else if (tag === 33) {
        readFixed64(c);
        this.#type = ValueType.double;
      } else if (tag === 10 || tag === 42 || tag === 50 || tag === 58) {
        const length = readVarint(c);
        this.#contentStart = c.pos;
        c.pos += length;
        this.#contentEnd = c.pos;
        this.#type = tag >>> 3;
      } else skipValue(c, tag);
    }
  }

  /** True when this is a string with exactly these UTF-8 bytes. */
  equalsString(text: Uint8Array): boolean {
    if (this.type !== ValueType.string) return false;
    const start = this.#contentStart;
    if (this.#contentEnd - start !== text.length) return false;
    for (let i = 0; i < text.length; i += 1) if (this.bytes[start + i] !== text[i]) return false;
    return true;
  }

  /** Type string: its text. Others: ''. */
  string(): string {
    return this.type === ValueType.string ? this.#text('utf8') : '';
  }

  /** Type int: exact. Others: 0n. */
  bigint(): bigint {
    return this.type === ValueType.int ? signed64(this.lo, this.hi) : 0n;
  }

  /** Types int (inexact beyond 2^53) and double. Others: NaN. */
  number(): number {
    if (this.type === ValueType.int) return signedNumber(this.lo, this.hi);
    if (this.type === ValueType.double) return doubleOf(this.lo, this.hi);
    return Number.NaN;
  }

  /** Type bool. Others: false. */
  bool(): boolean {
    return this.type === ValueType.bool && this.lo !== 0;
  }

  /** A copy of the AnyValue's bytes. */
  copy(): Uint8Array {
    return this.bytes.slice(this.start, this.end);
  }

  /**
   * Any value as text: numbers decimal, bytes base64, maps and arrays as JSON (keys sorted),
   * nothing as ''.
   */
  toText(): string {
    switch (this.type) {
      case ValueType.string:
        return this.#text('utf8');
      case ValueType.bool:
        return this.lo !== 0 ? 'true' : 'false';
      case ValueType.int:
        return signed64(this.lo, this.hi).toString();
      case ValueType.double:
        return doubleToText(doubleOf(this.lo, this.hi));
      case ValueType.bytes:
        return this.#text('base64');
      case ValueType.empty:
        return '';
      default:
        return plainJson(this.bytes, this.start, this.end);
    }
  }

  /** The value as OTLP/JSON. */
  toJson(): string {
    return printMessage(this.bytes, this.start, this.end, anyValueMessage);
  }

  /** The value as plain JSON: integers exact, bytes base64, keys of maps sorted. */
  toPlainJson(): string {
    return plainJson(this.bytes, this.start, this.end);
  }

  #text(encoding: 'utf8' | 'base64'): string {
    return asBuffer(this.bytes).toString(encoding, this.#contentStart, this.#contentEnd);
  }
}

/** A double in decimal, with an exponent below 1e-6 and from 1e21 on. */
function doubleToText(value: number): string {
  if (Number.isFinite(value)) return Object.is(value, -0) ? '-0' : String(value);
  return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf';
}

/** JSON text with `<`, `>`, `&` and the two line separators escaped, as Go's encoder does. */
function quoted(text: string): string {
  return JSON.stringify(text).replace(
    /[<>&\u2028\u2029]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/**
 * An AnyValue as plain JSON (not OTLP/JSON): integers exact, bytes base64, keys of maps sorted, of
 * equal keys the last; doubles that JSON lacks as texts.
 */
function plainJson(bytes: Uint8Array, start: number, end: number): string {
  const view = new ValueView();
  view.locate(bytes, start, end);
  switch (view.type) {
    case ValueType.empty:
      return 'null';
    case ValueType.bool:
    case ValueType.int:
      return view.toText();
    case ValueType.double: {
      const text = view.toText();
      return Number.isFinite(view.number()) ? text : quoted(text);
    }
    case ValueType.array: {
      const parts: string[] = [];
      eachElement(view, (from, to) => parts.push(plainJson(bytes, from, to)));
      return `[${parts.join(',')}]`;
    }
    case ValueType.map: {
      const parts = new Map<string, string>();
      eachEntry(view, (key, from, to) => parts.set(key, plainJson(bytes, from, to)));
      const sorted = [...parts].sort(([a], [b]) => (a < b ? -1 : 1));
      return `{${sorted.map(([key, text]) => `${quoted(key)}:${text}`).join(',')}}`;
    }
    default:
      return quoted(view.toText());
  }
}

/** An AnyValue as plain values: integers beyond 2^53 and doubles that JSON lacks become strings. */
export function plainValue(bytes: Uint8Array, start: number, end: number): unknown {
  const view = new ValueView();
  view.locate(bytes, start, end);
  switch (view.type) {
    case ValueType.empty:
      return null;
    case ValueType.bool:
      return view.bool();
    case ValueType.int: {
      const value = view.number();
      return Number.isSafeInteger(value) ? value : view.bigint().toString();
    }
    case ValueType.double: {
      const value = view.number();
      return Number.isFinite(value) ? value : String(value);
    }
    case ValueType.array:
      return plainList(view);
    case ValueType.map:
      return plainMap(view);
    default:
      return view.toText();
  }
}

function plainList(view: ValueView): unknown[] {
  const out: unknown[] = [];
  eachElement(view, (start, end) => out.push(plainValue(view.bytes, start, end)));
  return out;
}

function plainMap(view: ValueView): Record<string, unknown> {
  const out: [string, unknown][] = [];
  eachEntry(view, (key, start, end) => out.push([key, plainValue(view.bytes, start, end)]));
  return Object.fromEntries(out);
}

/** Calls `visit` with the bounds of each element (an AnyValue) of an array. */
export function eachElement(view: ValueView, visit: (start: number, end: number) => void): void {
  const c = new Cursor(view.bytes, view.contentStart);
  const end = view.contentEnd;
  while (c.pos < end) {
    const tag = readVarint(c);
    if (tag !== 10) {
      skipValue(c, tag);
      continue;
    }
    const length = readVarint(c);
    const start = c.pos;
    c.pos += length;
    visit(start, c.pos);
  }
}

/** Calls `visit` with the key and the bounds of the value (an AnyValue) of each entry of a map. */
export function eachEntry(
  view: ValueView,
  visit: (key: string, start: number, end: number) => void,
): void {
  const c = new Cursor(view.bytes, 0);
  eachElement(view, (start, end) => {
    let key = '';
    let from = start;
    let to = start;
    c.pos = start;
    while (c.pos < end) {
      const inner = readVarint(c);
      if (inner !== 10 && inner !== 18) {
        skipValue(c, inner);
        continue;
      }
      const size = readVarint(c);
      if (inner === 10) key = utf8(view.bytes, c.pos, c.pos + size);
      else {
        from = c.pos;
        to = c.pos + size;
      }
      c.pos += size;
    }
    visit(key, from, to);
  });
}

/** Text of bytes [start, end). */
export function utf8(bytes: Uint8Array, start: number, end: number): string {
  return asBuffer(bytes).toString('utf8', start, end);
}
