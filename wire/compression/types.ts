/**
 * Names as in Content-Encoding and in the `compression` keys. `deflate` and `zlib` are both the
 * zlib format (RFC 1950), as HTTP and the Go collector have it. `snappy` is the block format,
 * `x-snappy-framed` the framed one, `lz4` the LZ4 frame format.
 */
export const encodings = [
  'gzip',
  'zstd',
  'zlib',
  'deflate',
  'snappy',
  'x-snappy-framed',
  'lz4',
] as const;

/** One of {@link encodings}; bodies that are not compressed have none. */
export type Encoding = (typeof encodings)[number];

/** A budget of bytes, as far as this folder needs it. */
export interface ByteBudget {
  tryReserve(bytes: number): boolean;
  release(bytes: number): void;
}

/** Why something could not be decompressed. */
export type DecompressFault =
  /** The input is not what it says it is. */
  | 'corrupt'
  /** The output is larger than allowed. */
  | 'too_large'
  /** The budget has no room for the output now. */
  | 'no_memory';

/** What a decompressor throws; `fault` tells bad bytes from bytes that are too many. */
export class DecompressError extends Error {
  readonly fault: DecompressFault;
  constructor(fault: DecompressFault, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'DecompressError';
    this.fault = fault;
  }
}
