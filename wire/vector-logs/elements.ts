/** A value at the top of a text of JSON: bytes [start, end). */
export interface Element {
  readonly start: number;
  readonly end: number;
  /** How deep arrays and objects lie in it: 0 for a text or number. */
  readonly depth: number;
}

/** Where a text stops being JSON; what came before it is good. */
export class BrokenText extends Error {
  /** Byte of the text. */
  readonly at: number;

  constructor(message: string, at: number) {
    super(`${message} at byte ${at}`);
    this.name = 'BrokenText';
    this.at = at;
  }
}

const quote = 0x22;
const comma = 0x2c;
const backslash = 0x5c;
const openBracket = 0x5b;
const closeBracket = 0x5d;
const openBrace = 0x7b;
const closeBrace = 0x7d;

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

/** @returns the byte after a text that begins with a quote at `at` */
function textEnd(bytes: Uint8Array, at: number): number {
  let from = at + 1;
  for (;;) {
    const end = bytes.indexOf(quote, from);
    if (end < 0) throw new BrokenText('a text that does not end', at);
    let slashes = 0;
    while (bytes[end - 1 - slashes] === backslash) slashes += 1;
    if (slashes % 2 === 0) return end + 1;
    from = end + 1;
  }
}

/** The value that begins at `start`; whether it is one, inside, is not looked at. */
function elementAt(bytes: Uint8Array, start: number): Element {
  let depth = 0;
  let deepest = 0;
  let at = start;
  while (at < bytes.length) {
    const byte = bytes[at]!;
    if (byte === quote) {
      at = textEnd(bytes, at);
      if (depth === 0) return { start, end: at, depth: deepest };
      continue;
    }
    if (byte === openBracket || byte === openBrace) {
      depth += 1;
      deepest = Math.max(deepest, depth);
    } else if (byte === closeBracket || byte === closeBrace) {
      if (depth === 0) break;
      depth -= 1;
      if (depth === 0) return { start, end: at + 1, depth: deepest };
    } else if (depth === 0 && (byte === comma || isSpace(byte))) break;
    at += 1;
  }
  if (depth > 0) throw new BrokenText('a value that does not end', start);
  if (at === start) throw new BrokenText('no value', at);
  return { start, end: at, depth: 0 };
}

function skipSpace(bytes: Uint8Array, from: number): number {
  let at = from;
  while (isSpace(bytes[at])) at += 1;
  return at;
}

/**
 * The values of an array, or values one after the other with white space or commas between, as
 * lines have them. They are found one by one: only one at a time need be parsed.
 * @throws BrokenText where there is no more to find
 */
export function* elements(bytes: Uint8Array): Generator<Element> {
  let at = skipSpace(bytes, 0);
  const isArray = bytes[at] === openBracket;
  if (isArray) at = skipSpace(bytes, at + 1);
  for (let isFirst = true; ; isFirst = false) {
    if (isArray && bytes[at] === closeBracket && isFirst) break;
    if (!isArray && at === bytes.length) return;
    const element = elementAt(bytes, at);
    yield element;
    at = skipSpace(bytes, element.end);
    if (bytes[at] === comma) at = skipSpace(bytes, at + 1);
    else if (isArray && bytes[at] === closeBracket) break;
    else if (isArray) throw new BrokenText('an array that does not end', at);
  }
  const end = skipSpace(bytes, at + 1);
  if (end < bytes.length) throw new BrokenText('more than one array', end);
}
