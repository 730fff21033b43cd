/*
 * Escapes of JSON text (RFC 8259, section 7), from bytes to bytes. Text without its escapes is
 * never longer than with them; halves of surrogate pairs that stand alone become U+FFFD.
 */

/** An escape that JSON does not have. */
export class EscapeFault extends Error {}

const backslash = 0x5c;
const letterU = 0x75;

/** What stands for a byte after a backslash, 0 = nothing. */
const simple = new Uint8Array(256);
for (const [letter, byte] of ['""', '\\\\', '//', 'b\b', 'f\f', 'n\n', 'r\r', 't\t']) {
  simple[letter!.charCodeAt(0)] = byte!.charCodeAt(0);
}

/** Value of each byte as a hex digit, 16 = none. */
export const hexValue = Uint8Array.from({ length: 256 }, (_, byte) => {
  const digit = Number.parseInt(String.fromCharCode(byte), 16);
  return Number.isNaN(digit) ? 16 : digit;
});

/** Four hex digits at `at`, which must end before `to`. */
function unit(b: Uint8Array, at: number, to: number): number {
  let value = 0;
  for (let i = 0; i < 4; i += 1) {
    const digit = at + i < to ? hexValue[b[at + i]!]! : 16;
    if (digit > 15) {
      const found = Buffer.from(b.subarray(at, Math.min(at + 4, to))).toString();
      throw new EscapeFault(`bad escape '\\u${found}'`);
    }
    value = value * 16 + digit;
  }
  return value;
}

/** The code point of the escape `\uXXXX` at `p`, or of the two that make a pair. */
function codePoint(b: Uint8Array, p: number, to: number): number {
  const first = unit(b, p + 2, to);
  if (first < 0xd800 || first > 0xdfff) return first;
  if (first > 0xdbff || b[p + 6] !== backslash || b[p + 7] !== letterU || p + 7 >= to)
    return 0xfffd;
  const second = unit(b, p + 8, to);
  if (second < 0xdc00 || second > 0xdfff) return 0xfffd;
  return 0x10000 + (first - 0xd800) * 1024 + second - 0xdc00;
}

function utf8Size(code: number): number {
  if (code < 0x80) return 1;
  if (code < 0x800) return 2;
  return code < 0x10000 ? 3 : 4;
}

/** First byte of a sequence by its length. */
const leads = [0, 0, 0xc0, 0xe0, 0xf0];

function putUtf8(out: Uint8Array, at: number, code: number): void {
  const size = utf8Size(code);
  if (size === 1) {
    out[at] = code;
    return;
  }
  let rest = code;
  for (let i = size - 1; i > 0; i -= 1, rest >>>= 6) out[at + i] = 0x80 | (rest & 63);
  out[at] = leads[size]! | rest;
}

/** Bytes that the escape of `code` takes. */
function escapeSize(code: number): number {
  return code > 0xffff ? 12 : 6;
}

/**
 * @returns bytes of the text [from, to) without its escapes
 * @throws EscapeFault
 */
export function unescapedSize(b: Uint8Array, from: number, to: number): number {
  let size = 0;
  for (let p = from; p < to; ) {
    if (b[p] !== backslash) {
      size += 1;
      p += 1;
    } else if (b[p + 1] === letterU) {
      const code = codePoint(b, p, to);
      size += utf8Size(code);
      p += escapeSize(code);
    } else {
      const kind = b[p + 1] ?? 0;
      if (simple[kind] === 0) throw new EscapeFault(`bad escape '\\${String.fromCharCode(kind)}'`);
      size += 1;
      p += 2;
    }
  }
  return size;
}

/** Writes the text [from, to), whose escapes {@link unescapedSize} found good, to `out` at `at`. */
export function writeUnescaped(
  b: Uint8Array,
  from: number,
  to: number,
  out: Uint8Array,
  at: number,
): void {
  let o = at;
  for (let p = from; p < to; ) {
    if (b[p] !== backslash) {
      out[o] = b[p]!;
      o += 1;
      p += 1;
    } else if (b[p + 1] === letterU) {
      const code = codePoint(b, p, to);
      putUtf8(out, o, code);
      o += utf8Size(code);
      p += escapeSize(code);
    } else {
      out[o] = simple[b[p + 1]!]!;
      o += 1;
      p += 2;
    }
  }
}
