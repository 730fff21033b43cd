import type { Batch } from '../batch.ts';
import { otlpBatch } from '../otlp-batch.ts';
import type { Signal } from '../signal.ts';

/**
 * The batch for readers that look at bytes and not at edits: itself when nothing was edited (its
 * index is shared then), else with its edits written.
 */
export function unedited<S extends Signal>(batch: Batch<S>): Batch<S> {
  const { overlay } = otlpBatch(batch);
  return overlay === undefined || overlay.version === 0 ? batch : batch.plain();
}
