import type { Consumer, Context } from '../component/consumer.ts';
import { PipelineError } from '../component/errors.ts';
import type { Signal } from '../component/signals.ts';
import type { Batch } from '../pdata/batch.ts';

/**
 * One consumer that stands for several. Every branch gets the batch at the same time and is tried
 * whatever the others do; a branch that edits gets an overlay of its own. When a branch refuses,
 * the whole is refused, retryable if sending again can help any branch: what the others accepted
 * may then come to them twice.
 */
export function fanout<S extends Signal>(consumers: readonly Consumer<S>[]): Consumer<S> {
  const [first] = consumers;
  if (first === undefined) throw new Error('BUG: fan-out to nobody');
  return {
    mutates: false,
    get takes() {
      return takenByAll(consumers);
    },
    consume: (batch, ctx) =>
      consumers.length === 1 ? pass(first, batch, ctx) : passToAll(consumers, batch, ctx),
  };
}

/** Forms that every branch takes. */
function takenByAll(consumers: readonly Consumer<Signal>[]): ReadonlySet<string> | undefined {
  const [first, ...others] = consumers;
  if (others.length === 0 || first?.takes === undefined) return first?.takes;
  return new Set([...first.takes].filter((form) => others.every((to) => to.takes?.has(form))));
}

function pass<S extends Signal>(to: Consumer<S>, batch: Batch<S>, ctx: Context) {
  return to.consume(to.mutates ? batch.editable() : batch, ctx);
}

async function passToAll<S extends Signal>(
  consumers: readonly Consumer<S>[],
  batch: Batch<S>,
  ctx: Context,
): Promise<void> {
  const results = await Promise.allSettled(consumers.map((to) => pass(to, batch, ctx)));
  const errors: PipelineError[] = [];
  for (const result of results) {
    if (result.status === 'rejected') errors.push(PipelineError.from(result.reason));
  }
  if (errors.length > 0) throw combined(errors);
}

/** One error for several branches: retryable if any is. */
export function combined(errors: readonly PipelineError[]): PipelineError {
  const leading = errors.find((error) => error.retryable) ?? errors[0]!;
  if (errors.length === 1) return leading;
  const waits = errors.map((error) => error.retryAfterMs ?? 0);
  const retryAfterMs = Math.max(...waits);
  return new PipelineError(errors.map((error) => error.message).join('; '), {
    retryable: leading.retryable,
    status: leading.status,
    unknownOutcome: errors.some((error) => error.unknownOutcome),
    cause: leading,
    ...(leading.retryable && retryAfterMs > 0 ? { retryAfterMs } : {}),
  });
}
