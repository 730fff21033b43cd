import { ByteBuffer } from '../byte-buffer.ts';
import { readVarint, Scan, skipField } from '../scan.ts';
import { appendBase64 } from '../text.ts';
import { boolAt, doubleAt, int64At, Kind, ValueAt } from '../value-at.ts';

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
const encoder = new TextEncoder();

/** Whether maps keep their order or are sorted by key (for a canonical form). */
export type MapOrder = 'sent' | 'sorted';

/**
 * Adds AnyValue bytes `[start, end)` of `b` as typed JSON, the text form of schema `smart` that
 * gives every OTLP value back exactly (docs/schema.md, "Typed JSON").
 */
export function appendTypedJson(
  out: ByteBuffer,
  b: Uint8Array,
  start: number,
  end: number,
  order: MapOrder = 'sent',
): void {
  const value = new ValueAt();
  value.locate(b, start, end);
  switch (value.kind) {
    case Kind.EMPTY:
      out.latin1('null');
      return;
    case Kind.STRING:
      appendQuoted(out, b, value.start, value.end, '');
      return;
    case Kind.BOOL:
      out.latin1(boolAt(b, value.start) ? 'true' : 'false');
      return;
    case Kind.INT:
      out.latin1(int64At(b, value.start).toString());
      return;
    case Kind.DOUBLE:
      out.latin1(typedDouble(doubleAt(b, value.start)));
      return;
    case Kind.BYTES:
      out.latin1('{"@bytes":"');
      appendBase64(out, b, value.start, value.end);
      out.latin1('"}');
      return;
    case Kind.ARRAY:
      appendArray(out, b, value.start, value.end, order);
      return;
    default:
      appendPairs(out, b, value.start, value.end, order);
  }
}

function typedDouble(value: number): string {
  if (Number.isNaN(value)) return '{"@double":"NaN"}';
  if (!Number.isFinite(value)) return `{"@double":"${value}"}`;
  const text = Object.is(value, -0) ? '-0' : String(value);
  return /[.e]/.test(text) ? text : `${text}.0`;
}

function appendQuoted(
  out: ByteBuffer,
  b: Uint8Array,
  start: number,
  end: number,
  prefix: string,
): void {
  if (prefix === '' && isPlain(b, start, end)) {
    out.u8(34);
    out.copy(b, start, end);
    out.u8(34);
    return;
  }
  const text = JSON.stringify(prefix + decoder.decode(b.subarray(start, end)));
  const bytes = encoder.encode(text);
  out.copy(bytes, 0, bytes.length);
}

/** Whether a text stands in JSON as it is: ASCII without control characters, quote, backslash. */
function isPlain(b: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i < end; i++) {
    const byte = b[i]!;
    if (byte < 32 || byte > 126 || byte === 34 || byte === 92) return false;
  }
  return true;
}

function appendArray(
  out: ByteBuffer,
  b: Uint8Array,
  start: number,
  end: number,
  order: MapOrder,
): void {
  const scan = new Scan();
  let first = true;
  out.u8(91);
  for (let p = start; p < end; ) {
    if (b[p] !== 10) {
      p = skipField(b, p, scan);
      continue;
    }
    p = readVarint(b, p + 1, scan);
    const next = p + scan.value;
    if (!first) out.u8(44);
    first = false;
    appendTypedJson(out, b, p, next, order);
    p = next;
  }
  out.u8(93);
}

/** Adds a map from KeyValue fields 1 of message bytes `[start, end)`. */
export function appendPairs(
  out: ByteBuffer,
  b: Uint8Array,
  start: number,
  end: number,
  order: MapOrder,
): void {
  const pairs = pairsOf(b, start, end);
  if (order === 'sorted') pairs.sort((x, y) => compareRanges(b, x, y));
  out.u8(123);
  for (const [index, pair] of pairs.entries()) {
    if (index > 0) out.u8(44);
    const marked = pair.keyEnd > pair.keyStart && b[pair.keyStart] === 64;
    appendQuoted(out, b, pair.keyStart, pair.keyEnd, marked ? '@' : '');
    out.u8(58);
    appendTypedJson(out, b, pair.valueStart, pair.valueEnd, order);
  }
  out.u8(125);
}

interface Pair {
  keyStart: number;
  keyEnd: number;
  valueStart: number;
  valueEnd: number;
}

function pairsOf(b: Uint8Array, start: number, end: number): Pair[] {
  const scan = new Scan();
  const pairs: Pair[] = [];
  for (let p = start; p < end; ) {
    if (b[p] !== 10) {
      p = skipField(b, p, scan);
      continue;
    }
    p = readVarint(b, p + 1, scan);
    const next = p + scan.value;
    pairs.push(pairAt(b, p, next));
    p = next;
  }
  return pairs;
}

function pairAt(b: Uint8Array, start: number, end: number): Pair {
  const scan = new Scan();
  const pair = { keyStart: end, keyEnd: end, valueStart: end, valueEnd: end };
  for (let p = start; p < end; ) {
    const tag = b[p];
    if (tag !== 10 && tag !== 18) {
      p = skipField(b, p, scan);
      continue;
    }
    p = readVarint(b, p + 1, scan);
    const next = p + scan.value;
    if (tag === 10) {
      pair.keyStart = p;
      pair.keyEnd = next;
    } else {
      pair.valueStart = p;
      pair.valueEnd = next;
    }
    p = next;
  }
  return pair;
}

function compareRanges(b: Uint8Array, x: Pair, y: Pair): number {
  const bytes = Buffer.from(b.buffer, b.byteOffset, b.length);
  return bytes.compare(bytes, y.keyStart, y.keyEnd, x.keyStart, x.keyEnd);
}

/** A value as typed JSON in bytes of its own. */
export function typedJson(
  b: Uint8Array,
  start: number,
  end: number,
  order: MapOrder = 'sent',
): Uint8Array {
  const out = new ByteBuffer(64);
  appendTypedJson(out, b, start, end, order);
  return out.view();
}
