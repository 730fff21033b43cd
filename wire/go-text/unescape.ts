import { isUtf8 } from 'node:buffer';

/**
 * What `\xNN` and `\NNN` stand for: in Go for bytes of UTF-8, in languages whose parser takes a
 * literal character by character for the character of that number.
 */
export type NumericEscapes =
  /** Bytes; a text that they do not make UTF-8 is none. */
  | 'bytes'
  /** Bytes; where they are not UTF-8 there is U+FFFD. */
  | 'lossy bytes'
  /** Characters U+0000 to U+00FF. */
  | 'characters';

const simple: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
};

const plain = /[^\\]+/y;
const numbered =
  /\\(?:x([0-9a-fA-F]{2})|([0-7]{3})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([abfnrtv\\'"]))/y;

/**
 * The text of a Go literal between its quotes (https://go.dev/ref/spec#String_literals), which may
 * hold raw line ends here.
 *
 * @param quote what stands around it, and is escaped inside
 * @returns undefined where it is not one
 */
export function unescapeGo(
  inner: string,
  quote: '"' | "'",
  numeric: NumericEscapes,
): string | undefined {
  if (!inner.includes('\\')) return inner.includes(quote) ? undefined : inner;
  const pieces: (string | number)[] = [];
  for (let at = 0; at < inner.length; ) {
    plain.lastIndex = at;
    const text = plain.exec(inner)?.[0];
    if (text !== undefined) {
      if (text.includes(quote)) return undefined;
      pieces.push(text);
      at += text.length;
      continue;
    }
    numbered.lastIndex = at;
    const match = numbered.exec(inner);
    const piece = match === null ? undefined : escaped(match, quote);
    if (piece === undefined) return undefined;
    pieces.push(piece);
    at += match![0].length;
  }
  return joined(pieces, numeric);
}

/** A text, or the number of a numeric escape. */
function escaped(match: RegExpExecArray, quote: string): string | number | undefined {
  const [, hex, octal, short, long, letter] = match;
  if (letter !== undefined) return letter === quote ? quote : simple[letter];
  if (hex !== undefined) return Number.parseInt(hex, 16);
  if (octal !== undefined) {
    const value = Number.parseInt(octal, 8);
    return value > 255 ? undefined : value;
  }
  const point = Number.parseInt(short ?? long ?? '', 16);
  const isCharacter = point <= 0x10ffff && !(point >= 0xd800 && point < 0xe000);
  return isCharacter ? String.fromCodePoint(point) : undefined;
}

function joined(pieces: readonly (string | number)[], numeric: NumericEscapes): string | undefined {
  if (numeric === 'characters') {
    return pieces.map((p) => (typeof p === 'number' ? String.fromCharCode(p) : p)).join('');
  }
  if (!pieces.some((piece) => typeof piece === 'number')) return pieces.join('');
  const bytes = pieces.map((p) => (typeof p === 'number' ? Buffer.of(p) : Buffer.from(p)));
  const whole = Buffer.concat(bytes);
  return numeric === 'bytes' && !isUtf8(whole) ? undefined : whole.toString();
}
