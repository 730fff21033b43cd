/**
 * Numbers of line protocol, read from bytes without strings where that is exact. 64-bit values are
 * given as halves.
 */

const minus = 0x2d;
const plus = 0x2b;
const dot = 0x2e;

/** Powers of ten that doubles hold exactly. */
const powers = Float64Array.from({ length: 23 }, (_, i) => Number(`1e${i}`));

/** A 64-bit result; `ok` says whether there is one. */
export interface Wide {
  ok: boolean;
  /** Unsigned halves of the two's complement. */
  lo: number;
  hi: number;
}

/**
 * Reads `-?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?`, all of [from, to).
 * @returns NaN when it is something else, or out of range
 */
export function readFloat(b: Buffer, from: number, to: number): number {
  let p = from;
  const negative = b[p] === minus;
  if (negative) p += 1;
  const first = p;
  let mantissa = 0;
  let exact = true;
  let digits = 0;
  let scale = 0;
  for (let seenDot = false; p < to; p += 1) {
    const c = b[p]!;
    const digit = c - 48;
    if (digit >= 0 && digit <= 9) {
      digits += 1;
      if (mantissa < 900719925474099) mantissa = mantissa * 10 + digit;
      else exact = false;
      if (seenDot) scale -= 1;
    } else if (c === dot && !seenDot) seenDot = true;
    else break;
  }
  if (digits === 0) return Number.NaN;
  if (p < to) {
    const exponent = readExponent(b, p, to);
    if (Number.isNaN(exponent)) return Number.NaN;
    scale += exponent;
  }
  if (exact && scale >= -22 && scale <= 22) {
    const value = scale < 0 ? mantissa / powers[-scale]! : mantissa * powers[scale]!;
    return negative ? -value : value;
  }
  const value = Number(b.toString('latin1', first, to));
  if (value === Number.POSITIVE_INFINITY) return Number.NaN;
  return negative ? -value : value;
}

/** @returns NaN when [at, to) is no exponent */
function readExponent(b: Buffer, at: number, to: number): number {
  let p = at;
  if ((b[p]! | 32) !== 0x65) return Number.NaN;
  p += 1;
  const negative = b[p] === minus;
  if (negative || b[p] === plus) p += 1;
  if (p >= to) return Number.NaN;
  let value = 0;
  for (; p < to; p += 1) {
    const digit = b[p]! - 48;
    if (!(digit >= 0 && digit <= 9)) return Number.NaN;
    if (value < 100_000) value = value * 10 + digit;
  }
  return negative ? -value : value;
}

const maxInt = 2n ** 63n - 1n;
const minInt = -(2n ** 63n);
const maxUint = 2n ** 64n - 1n;

/** Reads decimal digits, for integers with one `-` before them, all of [from, to). */
export function readInteger(b: Buffer, from: number, to: number, signed: boolean, out: Wide): void {
  let p = from;
  const negative = b[p] === minus;
  if (negative) p += 1;
  out.ok = false;
  if (p >= to || (negative && !signed)) return;
  const long = to - p > 15;
  let value = 0;
  for (let i = p; i < to; i += 1) {
    const digit = b[i]! - 48;
    if (!(digit >= 0 && digit <= 9)) return;
    if (!long) value = value * 10 + digit;
  }
  if (!long) putWhole(negative ? -value : value, out);
  else readLong(b, p, to, negative, signed ? maxInt : maxUint, out);
}

function readLong(
  b: Buffer,
  from: number,
  to: number,
  negative: boolean,
  max: bigint,
  out: Wide,
): void {
  let p = from;
  while (p < to && b[p] === 48) p += 1;
  if (to - p > 20) return;
  const digits = BigInt(b.toString('latin1', p, to) || '0');
  const value = negative ? -digits : digits;
  if (value > max || value < minInt) return;
  putBig(value, out);
}

/** @param value a safe integer */
function putWhole(value: number, out: Wide): void {
  out.ok = true;
  out.lo = value >>> 0;
  out.hi = Math.floor(value / 4294967296) >>> 0;
}

function putBig(value: bigint, out: Wide): void {
  const bits = BigInt.asUintN(64, value);
  out.ok = true;
  out.lo = Number(bits & 0xffffffffn);
  out.hi = Number(bits >> 32n);
}

/**
 * Reads a time, all of [from, to), as nanoseconds since 1970.
 * @param unitNs nanoseconds of what one unit of the text means; 0 = by its size, see Precision
 */
export function readTime(b: Buffer, from: number, to: number, unitNs: number, out: Wide): void {
  out.ok = false;
  if (unitNs === 0) {
    readTime(b, from, to, unitOf(b, from, to), out);
    return;
  }
  const length = to - from;
  if (unitNs === 1 && length === 19 && b[from] !== minus) {
    const seconds = readDigits(b, from, from + 10);
    const rest = readDigits(b, from + 10, to);
    // Beyond that the fast path's sums would not be those of 63 bits.
    if (seconds >= 0 && rest >= 0 && seconds < 9_223_372_036) {
      putSeconds(seconds, rest, out);
      return;
    }
  } else if (length <= 13 && b[from] !== minus) {
    const value = readDigits(b, from, to);
    if (length > 0 && value >= 0) {
      const perSecond = 1e9 / unitNs;
      const seconds = perSecond >= 1 ? Math.floor(value / perSecond) : value * (unitNs / 1e9);
      const rest = perSecond >= 1 ? (value - seconds * perSecond) * unitNs : 0;
      if (seconds < 9_223_372_036) {
        putSeconds(seconds, rest, out);
        return;
      }
    }
  }
  readSlowTime(b, from, to, unitNs, out);
}

/** The unit that a time of this size is in, nanoseconds. */
function unitOf(b: Buffer, from: number, to: number): number {
  const size = Math.abs(Number(b.toString('latin1', from, Math.min(to, from + 40))));
  if (size < 5e9) return 1e9;
  if (size < 5e12) return 1e6;
  return size < 5e15 ? 1e3 : 1;
}

/** @returns -1 when something else stands there; at most 15 digits */
function readDigits(b: Buffer, from: number, to: number): number {
  let value = 0;
  for (let p = from; p < to; p += 1) {
    const digit = b[p]! - 48;
    if (!(digit >= 0 && digit <= 9)) return -1;
    value = value * 10 + digit;
  }
  return value;
}

/** seconds * 1e9 + ns in 64 bits; seconds below 2^34. */
function putSeconds(seconds: number, ns: number, out: Wide): void {
  const high = Math.floor(seconds / 65536) * 1e9;
  const low = (high % 65536) * 65536 + (seconds % 65536) * 1e9 + ns;
  out.ok = true;
  out.lo = low >>> 0;
  out.hi = (Math.floor(high / 65536) + Math.floor(low / 4294967296)) >>> 0;
}

function readSlowTime(b: Buffer, from: number, to: number, unitNs: number, out: Wide): void {
  readInteger(b, from, to, true, out);
  if (!out.ok) return;
  const value = BigInt.asIntN(64, (BigInt(out.hi) << 32n) | BigInt(out.lo)) * BigInt(unitNs);
  if (value > maxInt || value < minInt) out.ok = false;
  else putBig(value, out);
}

/** Now, in nanoseconds since 1970, cut to whole units. */
export function truncatedNow(unixMs: number, unitNs: number, out: Wide): void {
  const ns = BigInt(Math.floor(unixMs * 1000)) * 1000n;
  putBig(ns - (ns % BigInt(unitNs || 1)), out);
}
