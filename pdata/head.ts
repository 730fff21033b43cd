import type { Batch, SplitLimits } from './batch.ts';
import { OtlpBatch, otlpBatch } from './otlp-batch.ts';
import type { Signal } from './signal.ts';
import { splitBatch } from './split.ts';

/**
 * The first items of a batch, within the limits (at least one item): what `split` gives first,
 * without the work for the rest. The batch itself keeps no index of it.
 */
export function headOf<S extends Signal>(batch: Batch<S>, limits: SplitLimits): Batch<S> {
  const { counts } = otlpBatch(batch);
  const whole = new OtlpBatch(batch.signal, batch.ranges(), counts);
  return splitBatch(whole, limits, 1)[0] ?? whole;
}
