import type { Batch } from './batch.ts';
import { OtlpBatch, otlpBatch } from './otlp-batch.ts';
import { mergeProfiles } from './profiles/rewrite.ts';
import type { Signal } from './signal.ts';

/**
 * One batch with the items of all, in order. Nothing is copied: the list of ranges grows. Profiles
 * are written anew, since their dictionaries are joined.
 *
 * @param batches at least one
 */
export function mergeBatches<S extends Signal>(batches: readonly Batch<S>[]): Batch<S> {
  const first = batches[0];
  if (first === undefined) throw new Error('BUG: no batches to merge');
  if (batches.length === 1) return first;
  const ranges: Uint8Array[] = [];
  const counts: number[] = [];
  for (const batch of batches) {
    const own = batch.ranges();
    const { counts: ownCounts } = otlpBatch(batch);
    for (let i = 0; i < own.length; i += 1) {
      ranges.push(own[i]!);
      counts.push(ownCounts[i]!);
    }
  }
  if (first.signal === 'profiles') {
    return new OtlpBatch(first.signal, [mergeProfiles(ranges)], [sum(counts)]);
  }
  return new OtlpBatch(first.signal, ranges, counts);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
