import { promisify } from 'node:util';
import zlib from 'node:zlib';
import { loadSnappy } from './decompressor.ts';
import { encodeFramed } from './snappy-format.ts';
import type { Encoding } from './types.ts';

/** Compresses whole bodies: at once when small, on other threads when large. */
export type Compress = (parts: readonly Uint8Array[]) => Buffer | Promise<Buffer>;

/** Inputs up to this many bytes are compressed on this thread: a thread's round trip costs more. */
export const syncBytes = 64 * 1024;

const gzip = promisify(zlib.gzip) as (b: Buffer, o: zlib.ZlibOptions) => Promise<Buffer>;
const deflate = promisify(zlib.deflate) as typeof gzip;
const zstd = promisify(zlib.zstdCompress) as (b: Buffer, o: zlib.ZstdOptions) => Promise<Buffer>;

function join(parts: readonly Uint8Array[]): Buffer {
  const [only] = parts;
  if (parts.length !== 1 || only === undefined) return Buffer.concat(parts);
  return Buffer.from(only.buffer, only.byteOffset, only.byteLength);
}

/** Room for the output, so that it comes in one piece mostly. */
function chunkSize(inputBytes: number): number {
  return Math.min(1 << 20, Math.max(1024, inputBytes >> 2));
}

/** @param level -1 default (1, see the README), -2 Huffman only, 0 to 9 */
function zlibOptions(level: number, inputBytes: number): zlib.ZlibOptions {
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
    const [sync, later] = encoding === 'gzip' ? [zlib.gzipSync, gzip] : [zlib.deflateSync, deflate];
    return (parts) => {
      const input = join(parts);
      const options = zlibOptions(level, input.length);
      return input.length <= syncBytes ? sync(input, options) : later(input, options);
    };
  }
  if (encoding === 'zstd') {
    return (parts) => {
      const input = join(parts);
      const options = zstdOptions(level, input.length);
      return input.length <= syncBytes
        ? zlib.zstdCompressSync(input, options)
        : zstd(input, options);
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
