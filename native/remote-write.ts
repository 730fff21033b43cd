import { loadFastPath } from './load.ts';

/** Label sets of plain requests, numbered; opaque. */
export interface LabelSets {
  readonly handle: unique symbol;
}

/** What remote_write_napi.c exports. */
export interface RemoteWriteAddon {
  /**
   * @param key 32 bytes that senders do not know: label sets are told apart by a hash of 96 bits.
   *   A million of them are remembered; beyond, numbers begin anew with the next epoch.
   */
  create(key: Uint8Array): LabelSets;
  /**
   * Reads a plain request: series of well-formed labels in order and of samples, nothing else.
   * @param block it as snappy block
   * @param most bytes of it unpacked
   * @returns the columns that wire/prometheus/remote-write/plain.ts describes; undefined: it is not
   *   plain, or broken, or too large
   */
  read(sets: LabelSets, block: Uint8Array, version: number, most: number): ArrayBuffer | undefined;
  /**
   * Bytes of the request with this serial, pairs of `[from, to)`, one after the other; undefined:
   * another one has been read since.
   */
  slices(sets: LabelSets, serial: number, ranges: Uint32Array): Uint8Array | undefined;
  /** Unpacks a snappy block. @returns whether it is one that fills the target */
  unpack(block: Uint8Array, target: Uint8Array): boolean;
  /**
   * Adds rows of `metric_samples`, all of the day of the first sample, of series that have a row of
   * that day; columns have room for all samples until `closeUp`.
   * @param columns that `read` gave
   * @param series by number of label set, -1 = none; the arrays after it are by number of series
   * @param day of which the series has its row
   * @param receipt Unix seconds
   * @param target 25 bytes a sample, 8 more with starts, 4 more with stale markers; at a multiple
   *   of 8 of its buffer
   * @param places the first `count` are the series that are added, all of them where `count` is 0;
   *   filled with those that have no row
   * @param result rows, their day, and how many series have none; where `count` is not 0 the rows
   *   come after those that are there
   */
  rows(
    columns: ArrayBuffer,
    series: Int32Array,
    idLow: Uint32Array,
    idHigh: Uint32Array,
    scale: Uint8Array,
    misses: Uint8Array,
    day: Int32Array,
    receipt: number,
    target: Uint8Array,
    places: Uint32Array,
    count: number,
    result: Uint32Array,
  ): void;
  /** Moves the columns of `count` rows, fewer than samples, together. */
  closeUp(columns: ArrayBuffer, target: Uint8Array, count: number): void;
  /**
   * Writes rows in the form in which batches wait as one block; the twin is sorted-samples.ts.
   * @param target 39 bytes a row and 256
   * @returns bytes of the block times 4, plus the flags of the columns that it has
   */
  seal(pieces: readonly Uint8Array[], day: number, target: Uint8Array): number;
}

/** The addon, or undefined when it is not built or switched off (WIRESTITCH_FAST_PATHS=off). */
export function loadRemoteWrite(): RemoteWriteAddon | undefined {
  return loadFastPath<RemoteWriteAddon>('remote-write').addon;
}
