import { ExplicitHistograms } from './explicit.ts';
import { ExponentialHistograms } from './exponential.ts';

/** Histograms of the series of a table, of one of two kinds. */
export type Histograms = ExplicitHistograms | ExponentialHistograms;

/** Upper bounds of durations where none are configured, in milliseconds. */
export const defaultBucketsMs: readonly number[] = [
  2, 4, 6, 8, 10, 50, 100, 200, 400, 800, 1000, 1400, 2000, 5000, 10_000, 15_000,
];

/** @param buckets upper bounds, or the number of exponential buckets */
export function histogramsOf(buckets: readonly number[] | number): Histograms {
  return typeof buckets === 'number'
    ? new ExponentialHistograms(buckets)
    : new ExplicitHistograms(buckets);
}
