import type { Version } from './read.ts';

const HAS_STARTS = 1;
const HAS_STALE = 2;
const headerBytes = 16;

/**
 * A plain request (series of labels in order and of samples, nothing else) as native code read it;
 * little-endian:
 *
 *     u32 series | u32 samples | u32 epoch | u32 flags: 1 starts, 2 stale markers
 *     i64 times (ms) | u64 bits of the values | i64 starts (ms; where flag 1 is)
 *     u32 numbers of label sets | u32 ends of their samples | u32 x 2 bytes of each series
 */
export class PlainColumns {
  readonly buffer: ArrayBuffer;
  readonly seriesCount: number;
  readonly sampleCount: number;
  /** Numbers of label sets hold within one epoch. */
  readonly epoch: number;
  readonly hasStarts: boolean;
  readonly hasStale: boolean;
  readonly #at: number;

  constructor(buffer: ArrayBuffer) {
    const [series = 0, samples = 0, epoch = 0, flags = 0] = new Uint32Array(buffer, 0, 4);
    this.buffer = buffer;
    this.seriesCount = series;
    this.sampleCount = samples;
    this.epoch = epoch;
    this.hasStarts = (flags & HAS_STARTS) !== 0;
    this.hasStale = (flags & HAS_STALE) !== 0;
    this.#at = headerBytes + samples * (this.hasStarts ? 24 : 16);
  }

  /** Number of the label set of each series. */
  get sets(): Uint32Array {
    return new Uint32Array(this.buffer, this.#at, this.seriesCount);
  }

  /** Bytes `[start, end)` of each series in the request, tag and length among them. */
  get ranges(): Uint32Array {
    return new Uint32Array(this.buffer, this.#at + 8 * this.seriesCount, 2 * this.seriesCount);
  }
}

/** What is known where requests come in, beyond their bytes. */
export interface RequestSource {
  /** Rises with each change of what is remembered of families and targets. */
  readonly generation: number;
  /**
   * OTLP of a request that was found plain, series as they were sent.
   * @param order filled with the series of each point
   * @param firstOnly whether of each series only the first sample is there
   */
  convert(
    bytes: Uint8Array,
    version: Version,
    order: number[],
    firstOnly: boolean,
  ): readonly Uint8Array[];
}

/** A plain request on its way to a writer that takes it as it is. */
export interface PlainRequest {
  readonly bytes: Uint8Array;
  readonly version: Version;
  readonly columns: PlainColumns;
  readonly source: RequestSource;
}

/** What batches of such requests are called: `Consumer.takes`. */
export const plainForm = 'prometheus_remote_write';

/**
 * A request of some series of another one.
 * @param series their places, ascending
 */
export function someSeries(
  { bytes, version, columns }: PlainRequest,
  series: Iterable<number>,
): Uint8Array {
  const { ranges } = columns;
  const parts: Uint8Array[] = [];
  // symbols come first
  if (version === 2) parts.push(bytes.subarray(0, ranges[0] ?? 0));
  for (const i of series) parts.push(bytes.subarray(ranges[2 * i]!, ranges[2 * i + 1]!));
  return Buffer.concat(parts);
}
