/** LZ4 block format (lz4_Block_format.md, version 1.6): sequences of literals and matches. */

const hashBits = 14;
const minMatch = 4;
/** The last match starts at least 12 bytes before the end, the last 5 bytes are literals. */
const matchLimit = 12;
const lastLiterals = 5;

/** Largest size that `length` bytes can take when compressed. */
export function lz4Bound(length: number): number {
  return length + Math.ceil(length / 255) + 16;
}

function writeLength(target: Uint8Array, at: number, length: number): number {
  let rest = length - 15;
  for (; rest >= 255; rest -= 255) target[at++] = 255;
  target[at++] = rest;
  return at;
}

function writeSequence(
  source: Uint8Array,
  from: number,
  to: number,
  target: Uint8Array,
  at: number,
  offset: number,
  matched: number,
): number {
  const literals = to - from;
  const extra = matched - minMatch;
  const token = at++;
  const high = Math.min(literals, 15);
  if (literals >= 15) at = writeLength(target, at, literals);
  target.set(source.subarray(from, to), at);
  at += literals;
  if (offset === 0) {
    target[token] = high << 4;
    return at;
  }
  target[at++] = offset & 0xff;
  target[at++] = offset >> 8;
  target[token] = (high << 4) | Math.min(extra, 15);
  return extra >= 15 ? writeLength(target, at, extra) : at;
}

function word(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
}

/**
 * Compresses `source` into `target`, which needs lz4Bound(source.length) bytes.
 * @returns bytes written
 */
export function lz4Compress(source: Uint8Array, target: Uint8Array): number {
  const seen = new Int32Array(1 << hashBits).fill(-1);
  const end = source.length - matchLimit;
  let anchor = 0;
  let out = 0;
  let misses = 0;
  for (let at = 0; at <= end; ) {
    const here = word(source, at);
    const slot = Math.imul(here, 0x9e3779b1) >>> (32 - hashBits);
    const candidate = seen[slot]!;
    seen[slot] = at;
    if (candidate < 0 || at - candidate > 0xffff || word(source, candidate) !== here) {
      at += 1 + (misses++ >> 6);
      continue;
    }
    misses = 0;
    let length = minMatch;
    const most = source.length - lastLiterals - at;
    while (length < most && source[at + length] === source[candidate + length]) length++;
    out = writeSequence(source, anchor, at, target, out, at - candidate, length);
    at += length;
    anchor = at;
  }
  return writeSequence(source, anchor, source.length, target, out, 0, 0);
}

function readLength(source: Uint8Array, at: number): number {
  let end = at;
  while (source[end] === 255) end++;
  if (end >= source.length) throw new Error('cannot decompress LZ4 block: a length is cut off');
  return end;
}

/**
 * Decompresses one whole block into `target`, which must have exactly the decompressed size.
 * Throws an Error ("cannot decompress LZ4 block: ...") on any fault; never writes outside.
 */
export function lz4Decompress(source: Uint8Array, target: Uint8Array): void {
  let at = 0;
  let out = 0;
  while (at < source.length) {
    const token = source[at++]!;
    let literals = token >> 4;
    if (literals === 15) {
      const last = readLength(source, at);
      literals += (last - at) * 255 + source[last]!;
      at = last + 1;
    }
    if (at + literals > source.length || out + literals > target.length) {
      throw new Error(`cannot decompress LZ4 block: ${literals} literals do not fit`);
    }
    target.set(source.subarray(at, at + literals), out);
    at += literals;
    out += literals;
    if (at === source.length) break;
    if (at + 2 > source.length) throw new Error('cannot decompress LZ4 block: offset is cut off');
    const offset = source[at]! | (source[at + 1]! << 8);
    at += 2;
    let matched = (token & 15) + minMatch;
    if ((token & 15) === 15) {
      const last = readLength(source, at);
      matched += (last - at) * 255 + source[last]!;
      at = last + 1;
    }
    if (offset === 0 || offset > out || out + matched > target.length) {
      throw new Error(`cannot decompress LZ4 block: match of ${matched} at -${offset} is outside`);
    }
    copyMatch(target, out, offset, matched);
    out += matched;
  }
  if (out !== target.length) {
    throw new Error(`cannot decompress LZ4 block: ${out} bytes, not ${target.length}`);
  }
}

function copyMatch(target: Uint8Array, out: number, offset: number, length: number): void {
  if (offset >= length) {
    target.copyWithin(out, out - offset, out - offset + length);
    return;
  }
  for (let i = 0; i < length; i++) target[out + i] = target[out + i - offset]!;
}
