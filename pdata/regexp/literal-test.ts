import type { Literals } from './literals.ts';

/** Tests of fixed texts, on strings and on UTF-8 bytes. */
export interface LiteralTest {
  test(text: string): boolean;
  testBytes(bytes: Uint8Array, start: number, end: number): boolean;
}

const maxSearched = 4;

/** How to look for fixed texts; undefined where a regular expression is better at it. */
export function literalTest(literals: Literals): LiteralTest | undefined {
  const { atBegin, atEnd } = literals;
  const texts = [...new Set(literals.texts)];
  const encoded = texts.map((text) => new TextEncoder().encode(text));
  if (texts.includes('') && !(atBegin && atEnd)) return { test: () => true, testBytes: () => true };
  if (atBegin && atEnd) return whole(texts, encoded);
  const first = texts.length === 1 ? texts[0]! : undefined;
  if (!atBegin && !atEnd) {
    if (first === undefined) return undefined;
    return {
      test: (text) => text.includes(first),
      testBytes: (bytes, start, end) => contains(bytes, start, end, encoded[0]!),
    };
  }
  if (texts.length > maxSearched) return undefined;
  if (atBegin) {
    return {
      test: (text) => texts.some((wanted) => text.startsWith(wanted)),
      testBytes: (bytes, start, end) => encoded.some((w) => isAt(bytes, start, end, w)),
    };
  }
  return {
    test: (text) => texts.some((wanted) => text.endsWith(wanted)),
    testBytes: (bytes, start, end) =>
      encoded.some((w) => end - w.length >= start && isAt(bytes, end - w.length, end, w)),
  };
}

function whole(texts: readonly string[], encoded: readonly Uint8Array[]): LiteralTest {
  const set = new Set(texts);
  const first = texts.length === 1 ? texts[0]! : undefined;
  return {
    test: first === undefined ? (text) => set.has(text) : (text) => text === first,
    testBytes: (bytes, start, end) =>
      encoded.some((w) => w.length === end - start && isAt(bytes, start, end, w)),
  };
}

function isAt(bytes: Uint8Array, start: number, end: number, wanted: Uint8Array): boolean {
  const { length } = wanted;
  if (end - start < length) return false;
  for (let i = 0; i < length; i += 1) if (bytes[start + i] !== wanted[i]) return false;
  return true;
}

function contains(bytes: Uint8Array, start: number, end: number, wanted: Uint8Array): boolean {
  const first = wanted[0]!;
  const last = end - wanted.length;
  // long texts: the native search; it may hit beyond `end`, which is no hit
  if (end - start > 256) {
    const at = Buffer.prototype.indexOf.call(bytes, Buffer.from(wanted), start);
    return at >= 0 && at <= last;
  }
  for (let i = start; i <= last; i += 1) {
    if (bytes[i] === first && isAt(bytes, i, end, wanted)) return true;
  }
  return false;
}
