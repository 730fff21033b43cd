/** A native histogram; buckets are counts, not deltas. */
export interface NativePoint {
  readonly count: number;
  readonly sum: number;
  readonly schema: number;
  readonly zeroThreshold: number;
  readonly zeroCount: number;
  /** Offsets and lengths, alternating. */
  readonly positiveSpans: readonly number[];
  readonly positive: readonly number[];
  readonly negativeSpans: readonly number[];
  readonly negative: readonly number[];
}
