/**
 * Requests, errors and durations of many calls: durations by bands, two an octave, as schema
 * `smart` counts them (`durationBand`): band b holds [2^(b/2), 2^((b+1)/2)) ns.
 */

/** Bands that a duration of 64 bits can be in. */
export const bandCount = 127;

/** Sums over calls; doubles, since a sample makes parts of calls. */
export interface Red {
  readonly calls: number;
  readonly errors: number;
  /** Calls by band; `bandCount` numbers. */
  readonly bands: Float64Array;
}

/** What several measurements come to. */
export class RedSum implements Red {
  calls = 0;
  errors = 0;
  readonly bands = new Float64Array(bandCount);

  add(other: Red): void {
    this.calls += other.calls;
    this.errors += other.errors;
    for (let band = 0; band < bandCount; band++) this.bands[band]! += other.bands[band]!;
  }

  /** Counts by some bands; a band that there is not counts as the last. */
  addBands(calls: number, errors: number, keys: readonly number[], counts: readonly number[]) {
    this.calls += calls;
    this.errors += errors;
    addSparse(this.bands, keys, counts);
  }
}

/** Adds counts by band to all bands. */
function addSparse(bands: Float64Array, keys: readonly number[], counts: readonly number[]): void {
  for (const [i, band] of keys.entries()) {
    bands[Math.min(band, bandCount - 1)]! += counts[i] ?? 0;
  }
}

/**
 * The duration that a share of the calls does not exceed, in ns, known to within 19 %: within a
 * band durations are taken as spread evenly over its logarithm.
 * @param q 0 to 1
 * @returns undefined when there are no calls
 */
export function quantile(bands: Float64Array, q: number): number | undefined {
  let total = 0;
  for (const count of bands) total += count;
  if (total <= 0) return undefined;
  let left = q * total;
  for (const [band, count] of bands.entries()) {
    if (count === 0) continue;
    if (left <= count) return 2 ** ((band + left / count) / 2);
    left -= count;
  }
  return 2 ** (bandCount / 2);
}
