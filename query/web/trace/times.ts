/** Rows in the order of the tree, as far as times are concerned. Columns of equal length. */
export interface RowTimes {
  /** Row above, -1 = none; always a smaller number. Children come by start. */
  readonly parent: Int32Array;
  /** Offsets in nanoseconds; the end is never before the start. */
  readonly startNs: Float64Array;
  readonly endNs: Float64Array;
  /** 1: stands for a parent that is not stored. */
  readonly missing: Uint8Array;
}
