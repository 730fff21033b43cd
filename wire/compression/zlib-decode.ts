import zlib from 'node:zlib';
import { oneShot, oneShotSync } from './one-shot.ts';
import type { Reservation } from './reservation.ts';
import { DecompressError } from './types.ts';

/** The formats that node:zlib reads. */
export type ZlibFormat = 'gzip' | 'zlib' | 'zstd';

/** Deflate cannot do better than this. */
const deflateMaxRatio = 1032;

/**
 * Outputs up to this size are made on this thread: for less than that a thread's round trip, 50 us,
 * costs more than it frees.
 */
const syncBytes = 256 * 1024;

const outputChunk = 128 * 1024;

/** Working memory of a zstd frame is its window: this much is always allowed, as RFC 8878 asks. */
const minWindowLimit = 8 << 20;
const maxWindowLog = 27;

function corrupt(cause: unknown): DecompressError {
  const text = cause instanceof Error ? cause.message : String(cause);
  return new DecompressError('corrupt', `cannot decompress: ${text}`, cause);
}

function tooLarge(maxBytes: number): DecompressError {
  return new DecompressError('too_large', `decompressed data over ${maxBytes} bytes`);
}

/** zstd frame header (RFC 8878 section 3.1.1): content size or -1, window size. */
function zstdSizes(input: Buffer): { content: number; window: number } {
  const unknown = { content: -1, window: 0 };
  if (input.length < 6 || input.readUInt32LE(0) !== 0xfd2fb528) return unknown;
  const descriptor = input[4]!;
  const single = (descriptor & 32) !== 0;
  const sizeFlag = descriptor >> 6;
  let at = 5 + (single ? 0 : 1) + [0, 1, 2, 4][descriptor & 3]!;
  const sizeBytes = sizeFlag === 0 ? (single ? 1 : 0) : 2 ** sizeFlag;
  if (at + sizeBytes > input.length) return unknown;
  let content = -1;
  if (sizeBytes === 1) content = input[at]!;
  else if (sizeBytes === 2) content = input.readUInt16LE(at) + 256;
  else if (sizeBytes === 4) content = input.readUInt32LE(at);
  else if (sizeBytes === 8) content = Number(input.readBigUInt64LE(at));
  at = input[5]!;
  const base = 2 ** (10 + (at >> 3));
  return { content, window: single ? content : base + (base / 8) * (at & 7) };
}

/** What the output will be like, from sizes that the input claims; they are hints, not trusted. */
function expected(format: ZlibFormat, input: Buffer): { output: number; window: number } {
  if (format === 'zstd') {
    const { content, window } = zstdSizes(input);
    return { output: content >= 0 ? content : input.length * 8, window };
  }
  if (format === 'gzip' && input.length >= 18) {
    const claimed = input.readUInt32LE(input.length - 4);
    return { output: Math.min(claimed, input.length * deflateMaxRatio), window: 0 };
  }
  return { output: input.length * 8, window: 0 };
}

function zstdOptions(maxBytes: number): zlib.ZstdOptions {
  const log = Math.min(maxWindowLog, Math.max(23, Math.ceil(Math.log2(maxBytes + 1))));
  return { params: { [zlib.constants.ZSTD_d_windowLogMax]: log } };
}

interface Decoder {
  readonly sync: (input: Buffer, options: zlib.ZlibOptions & zlib.ZstdOptions) => Buffer;
  readonly later: (input: Buffer, options: zlib.ZlibOptions & zlib.ZstdOptions) => Promise<Buffer>;
}

const decoders: Readonly<Record<ZlibFormat, Decoder>> = {
  gzip: { sync: oneShotSync(zlib.gunzipSync), later: oneShot(zlib.gunzip) },
  zlib: { sync: oneShotSync(zlib.inflateSync), later: oneShot(zlib.inflate) },
  zstd: {
    sync: oneShotSync(zlib.zstdDecompressSync),
    later: oneShot(zlib.zstdDecompress),
  },
};

/** Beside the output, lest zlib makes place for more when it fills what it has. */
const spareBytes = 64;

/** Options for an output of at most `room` bytes in one piece. */
function roomOptions(format: ZlibFormat, room: number): zlib.ZlibOptions & zlib.ZstdOptions {
  const options = { maxOutputLength: room, chunkSize: room + spareBytes };
  return format === 'zstd' ? { ...options, ...zstdOptions(room) } : options;
}

function isTooLarge(error: unknown): boolean {
  return error instanceof RangeError && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE';
}

function decodeStreamed(
  format: ZlibFormat,
  input: Buffer,
  maxBytes: number,
  reservation: Reservation,
): Promise<Buffer> {
  const stream =
    format === 'gzip'
      ? zlib.createGunzip({ chunkSize: outputChunk })
      : format === 'zlib'
        ? zlib.createInflate({ chunkSize: outputChunk })
        : zlib.createZstdDecompress({ chunkSize: outputChunk, ...zstdOptions(maxBytes) });
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    stream.on('data', (chunk: Buffer) => {
      length += chunk.length;
      try {
        if (length > maxBytes) throw tooLarge(maxBytes);
        reservation.grow(chunk.length);
        chunks.push(chunk);
      } catch (error) {
        stream.destroy();
        reject(error);
      }
    });
    stream.on('error', (error) => reject(corrupt(error)));
    stream.on('end', () => {
      try {
        reservation.grow(length);
        resolve(Buffer.concat(chunks, length));
      } catch (error) {
        reject(error);
      }
    });
    stream.end(input);
  });
}

/**
 * Decompresses one whole body. Output is bounded while it is made: a bomb is refused when it passes
 * `maxBytes` or the budget, and never held beyond that. Afterwards `reservation` covers the output.
 *
 * The output is made in one piece with room for what the input claims, large ones on libuv's
 * threads; when the claim was too low, again in chunks.
 * @throws DecompressError, or a promise that rejects with it
 */
export function decodeZlib(
  format: ZlibFormat,
  input: Buffer,
  maxBytes: number,
  reservation: Reservation,
): Buffer | Promise<Buffer> {
  const { output, window } = expected(format, input);
  if (format === 'zstd' && output > maxBytes && zstdSizes(input).content >= 0) {
    throw tooLarge(maxBytes);
  }
  if (window > Math.max(minWindowLimit, maxBytes)) {
    throw new DecompressError('too_large', `zstd window of ${window} bytes`);
  }
  const room = Math.min(maxBytes, Math.max(output, 64));
  reservation.grow(window + room);
  const done = (bytes: Buffer): Buffer => {
    reservation.resize(bytes.length);
    return bytes;
  };
  const failed = (error: unknown): Promise<Buffer> => {
    if (!isTooLarge(error)) throw corrupt(error);
    if (room === maxBytes) throw tooLarge(maxBytes);
    reservation.resize(window);
    return decodeStreamed(format, input, maxBytes, reservation).then(done);
  };
  const { sync, later } = decoders[format];
  if (room > syncBytes || input.length > syncBytes)
    return later(input, roomOptions(format, room)).then(done, failed);
  try {
    return done(sync(input, roomOptions(format, room)));
  } catch (error) {
    return failed(error);
  }
}
