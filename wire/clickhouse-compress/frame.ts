/**
 * ClickHouse's compressed blocks, as in its HTTP interface with compress=1 and decompress=1:
 *
 *   0        16       17            21              25
 *   +--------+--------+-------------+---------------+----------------+
 *   | hash   | method | size of     | size of       | compressed     |
 *   |        |        | 9 + payload | original data | payload        |
 *   +--------+--------+-------------+---------------+----------------+
 *
 * hash: CityHash128 (1.0.2) of everything after it; sizes are 32 bits little-endian;
 * method: 0x82 LZ4 block, 0x90 zstd, 0x02 none.
 */
import { zstdDecompressSync } from 'node:zlib';
import { lz4Bound, lz4Compress, lz4Decompress } from './lz4.ts';

/** Writes a 16-byte CityHash128 of `bytes` to `target`. */
export type Hash128Into = (bytes: Uint8Array, target: Uint8Array) => void;

const hashSize = 16;
const headSize = 9;
const methodLz4 = 0x82;
const methodZstd = 0x90;
const methodNone = 0x02;

/** A frame that is not what the format says. */
export class FrameError extends Error {
  override name = 'FrameError';
}

/** One frame with `data` compressed by LZ4. */
export function compressFrame(data: Uint8Array, hashInto: Hash128Into): Uint8Array {
  const frame = new Uint8Array(hashSize + headSize + lz4Bound(data.length));
  const size = lz4Compress(data, frame.subarray(hashSize + headSize));
  const view = new DataView(frame.buffer);
  frame[hashSize] = methodLz4;
  view.setUint32(hashSize + 1, headSize + size, true);
  view.setUint32(hashSize + 5, data.length, true);
  const end = hashSize + headSize + size;
  hashInto(frame.subarray(hashSize, end), frame);
  return frame.subarray(0, end);
}

/** Takes frames in pieces of any size and gives the data of each whole frame. */
export class FrameReader {
  readonly #hashInto: Hash128Into;
  readonly #limit: number;
  readonly #computed = new Uint8Array(hashSize);
  #pending: Uint8Array = new Uint8Array(0);

  /** @param limit most bytes of one frame, compressed and decompressed */
  constructor(hashInto: Hash128Into, limit: number) {
    this.#hashInto = hashInto;
    this.#limit = limit;
  }

  /** @returns data of the frames that `chunk` completes; throws FrameError. */
  push(chunk: Uint8Array): Uint8Array[] {
    this.#pending = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    const out: Uint8Array[] = [];
    for (;;) {
      const bytes = this.#pending;
      if (bytes.length < hashSize + headSize) return out;
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      const size = view.getUint32(hashSize + 1, true);
      const original = view.getUint32(hashSize + 5, true);
      if (size < headSize || size > this.#limit || original > this.#limit) {
        throw new FrameError(
          `cannot read compressed block: sizes ${size} and ${original} are not in ` +
            `${headSize}..${this.#limit}`,
        );
      }
      const end = hashSize + size;
      if (bytes.length < end) return out;
      out.push(this.#decode(bytes.subarray(0, end), original));
      this.#pending = bytes.subarray(end);
    }
  }

  /** Throws FrameError when the input ended inside a frame. */
  end(): void {
    if (this.#pending.length > 0) {
      throw new FrameError(
        `cannot read compressed block: input ends after ${this.#pending.length} bytes of it`,
      );
    }
  }

  #decode(frame: Uint8Array, original: number): Uint8Array {
    this.#hashInto(frame.subarray(hashSize), this.#computed);
    if (Buffer.compare(this.#computed, frame.subarray(0, hashSize)) !== 0) {
      throw new FrameError('cannot read compressed block: its checksum does not match');
    }
    const payload = frame.subarray(hashSize + headSize);
    const method = frame[hashSize]!;
    try {
      return decompress(method, payload, original);
    } catch (error) {
      if (error instanceof FrameError) throw error;
      throw new FrameError((error as Error).message, { cause: error });
    }
  }
}

function decompress(method: number, payload: Uint8Array, original: number): Uint8Array {
  let data: Uint8Array;
  if (method === methodLz4) {
    data = new Uint8Array(original);
    lz4Decompress(payload, data);
  } else if (method === methodZstd) {
    data = zstdDecompressSync(payload, { maxOutputLength: Math.max(original, 1) });
  } else if (method === methodNone) {
    data = payload;
  } else {
    throw new FrameError(`cannot read compressed block: method 0x${method.toString(16)}`);
  }
  if (data.length !== original) {
    throw new FrameError(`cannot read compressed block: ${data.length} bytes, not ${original}`);
  }
  return data;
}
