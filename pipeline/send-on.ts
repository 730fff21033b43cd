import { background, type Consumer } from '../component/consumer.ts';
import type { NodeLedger } from '../component/settings.ts';
import type { Signal } from '../component/signals.ts';
import type { Batch } from '../pdata/batch.ts';

/**
 * Sends a batch on that no sender waits for any more. What the next refuses is dropped.
 * @param refused is told of what the next threw
 */
export async function sendOn<S extends Signal>(
  next: Consumer<S>,
  batch: Batch<S>,
  ledger: NodeLedger,
  refused: (thrown: unknown) => void,
): Promise<void> {
  const items = batch.itemCount;
  try {
    await next.consume(next.mutates ? batch.editable() : batch, background);
  } catch (thrown) {
    ledger.dropped('refused_by_next', items);
    refused(thrown);
  }
}
