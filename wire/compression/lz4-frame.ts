import type { Reservation } from './reservation.ts';
import { DecompressError } from './types.ts';
import { xxh32 } from './xxh32.ts';

const magic = 0x184d2204;
const skippableMagic = 0x184d2a50;
const blockSizes = [0, 0, 0, 0, 65_536, 262_144, 1_048_576, 4_194_304];

function corrupt(message: string): never {
  throw new DecompressError('corrupt', `cannot read LZ4 frame: ${message}`);
}

/** Output that grows by doubling, never beyond `maxBytes`, each step reserved first. */
class Output {
  bytes = Buffer.alloc(0);
  length = 0;
  readonly #maxBytes: number;
  readonly #reservation: Reservation;

  constructor(maxBytes: number, reservation: Reservation) {
    this.#maxBytes = maxBytes;
    this.#reservation = reservation;
  }

  room(more: number): void {
    const needed = this.length + more;
    if (needed > this.#maxBytes) {
      throw new DecompressError('too_large', `decompressed data over ${this.#maxBytes} bytes`);
    }
    if (needed <= this.bytes.length) return;
    const size = Math.min(this.#maxBytes, Math.max(needed, 2 * this.bytes.length));
    this.#reservation.grow(size);
    const old = this.bytes.length;
    const larger = Buffer.allocUnsafeSlow(size);
    this.bytes.copy(larger, 0, 0, this.length);
    this.bytes = larger;
    this.#reservation.resize(this.#reservation.bytes - old);
  }
}

/**
 * LZ4 block: sequences of token (literal length, match length), literals, offset (16 bit LE).
 * Matches reach back over earlier blocks of the frame when those are linked.
 */
function decodeBlock(input: Buffer, from: number, to: number, out: Output, lowest: number): void {
  let at = from;
  const extended = (nibble: number): number => {
    let length = nibble;
    if (nibble !== 15) return length;
    for (;;) {
      if (at >= to) corrupt('block ends within a length');
      const byte = input[at++]!;
      length += byte;
      if (byte !== 255) return length;
    }
  };
  while (at < to) {
    const token = input[at++]!;
    const literals = extended(token >> 4);
    if (at + literals > to) corrupt('block ends within literals');
    out.room(literals);
    input.copy(out.bytes, out.length, at, at + literals);
    out.length += literals;
    at += literals;
    if (at === to) return;
    if (at + 2 > to) corrupt('block ends within an offset');
    const offset = input.readUInt16LE(at);
    at += 2;
    const length = extended(token & 15) + 4;
    const source = out.length - offset;
    if (offset === 0 || source < lowest) corrupt(`offset ${offset} points before the data`);
    out.room(length);
    const bytes = out.bytes;
    let write = out.length;
    for (let i = 0; i < length; i += 1) bytes[write++] = bytes[source + i]!;
    out.length = write;
  }
}

/** @returns where the blocks begin */
function readHeader(input: Buffer, at: number): { at: number; flags: number; blockMax: number } {
  if (at + 7 > input.length) corrupt('header cut off');
  const flags = input[at + 4]!;
  const blockMax = blockSizes[(input[at + 5]! >> 4) & 7]!;
  if (flags >> 6 !== 1) corrupt(`version ${flags >> 6}`);
  if ((flags & 1) !== 0) corrupt('a dictionary is needed');
  if (blockMax === 0) corrupt('unknown block size');
  const end = at + 6 + ((flags & 8) !== 0 ? 8 : 0);
  if (end >= input.length) corrupt('header cut off');
  if (((xxh32(input, at + 4, end) >>> 8) & 255) !== input[end]) corrupt('header checksum');
  return { at: end + 1, flags, blockMax };
}

function readFrame(input: Buffer, start: number, out: Output): number {
  const header = readHeader(input, start);
  const { flags, blockMax } = header;
  const first = out.length;
  let at = header.at;
  for (;;) {
    if (at + 4 > input.length) corrupt('frame cut off');
    const word = input.readUInt32LE(at);
    at += 4;
    if (word === 0) break;
    const size = word & 0x7fffffff;
    if (size > blockMax) corrupt(`block of ${size} bytes`);
    const end = at + size;
    if (end + ((flags & 16) !== 0 ? 4 : 0) > input.length) corrupt('block cut off');
    const before = out.length;
    if (word >>> 31 === 1) {
      out.room(size);
      input.copy(out.bytes, out.length, at, end);
      out.length += size;
    } else decodeBlock(input, at, end, out, (flags & 32) !== 0 ? before : first);
    if (out.length - before > blockMax) corrupt('block larger than its frame allows');
    at = end;
    if ((flags & 16) !== 0) {
      if (xxh32(input, end - size, end) !== input.readUInt32LE(at)) corrupt('block checksum');
      at += 4;
    }
  }
  if ((flags & 4) === 0) return at;
  if (at + 4 > input.length) corrupt('frame cut off');
  if (xxh32(out.bytes, first, out.length) !== input.readUInt32LE(at)) corrupt('content checksum');
  return at + 4;
}

/**
 * Decodes LZ4 frames (LZ4 Frame Format Description 1.6), concatenated and skippable ones too;
 * checksums are verified, dictionaries refused.
 * @throws DecompressError
 */
export function decodeLz4Frames(input: Buffer, maxBytes: number, reservation: Reservation): Buffer {
  const out = new Output(maxBytes, reservation);
  let at = 0;
  while (at < input.length) {
    if (at + 8 > input.length) corrupt('header cut off');
    const word = input.readUInt32LE(at);
    if ((word & 0xfffffff0) >>> 0 === skippableMagic) at += 8 + input.readUInt32LE(at + 4);
    else if (word === magic) at = readFrame(input, at, out);
    else corrupt('no magic number');
  }
  if (at > input.length) corrupt('skippable frame cut off');
  return out.bytes.subarray(0, out.length);
}
