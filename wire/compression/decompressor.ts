import { decodeLz4Frames } from './lz4-frame.ts';
import { Reservation } from './reservation.ts';
import * as snappyFormat from './snappy-format.ts';
import { type ByteBudget, DecompressError, type Encoding } from './types.ts';
import { decodeZlib } from './zlib-decode.ts';

/** Decompressed bytes and what was taken from the budget for them; the caller gives it back. */
export interface Decompressed {
  readonly bytes: Buffer;
  readonly reserved: number;
}

/**
 * Decompresses whole bodies of every encoding. One for a component: native libraries are loaded
 * when the first body asks for them.
 */
export class Decompressor {
  readonly #budget: ByteBudget;
  #snappy: snappyFormat.SnappyPrimitives | undefined;

  constructor(budget: ByteBudget) {
    this.#budget = budget;
  }

  /**
   * Small bodies are done at once, large ones on other threads. `snappy` takes both formats, told
   * apart by the framed one's identifier. Nothing stays reserved when it fails.
   * @throws DecompressError, or a promise that rejects with it
   */
  decompress(
    encoding: Encoding,
    input: Buffer,
    maxBytes: number,
  ): Decompressed | Promise<Decompressed> {
    const reservation = new Reservation(this.#budget);
    const done = (bytes: Buffer): Decompressed => ({ bytes, reserved: reservation.bytes });
    const failed = (error: unknown): never => {
      reservation.release();
      if (error instanceof DecompressError) throw error;
      if (error instanceof Error && error.message.startsWith('BUG:')) throw error;
      throw new DecompressError('corrupt', `cannot decompress ${encoding}: ${String(error)}`);
    };
    try {
      const bytes = this.#decode(encoding, input, maxBytes, reservation);
      return bytes instanceof Promise ? bytes.then(done, failed) : done(bytes);
    } catch (error) {
      return failed(error);
    }
  }

  #decode(
    encoding: Encoding,
    input: Buffer,
    maxBytes: number,
    reservation: Reservation,
  ): Buffer | Promise<Buffer> {
    if (encoding === 'gzip' || encoding === 'zstd') {
      return decodeZlib(encoding, input, maxBytes, reservation);
    }
    if (encoding === 'zlib' || encoding === 'deflate') {
      return decodeZlib('zlib', input, maxBytes, reservation);
    }
    if (encoding === 'lz4') return decodeLz4Frames(input, maxBytes, reservation);
    if (encoding !== 'snappy' && encoding !== 'x-snappy-framed') {
      throw new Error(`BUG: unknown encoding ${encoding satisfies never}`);
    }
    const framed = encoding === 'x-snappy-framed' || snappyFormat.isFramed(input);
    const decode = framed ? snappyFormat.decodeFramed : snappyFormat.decodeBlock;
    if (this.#snappy !== undefined) return decode(input, maxBytes, reservation, this.#snappy);
    return loadSnappy().then((snappy) => {
      this.#snappy = snappy;
      return decode(input, maxBytes, reservation, snappy);
    });
  }
}

/** Loads the native libraries that the snappy formats stand on. */
export async function loadSnappy(): Promise<snappyFormat.SnappyPrimitives> {
  const [snappy, crc] = await Promise.all([import('snappy'), import('@node-rs/crc32')]);
  return {
    uncompress: (block) => snappy.uncompressSync(block, { asBuffer: true }) as Buffer,
    compress: (bytes) => snappy.compressSync(bytes),
    crc32c: (bytes) => crc.crc32c(bytes),
  };
}
