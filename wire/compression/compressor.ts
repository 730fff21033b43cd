import zlib from 'node:zlib';
import { loadSnappy } from './decompressor.ts';
import { oneShot, oneShotSync } from './one-shot.ts';
import { encodeFramed } from './snappy-format.ts';
import type { Encoding } from './types.ts';

/** Compresses whole bodies: at once when small, on other threads when large. */
export type Compress = (parts: readonly Uint8Array[]) => Buffer | Promise<Buffer>;

/** Inputs up to this many bytes are compressed on this thread: a thread's round trip costs more. */
const syncBytes = 64 * 1024;

const gzip = oneShot(zlib.gzip);
const deflate = oneShot(zlib.deflate);
const zstd = oneShot(zlib.zstdCompress);
const gzipSync = oneShotSync(zlib.gzipSync);
const deflateSync = oneShotSync(zlib.deflateSync);
const zstdSync = oneShotSync(zlib.zstdCompressSync);

function join(parts: readonly Uint8Array[]): Buffer {
  const [only] = parts;
  if (parts.length !== 1 || only === undefined) return Buffer.concat(parts);
  return Buffer.from(only.buffer, only.byteOffset, only.byteLength);
}

/** Sizes of buffers that are kept for the next body, and how many are. */
const kept = { most: 4, leastBytes: syncBytes, mostBytes: 4 << 20 } as const;

/**
 * Buffers in which the parts of bodies are joined: as much memory as a body for each of them would
 * be most of the garbage of a busy exporter. At most 16 MiB stay; larger bodies get their own.
 */
class Joiner {
  readonly #free: Buffer[] = [];

  /** Joins parts, lets `use` read the whole, and takes the memory back when its promise settles. */
  async with(parts: readonly Uint8Array[], use: (whole: Buffer) => Promise<Buffer>) {
    const bytes = byteLength(parts);
    if (parts.length === 1 || bytes > kept.mostBytes) return use(join(parts));
    const buffer = this.#take(bytes);
    let at = 0;
    for (const part of parts) {
      buffer.set(part, at);
      at += part.length;
    }
    try {
      return await use(buffer.subarray(0, bytes));
    } finally {
      if (this.#free.length < kept.most) this.#free.push(buffer);
    }
  }

  #take(bytes: number): Buffer {
    const fitting = this.#free.findIndex((buffer) => buffer.length >= bytes);
    if (fitting >= 0) return this.#free.splice(fitting, 1)[0]!;
    this.#free.pop(); // too small: its place is for the larger one
    return Buffer.allocUnsafeSlow(
      Math.min(kept.mostBytes, Math.max(kept.leastBytes, bytes + (bytes >> 2))),
    );
  }
}

function byteLength(parts: readonly Uint8Array[]): number {
  let bytes = 0;
  for (const part of parts) bytes += part.length;
  return bytes;
}

/** Room for the output, so that it comes in one piece mostly. */
function chunkSize(inputBytes: number): number {
  return Math.min(1 << 20, Math.max(1024, inputBytes >> 2));
}

/** @param level -1 default (1, see the README), -2 Huffman only, 0 to 9 */
function zlibOptions(level: number, inputBytes: number): zlib.ZlibOptions & zlib.ZstdOptions {
  const options = { chunkSize: chunkSize(inputBytes) };
  if (level === -2) return { ...options, strategy: zlib.constants.Z_HUFFMAN_ONLY };
  return { ...options, level: level === -1 ? 1 : level };
}

/**
 * The Go collector knows four zstd levels: any number stands for the nearest. The default is 1: on
 * batches of spans and logs it makes less bytes in half the time of 3.
 */
function zstdLevel(level: number): number {
  if (level < 0) return 1;
  if (level < 3) return 1;
  if (level < 6) return 3;
  return level < 10 ? 6 : 11;
}

function zstdOptions(level: number, inputBytes: number): zlib.ZstdOptions {
  return {
    chunkSize: chunkSize(inputBytes),
    pledgedSrcSize: inputBytes,
    params: { [zlib.constants.ZSTD_c_compressionLevel]: zstdLevel(level) },
  };
}

/**
 * Makes a compressor; loads what it needs.
 * @param level of gzip, zlib, deflate (-2 to 9) and zstd (mapped to 1, 3, 6, 11); -1 is the default
 */
export async function createCompressor(encoding: Encoding, level = -1): Promise<Compress> {
  if (encoding === 'gzip' || encoding === 'zlib' || encoding === 'deflate') {
    const [sync, later] = encoding === 'gzip' ? [gzipSync, gzip] : [deflateSync, deflate];
    const joiner = new Joiner();
    return (parts) => {
      const bytes = byteLength(parts);
      const options = zlibOptions(level, bytes);
      if (bytes <= syncBytes) return sync(join(parts), options);
      return joiner.with(parts, (whole) => later(whole, options));
    };
  }
  if (encoding === 'zstd') {
    const joiner = new Joiner();
    return (parts) => {
      const bytes = byteLength(parts);
      const options = zstdOptions(level, bytes);
      if (bytes <= syncBytes) return zstdSync(join(parts), options);
      return joiner.with(parts, (whole) => zstd(whole, options));
    };
  }
  if (encoding === 'lz4') {
    const lz4 = await import('lz4-napi');
    return (parts) => lz4.compressFrame(join(parts));
  }
  const snappy = await loadSnappy();
  if (encoding === 'x-snappy-framed') return (parts) => encodeFramed(join(parts), snappy);
  return (parts) => snappy.compress(join(parts));
}
