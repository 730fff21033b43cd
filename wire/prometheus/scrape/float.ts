/** Powers of ten that doubles hold exactly. */
const powers = Array.from({ length: 23 }, (_, i) => Number(`1e${i}`));

/** Most digits whose number a double holds exactly, whatever they are. */
const exactDigits = 15;

const decimal = /^[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$/;
const named = /^[+-]?(?:inf|infinity|nan)$/i;

/**
 * A number as Go's strconv.ParseFloat reads it, without its hexadecimal forms and underscores.
 * @returns undefined for no number, and for one beyond the range of doubles
 */
export function parseFloatText(text: string): number | undefined {
  if (decimal.test(text)) {
    const value = Number(text);
    return Number.isFinite(value) ? value : undefined;
  }
  if (!named.test(text)) return undefined;
  if (/nan$/i.test(text)) return /^[+-]/.test(text) ? undefined : Number.NaN;
  return text.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
}

/**
 * The number in bytes [from, to), as {@link parseFloatText}: digits with a point are read in place,
 * others as text.
 */
export function readFloat(b: Buffer, from: number, to: number): number | undefined {
  const first = b[from];
  const negative = first === 0x2d;
  let at = negative ? from + 1 : from;
  let mantissa = 0;
  let digits = 0;
  let point = -1;
  for (; at < to; at += 1) {
    const c = b[at]!;
    if (c >= 0x30 && c <= 0x39) {
      mantissa = mantissa * 10 + (c - 0x30);
      digits += 1;
    } else if (c === 0x2e && point < 0) point = digits;
    else break;
  }
  if (at < to || digits === 0 || digits > exactDigits) {
    return parseFloatText(b.toString('latin1', from, to));
  }
  const value = point < 0 ? mantissa : mantissa / powers[digits - point]!;
  return negative ? -value : value;
}
