/**
 * Trace and span ids of OpenTelemetry for SkyWalking's, which are texts. Nothing is remembered: the
 * same text gives the same id everywhere, so that references resolve whoever sends them when.
 *
 * Trace ids: a UUID, with or without dashes, is its own 16 bytes; Java's `<32 hex>.<thread>.<time>`
 * is folded as the Go collector's translator folds it; of anything else the id is a hash. Span ids
 * are hashes of the segment's id and the span's number; a segment id of 16 hex digits is a span id
 * as it is, which is how an OpenTelemetry SDK that writes sw8 names its spans. No id is zero.
 *
 * The hash is MurmurHash3 x86_32 (github.com/aappleby/smhasher) of the bytes with seeds 0, 1, 2, 3,
 * one for each four bytes, big-endian; in a span id the second is combined by exclusive or with the
 * hash's finalizer of the span's number, which keeps the spans of a segment apart.
 */

/** Value of each byte as a hex digit, 16 = none. */
const hexValue = Uint8Array.from({ length: 256 }, (_, byte) => {
  const digit = Number.parseInt(String.fromCharCode(byte), 16);
  return Number.isNaN(digit) ? 16 : digit;
});

const dash = 0x2d;
const dot = 0x2e;
const hexDigits = 32;

/** The finalizer of MurmurHash3: a permutation of the 32-bit numbers; 0 stays 0. */
function mix(value: number): number {
  let h = value;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

function scramble(block: number): number {
  const k = Math.imul(block, 0xcc9e2d51);
  return Math.imul((k << 15) | (k >>> 17), 0x1b873593);
}

/** MurmurHash3 x86_32 of bytes [from, to). */
function hash32(b: Uint8Array, from: number, to: number, seed: number): number {
  let h = seed;
  let at = from;
  for (; at + 4 <= to; at += 4) {
    h ^= scramble(b[at]! | (b[at + 1]! << 8) | (b[at + 2]! << 16) | (b[at + 3]! << 24));
    h = (Math.imul((h << 13) | (h >>> 19), 5) + 0xe6546b64) | 0;
  }
  let tail = 0;
  for (let i = to - 1; i >= at; i -= 1) tail = (tail << 8) | b[i]!;
  if (at < to) h ^= scramble(tail);
  return mix(h ^ (to - from));
}

function put32(out: Uint8Array, at: number, value: number): void {
  out[at] = value >>> 24;
  out[at + 1] = value >>> 16;
  out[at + 2] = value >>> 8;
  out[at + 3] = value;
}

/** @returns the byte after `pairs` pairs of hex digits, which go to `out`; -1 when they are not */
function hexTo(b: Uint8Array, from: number, pairs: number, out: Uint8Array, at: number): number {
  let p = from;
  for (let i = 0; i < pairs; i += 1, p += 2) {
    const high = hexValue[b[p]!]!;
    const low = hexValue[b[p + 1]!]!;
    if ((high | low) > 15) return -1;
    out[at + i] = high * 16 + low;
  }
  return p;
}

function isZero(out: Uint8Array, at: number, length: number): boolean {
  for (let i = at; i < at + length; i += 1) if (out[i] !== 0) return false;
  return true;
}

/** A UUID with dashes. */
function dashedTo(b: Uint8Array, from: number, out: Uint8Array, at: number): boolean {
  let p = from;
  let o = at;
  for (const pairs of [4, 2, 2, 2, 6]) {
    if (o > at && b[p++] !== dash) return false;
    p = hexTo(b, p, pairs, out, o);
    if (p < 0) return false;
    o += pairs;
  }
  return true;
}

/**
 * Folds a decimal number, little-endian, into `size` bytes of an id by exclusive or.
 * @returns the byte after it; -1 when there is no number that fits 63 bits
 */
function foldNumber(
  b: Uint8Array,
  from: number,
  to: number,
  out: Uint8Array,
  at: number,
  size: number,
): number {
  let p = from;
  let lo = 0; // 30 bits
  let hi = 0;
  for (; p < to && b[p]! >= 48 && b[p]! <= 57; p += 1) {
    const low = lo * 10 + b[p]! - 48;
    lo = low % 1073741824;
    hi = hi * 10 + Math.floor(low / 1073741824);
    if (hi >= 8589934592) return -1;
  }
  if (p === from) return -1;
  // hi * 2^30 + lo as bytes
  let rest = lo + (hi % 4) * 1073741824;
  let above = Math.floor(hi / 4);
  for (let i = 0; i < size; i += 1) {
    out[at + i] = out[at + i]! ^ (rest & 255);
    rest = Math.floor(rest / 256);
    if (i === 3) {
      rest = above;
      above = 0;
    }
  }
  return p;
}

/** Java's form: 32 hex digits, a number for bytes 4 to 7, a number for bytes 8 to 15. */
function javaTo(b: Uint8Array, from: number, to: number, out: Uint8Array, at: number): boolean {
  if (to - from < hexDigits + 4 || b[from + hexDigits] !== dot) return false;
  if (hexTo(b, from, 16, out, at) < 0) return false;
  const middle = foldNumber(b, from + hexDigits + 1, to, out, at + 4, 4);
  if (middle < 0 || b[middle] !== dot) return false;
  return foldNumber(b, middle + 1, to, out, at + 8, 8) === to;
}

/** Writes the trace id of the text in bytes [from, to) as 16 bytes to `out`. */
export function traceIdTo(
  b: Uint8Array,
  from: number,
  to: number,
  out: Uint8Array,
  at: number,
): void {
  const length = to - from;
  const read =
    length === hexDigits
      ? hexTo(b, from, 16, out, at) > 0
      : (length === 36 && dashedTo(b, from, out, at)) || javaTo(b, from, to, out, at);
  if (read && !isZero(out, at, 16)) return;
  for (let i = 0; i < 4; i += 1) put32(out, at + i * 4, hash32(b, from, to, i));
  if (isZero(out, at, 16)) out[at + 15] = 1;
}

/** The id of a segment, from which the ids of its spans are made. */
export class SegmentHash {
  #high = 0;
  #low = 0;
  #isSpan = false;

  set(b: Uint8Array, from: number, to: number): void {
    this.#isSpan = to - from === 16 && hexTo(b, from, 8, spanBytes, 0) > 0;
    if (this.#isSpan && !isZero(spanBytes, 0, 8)) {
      this.#high = (spanBytes[0]! << 24) | (spanBytes[1]! << 16);
      this.#high |= (spanBytes[2]! << 8) | spanBytes[3]!;
      this.#low = (spanBytes[4]! << 24) | (spanBytes[5]! << 16);
      this.#low |= (spanBytes[6]! << 8) | spanBytes[7]!;
      return;
    }
    this.#isSpan = false;
    this.#high = hash32(b, from, to, 0);
    this.#low = hash32(b, from, to, 1);
  }

  /** Writes the id of span `index` as 8 bytes to `out`. */
  spanIdTo(index: number, out: Uint8Array, at: number): void {
    const low = this.#isSpan ? this.#low : this.#low ^ mix(index);
    put32(out, at, this.#high);
    put32(out, at + 4, (this.#high | low) === 0 ? 1 : low);
  }
}

const spanBytes = new Uint8Array(8);
const encoder = new TextEncoder();

/** The trace id of a text, 32 hex digits. */
export function traceIdOf(text: string): string {
  const bytes = encoder.encode(text);
  const out = new Uint8Array(16);
  traceIdTo(bytes, 0, bytes.length, out, 0);
  return Buffer.from(out.buffer).toString('hex');
}

/** The id of a segment's span, 16 hex digits. */
export function spanIdOf(segmentId: string, index: number): string {
  const bytes = encoder.encode(segmentId);
  const out = new Uint8Array(8);
  const hash = new SegmentHash();
  hash.set(bytes, 0, bytes.length);
  hash.spanIdTo(index, out, 0);
  return Buffer.from(out.buffer).toString('hex');
}
