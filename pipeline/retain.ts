import type { MemoryBudget } from '../component/settings.ts';
import type { Signal } from '../component/signals.ts';
import type { Batch } from '../pdata/batch.ts';

/** Bytes of heap that a waiting request takes beside its data. */
export const retainedBytes = 512;

/** A batch that is kept after consume() settled, with what it takes of the memory budget. */
export interface Retained<S extends Signal> {
  readonly batch: Batch<S>;
  /** Give back with `budget.release` when the batch is let go. */
  readonly bytes: number;
}

/** Reserves what keeping a batch takes; undefined when the budget has no room. */
export function retain<S extends Signal>(
  batch: Batch<S>,
  budget: MemoryBudget,
): Retained<S> | undefined {
  const kept = compact(batch);
  const bytes = kept.backingBytes + retainedBytes;
  return budget.tryReserve(bytes) ? { batch: kept, bytes } : undefined;
}

/**
 * The batch with its edits written, or a copy where it would keep much more memory alive than it
 * needs.
 */
export function compact<S extends Signal>(batch: Batch<S>): Batch<S> {
  const plain = batch.plain();
  const wasteful = plain.backingBytes > 2 * plain.byteLength + 4096;
  return wasteful ? plain.detach() : plain;
}
