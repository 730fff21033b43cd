import type { Version } from './read.ts';

const HAS_STARTS = 1;
const HAS_STALE = 2;
const headerBytes = 32;

/**
 * A plain request (series of labels in order and of samples, nothing else) as native code read it;
 * little-endian:
 *
 *     u32 series | u32 samples | u32 epoch | u32 flags: 1 starts, 2 stale markers
 *     u32 serial of the request | u32 bytes of it | u64 0
 *     i64 times (ms) | u64 bits of the values | i64 starts (ms; where flag 1 is)
 *     u32 numbers of label sets | u32 ends of their samples | u32 x 2 bytes of each series
 */
export class PlainColumns {
  readonly buffer: ArrayBuffer;
  readonly seriesCount: number;
  readonly sampleCount: number;
  /** Numbers of label sets hold within one epoch. */
  readonly epoch: number;
  /** Of the request, among those read. */
  readonly serial: number;
  /** Bytes of the request. */
  readonly bytes: number;
  readonly hasStarts: boolean;
  readonly hasStale: boolean;
  readonly #at: number;

  constructor(buffer: ArrayBuffer) {
    const header = new Uint32Array(buffer, 0, 6);
    const [series = 0, samples = 0, epoch = 0, flags = 0, serial = 0, bytes = 0] = header;
    this.serial = serial;
    this.bytes = bytes;
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
  readonly version: Version;
  readonly columns: PlainColumns;
  readonly source: RequestSource;
  /** Bytes of it, pairs of `[from, to)`, one after the other. */
  slices(ranges: Uint32Array): Uint8Array;
}

/** What batches of such requests are called: `Consumer.takes`. */
export const plainForm = 'prometheus_remote_write';

/**
 * A request of some series of another one.
 * @param series their places, ascending
 */
export function someSeries(request: PlainRequest, series: Uint32Array): Uint8Array {
  const { ranges } = request.columns;
  // in version 2 symbols come first
  const before = request.version === 2 ? 1 : 0;
  const wanted = new Uint32Array(2 * (series.length + before));
  if (before === 1) wanted[1] = ranges[0] ?? 0;
  for (let i = 0; i < series.length; i += 1) {
    wanted[2 * (i + before)] = ranges[2 * series[i]!]!;
    wanted[2 * (i + before) + 1] = ranges[2 * series[i]! + 1]!;
  }
  return request.slices(wanted);
}
