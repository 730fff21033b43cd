import { isUtf8 } from 'node:buffer';

const simple: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  "'": "'",
  '"': '"',
};

const escapes = /\\(?:x([0-9a-fA-F]{2})|([0-7]{3})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))/gsu;

/**
 * The text of a string between its quotes, with the escapes of Go.
 * @returns undefined where it is not one
 */
export function unquote(inner: string, quote: string): string | undefined {
  if (quote === '`') return inner;
  if (inner.includes('\n')) return undefined;
  if (!inner.includes('\\')) return inner;
  const parts: Buffer[] = [];
  let last = 0;
  for (const match of inner.matchAll(escapes)) {
    parts.push(Buffer.from(inner.slice(last, match.index)));
    const bytes = escaped(match, quote);
    if (bytes === undefined) return undefined;
    parts.push(bytes);
    last = match.index + match[0].length;
  }
  parts.push(Buffer.from(inner.slice(last)));
  const whole = Buffer.concat(parts);
  return isUtf8(whole) ? whole.toString() : undefined;
}

function escaped(match: RegExpExecArray, quote: string): Buffer | undefined {
  const [, hex, octal, short, long, letter] = match;
  const byte = hex === undefined ? Number.parseInt(octal ?? '', 8) : Number.parseInt(hex, 16);
  if (!Number.isNaN(byte)) return byte > 255 ? undefined : Buffer.of(byte);
  const point = Number.parseInt(short ?? long ?? '', 16);
  if (!Number.isNaN(point)) {
    const isChar = point <= 0x10ffff && !(point >= 0xd800 && point < 0xe000);
    return isChar ? Buffer.from(String.fromCodePoint(point)) : undefined;
  }
  if ((letter === "'" || letter === '"') && letter !== quote) return undefined;
  const text = simple[letter ?? ''];
  return text === undefined ? undefined : Buffer.from(text);
}
