import { ByteBuffer } from './byte-buffer.ts';
import { readVarint, Scan, skipField } from './scan.ts';
import { appendBase64, doubleText } from './text.ts';
import { boolAt, doubleAt, int64At, Kind, ValueAt } from './value-at.ts';

const HEX = '0123456789abcdef';
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
const encoder = new TextEncoder();

/**
 * An array or map value as JSON text in UTF-8, in the form of Go's encoding/json: keys sorted by
 * their bytes, the last of equal keys, `<`, `>` and `&` escaped, bytes as base64. The empty text
 * when a NaN or an infinity is in it, for which that form has no word.
 */
export function appendJson(b: Uint8Array, start: number, end: number): Uint8Array {
  const out = new ByteBuffer(256);
  return appendValue(out, b, start, end) ? out.view() : new Uint8Array(0);
}

/** Adds a value; false when it cannot be said in JSON. */
function appendValue(out: ByteBuffer, b: Uint8Array, start: number, end: number): boolean {
  const value = new ValueAt();
  value.locate(b, start, end);
  switch (value.kind) {
    case Kind.EMPTY:
      out.latin1('null');
      return true;
    case Kind.STRING:
      appendString(out, b.subarray(value.start, value.end));
      return true;
    case Kind.BOOL:
      out.latin1(boolAt(b, value.start) ? 'true' : 'false');
      return true;
    case Kind.INT:
      out.latin1(int64At(b, value.start).toString());
      return true;
    case Kind.DOUBLE: {
      const double = doubleAt(b, value.start);
      out.latin1(doubleText(double));
      return Number.isFinite(double);
    }
    case Kind.BYTES:
      out.u8(34);
      appendBase64(out, b, value.start, value.end);
      out.u8(34);
      return true;
    case Kind.ARRAY:
      return appendArray(out, b, value.start, value.end);
    default:
      return appendMap(out, b, value.start, value.end);
  }
}

function appendArray(out: ByteBuffer, b: Uint8Array, start: number, end: number): boolean {
  const scan = new Scan();
  out.u8(91);
  let first = true;
  for (let p = start; p < end; ) {
    if (b[p] !== 10) {
      p = skipField(b, p, scan);
      continue;
    }
    p = readVarint(b, p + 1, scan);
    const length = scan.value;
    if (!first) out.u8(44);
    first = false;
    if (!appendValue(out, b, p, p + length)) return false;
    p += length;
  }
  out.u8(93);
  return true;
}

interface Entry {
  readonly key: Uint8Array;
  readonly start: number;
  readonly end: number;
}

function appendMap(out: ByteBuffer, b: Uint8Array, start: number, end: number): boolean {
  const entries = mapEntries(b, start, end);
  entries.sort((x, y) => Buffer.compare(x.key, y.key));
  out.u8(123);
  let first = true;
  for (let i = 0; i < entries.length; i++) {
    const entry = entries[i]!;
    const next = entries[i + 1];
    if (next !== undefined && Buffer.compare(next.key, entry.key) === 0) continue;
    if (!first) out.u8(44);
    first = false;
    appendString(out, entry.key);
    out.u8(58);
    if (!appendValue(out, b, entry.start, entry.end)) return false;
  }
  out.u8(125);
  return true;
}

/** The pairs of a KeyValueList, in the order sent. */
function mapEntries(b: Uint8Array, start: number, end: number): Entry[] {
  const scan = new Scan();
  const entries: Entry[] = [];
  for (let p = start; p < end; ) {
    if (b[p] !== 10) {
      p = skipField(b, p, scan);
      continue;
    }
    p = readVarint(b, p + 1, scan);
    entries.push(entryAt(b, p, p + scan.value));
    p += scan.value;
  }
  return entries;
}

function entryAt(b: Uint8Array, start: number, end: number): Entry {
  const scan = new Scan();
  let key = new Uint8Array(0);
  let from = end;
  let to = end;
  for (let p = start; p < end; ) {
    const tag = b[p];
    if (tag !== 10 && tag !== 18) {
      p = skipField(b, p, scan);
      continue;
    }
    p = readVarint(b, p + 1, scan);
    if (tag === 10) key = b.slice(p, p + scan.value);
    else {
      from = p;
      to = p + scan.value;
    }
    p += scan.value;
  }
  return { key, start: from, end: to };
}

function appendString(out: ByteBuffer, utf8: Uint8Array): void {
  const text = decoder.decode(utf8);
  let escaped = '"';
  for (const character of text) escaped += escapeOf(character);
  const bytes = encoder.encode(`${escaped}"`);
  out.copy(bytes, 0, bytes.length);
}

function escapeOf(character: string): string {
  switch (character) {
    case '"':
      return '\\"';
    case '\\':
      return '\\\\';
    case '\b':
      return '\\b';
    case '\f':
      return '\\f';
    case '\n':
      return '\\n';
    case '\r':
      return '\\r';
    case '\t':
      return '\\t';
    case '<':
    case '>':
    case '&':
    case '\u2028':
    case '\u2029':
      return unicodeEscape(character);
    default:
      return character < ' ' ? unicodeEscape(character) : character;
  }
}

function unicodeEscape(character: string): string {
  const code = character.charCodeAt(0);
  return `\\u${HEX[code >>> 12]}${HEX[(code >>> 8) & 15]}${HEX[(code >>> 4) & 15]}${HEX[code & 15]}`;
}
