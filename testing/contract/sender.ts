import { background, type Consumer } from '../../component/consumer.ts';
import { PipelineError } from '../../component/errors.ts';
import type { Batch } from '../../pdata/batch.ts';
import { type NumberedSignal, numbered, numbersFrom, type Points } from './numbered.ts';

/** What a sender was told of the numbers that it sent. */
export interface Told {
  readonly accepted: Set<number>;
  /** Refused for good, or given up after many refusals. */
  readonly refused: Set<number>;
  /** Every refusal, in order. */
  readonly refusals: PipelineError[];
}

export interface SenderOptions {
  readonly batches: number;
  readonly items: number;
  readonly points?: Points;
  /** Attempts of a batch at most. */
  readonly attempts?: number;
  /** First number. */
  readonly from?: number;
  /** Called between attempts. */
  readonly pause?: () => Promise<void>;
}

/** Nothing is told yet. */
export function nobodyTold(): Told {
  return { accepted: new Set(), refused: new Set(), refusals: [] };
}

/** One attempt. @returns the refusal; anything else that is thrown is a fault of the consumer */
export async function offer<S extends NumberedSignal>(
  to: Consumer<S>,
  batch: Batch<S>,
): Promise<PipelineError | undefined> {
  try {
    await to.consume(to.mutates ? batch.editable() : batch, background);
    return undefined;
  } catch (error) {
    if (error instanceof PipelineError && !error.message.startsWith('BUG')) return error;
    throw new Error(`BUG: rejected with ${error}`, { cause: error });
  }
}

/** Sends batches as OTLP clients do: again what is refused for now, not again what is refused. */
export async function sendAll<S extends NumberedSignal>(
  signal: S,
  to: Consumer<S>,
  options: SenderOptions,
  told: Told = nobodyTold(),
): Promise<Told> {
  const { batches, items, attempts = 20, from = 0, points, pause } = options;
  let next = 0;
  const one = async (): Promise<void> => {
    while (next < batches) {
      const numbers = numbersFrom(from + items * next++, items);
      let end = told.refused;
      for (let attempt = 0; attempt < attempts; attempt += 1) {
        const refusal = await offer(to, numbered(signal, numbers, points));
        if (refusal === undefined) end = told.accepted;
        else told.refusals.push(refusal);
        if (refusal?.retryable !== true) break;
        await pause?.();
      }
      for (const number of numbers) end.add(number);
    }
  };
  await Promise.all([one(), one(), one(), one()]);
  return told;
}
