import type { Reservation } from './reservation.ts';
import { DecompressError } from './types.ts';

/** What the formats need from native libraries. */
export interface SnappyPrimitives {
  /** Decodes one block. */
  uncompress(block: Uint8Array): Buffer;
  /** Encodes one block. */
  compress(bytes: Uint8Array): Buffer;
  crc32c(bytes: Uint8Array): number;
}

/** Stream identifier chunk that begins framed data. */
const identifier = Buffer.from([0xff, 6, 0, 0, 0x73, 0x4e, 0x61, 0x50, 0x70, 0x59]);

/** Uncompressed bytes of a framed chunk, at most. */
const chunkBytes = 65_536;

/** A block's element yields at most 64 bytes from 3, so that a larger claim is a lie. */
const maxRatio = 32;

function corrupt(message: string, cause?: unknown): never {
  throw new DecompressError('corrupt', `cannot read snappy data: ${message}`, cause);
}

/** @returns whether the input is in the framed format */
export function isFramed(input: Uint8Array): boolean {
  return identifier.every((byte, i) => input[i] === byte);
}

/** @returns the uncompressed length that a block claims, its varint preamble */
export function claimedLength(block: Uint8Array): number {
  let value = 0;
  for (let i = 0; i < 5 && i < block.length; i += 1) {
    const byte = block[i]!;
    value += (byte & 127) * 2 ** (7 * i);
    if (byte < 128) {
      if (value > maxRatio * block.length) corrupt(`a length of ${value} cannot be true`);
      return value;
    }
  }
  return corrupt('no length');
}

function tooLarge(maxBytes: number): never {
  throw new DecompressError('too_large', `decompressed data over ${maxBytes} bytes`);
}

/** Checks what can be checked before memory is taken; reserves the output. */
export function admitBlock(block: Uint8Array, maxBytes: number, reservation: Reservation): void {
  const length = claimedLength(block);
  if (length > maxBytes) tooLarge(maxBytes);
  reservation.grow(length);
}

/** @throws DecompressError */
export function decodeBlock(
  block: Uint8Array,
  maxBytes: number,
  reservation: Reservation,
  snappy: SnappyPrimitives,
): Buffer {
  admitBlock(block, maxBytes, reservation);
  try {
    return snappy.uncompress(block);
  } catch (cause) {
    return corrupt('block is damaged', cause);
  }
}

function maskedCrc(bytes: Uint8Array, snappy: SnappyPrimitives): number {
  const crc = snappy.crc32c(bytes);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

/** Calls `visit` for each data chunk: type 0 compressed, 1 plain; body without the checksum. */
function walk(input: Buffer, visit: (type: number, crc: number, body: Buffer) => void): void {
  let at = 0;
  while (at < input.length) {
    if (at + 4 > input.length) corrupt('chunk header cut off');
    const type = input[at]!;
    const length = input.readUIntLE(at + 1, 3);
    const start = at + 4;
    at = start + length;
    if (at > input.length) corrupt('chunk cut off');
    if (type <= 1) {
      if (length < 4) corrupt('chunk without checksum');
      visit(type, input.readUInt32LE(start), input.subarray(start + 4, at));
    } else if (type < 0x80) corrupt(`unknown chunk type ${type}`);
    else if (type === 0xff && !isFramed(input.subarray(start - 4, at))) corrupt('identifier');
  }
}

/**
 * Decodes the framed format (framing_format.txt of the snappy project); checksums are verified. The
 * whole output is sized and reserved before any of it is made.
 * @throws DecompressError
 */
export function decodeFramed(
  input: Buffer,
  maxBytes: number,
  reservation: Reservation,
  snappy: SnappyPrimitives,
): Buffer {
  if (!isFramed(input)) corrupt('no stream identifier');
  let total = 0;
  walk(input, (type, _, body) => {
    const length = type === 1 ? body.length : claimedLength(body);
    if (length > chunkBytes) corrupt(`chunk of ${length} bytes`);
    total += length;
    if (total > maxBytes) tooLarge(maxBytes);
  });
  reservation.grow(total);
  const out = Buffer.allocUnsafeSlow(total);
  let length = 0;
  walk(input, (type, crc, body) => {
    let bytes = body;
    if (type === 0) {
      try {
        bytes = snappy.uncompress(body);
      } catch (cause) {
        corrupt('chunk is damaged', cause);
      }
    }
    if (maskedCrc(bytes, snappy) !== crc) corrupt('chunk checksum');
    if (length + bytes.length > total) corrupt('chunk longer than it says');
    bytes.copy(out, length);
    length += bytes.length;
  });
  if (length !== total) corrupt('chunk shorter than it says');
  return out;
}

/** Encodes the framed format. */
export function encodeFramed(input: Uint8Array, snappy: SnappyPrimitives): Buffer {
  const parts: Uint8Array[] = [identifier];
  for (let at = 0; at < input.length; at += chunkBytes) {
    const plain = input.subarray(at, Math.min(input.length, at + chunkBytes));
    const packed = snappy.compress(plain);
    const smaller = packed.length < plain.length;
    const body = smaller ? packed : plain;
    const header = Buffer.allocUnsafe(8);
    header[0] = smaller ? 0 : 1;
    header.writeUIntLE(body.length + 4, 1, 3);
    header.writeUInt32LE(maskedCrc(plain, snappy), 4);
    parts.push(header, body);
  }
  return Buffer.concat(parts);
}
