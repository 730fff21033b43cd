import type { Consumer, Context } from '../../component/consumer.ts';
import { Code, PipelineError } from '../../component/errors.ts';
import type { Signal, SignalData } from '../../component/signals.ts';

/**
 * Gives each batch to several consumers, one after the other. All are tried; when some refuse, the
 * whole is refused with their reasons together (the others have accepted: a retry doubles there).
 */
export class FanOut<S extends Signal> implements Consumer<S> {
  readonly mutates = false;
  readonly #branches: readonly Consumer<S>[];

  /** @param branches consumers that do not mutate or copy for themselves */
  constructor(branches: readonly Consumer<S>[]) {
    this.#branches = branches;
  }

  async consume(batch: SignalData[S], ctx: Context): Promise<void> {
    const errors: PipelineError[] = [];
    for (const branch of this.#branches) {
      try {
        await branch.consume(batch, ctx);
      } catch (error) {
        errors.push(PipelineError.from(error));
      }
    }
    if (errors.length === 1) throw errors[0];
    if (errors.length > 1) throw combine(errors);
  }
}

/** Permanent when one of them is: a retry could not succeed as a whole. */
function combine(errors: readonly PipelineError[]): PipelineError {
  const permanent = errors.find((error) => !error.retryable);
  const waits = errors.map((error) => error.retryAfterMs).filter((ms) => ms !== undefined);
  return new PipelineError(errors.map((error) => error.message).join('; '), {
    retryable: permanent === undefined,
    status: permanent?.status ?? errors[0]?.status ?? Code.UNAVAILABLE,
    unknownOutcome: errors.some((error) => error.unknownOutcome),
    ...(waits.length === 0 ? {} : { retryAfterMs: Math.max(...waits) }),
    cause: new AggregateError(errors),
  });
}
