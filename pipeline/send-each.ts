import type { Consumer, Context } from '../component/consumer.ts';
import { PipelineError } from '../component/errors.ts';
import type { NodeLedger } from '../component/settings.ts';
import type { Signal } from '../component/signals.ts';
import type { Batch } from '../pdata/batch.ts';
import { combined } from './fanout.ts';

/** A batch and who is to get it. */
export interface Part<S extends Signal> {
  readonly consumer: Consumer<S>;
  readonly batch: Batch<S>;
}

/**
 * Sends different batches to different consumers at the same time; each is tried whatever the
 * others do. When one refuses, the whole is refused, retryable if sending again can help any.
 * @param items items that the parts were made of; those that went nowhere are dropped as `reason`
 */
export async function sendEach<S extends Signal>(
  parts: readonly Part<S>[],
  ctx: Context,
  book: { ledger: NodeLedger; items: number; unsent: number; reason: string },
): Promise<void> {
  const { ledger, items, unsent, reason } = book;
  const results = await Promise.allSettled(
    parts.map(({ consumer, batch }) =>
      consumer.consume(consumer.mutates ? batch.editable() : batch, ctx),
    ),
  );
  const errors: PipelineError[] = [];
  let sent = 0;
  results.forEach((result, i) => {
    if (result.status === 'rejected') errors.push(PipelineError.from(result.reason));
    else sent += parts[i]!.batch.itemCount;
  });
  if (errors.length > 0) {
    if (sent > 0) ledger.created(sent); // the sender is told that nothing was taken
    throw combined(errors);
  }
  if (unsent > 0) ledger.dropped(reason, unsent);
  const copies = sent + unsent - items;
  if (copies > 0) ledger.created(copies);
}
