/** A series as it is answered with. `times` and `values` are equally long. */
export interface SeriesColumns {
  /** In the order of their names. */
  readonly labels: readonly (readonly [name: string, value: string])[];
  /** Milliseconds since 1970, whole, rising. */
  readonly times: Float64Array;
  /** Read as bits only: a stale marker stays what it is. */
  readonly values: Float64Array;
}

/** Bits of values, low half first: index 2i and 2i + 1. */
export function bitsOf(values: Float64Array): Uint32Array {
  return new Uint32Array(values.buffer, values.byteOffset, values.length * 2);
}
