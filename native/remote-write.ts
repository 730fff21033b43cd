import { loadAddon } from './load.ts';

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
   * @returns the columns that remote_write.h describes; undefined: it is not plain, or broken
   */
  read(sets: LabelSets, bytes: Uint8Array, version: number): ArrayBuffer | undefined;
  /**
   * Rows of `metric_samples`, all of the day of the first sample, of the series whose row of that
   * day is stored.
   * @param columns that `read` gave
   * @param series by number of label set, -1 = none; the arrays after it are by number of series
   * @param receipt Unix seconds
   * @param target 25 bytes a sample, 8 more with starts, 4 more with stale markers; at a multiple of
   *   8 of its buffer
   * @param leftOver filled with the places of series that are not among the rows
   * @param result filled with count and day of the rows, and how many series are left over
   */
  rows(
    columns: ArrayBuffer,
    series: Int32Array,
    idLow: Uint32Array,
    idHigh: Uint32Array,
    scale: Uint8Array,
    misses: Uint8Array,
    storedDay: Int32Array,
    receipt: number,
    target: Uint8Array,
    leftOver: Uint32Array,
    result: Uint32Array,
  ): void;
}

/** The addon, or undefined when it is not built or switched off (WIRESTITCH_FAST_PATHS=off). */
export function loadRemoteWrite(): RemoteWriteAddon | undefined {
  if (process.env.WIRESTITCH_FAST_PATHS === 'off') return undefined;
  return loadAddon<RemoteWriteAddon>('remote-write').addon;
}
