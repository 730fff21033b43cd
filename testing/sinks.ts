import type { Component } from '../component/component.ts';
import type { Consumer, Context } from '../component/consumer.ts';
import { PipelineError, type PipelineErrorOptions } from '../component/errors.ts';
import type { Random } from '../component/settings.ts';
import type { Signal } from '../component/signals.ts';
import type { Batch } from '../pdata/batch.ts';

/** A consumer that keeps what it gets. */
export interface CollectingSink<S extends Signal> extends Consumer<S>, Component {
  readonly batches: Batch<S>[];
  readonly contexts: Context[];
  readonly items: number;
  /** What the next calls do instead of accepting; an error each. */
  readonly failures: PipelineError[];
}

export function collectingSink<S extends Signal>(mutates = false): CollectingSink<S> {
  const batches: Batch<S>[] = [];
  const contexts: Context[] = [];
  const failures: PipelineError[] = [];
  return {
    mutates,
    batches,
    contexts,
    failures,
    get items() {
      return batches.reduce((sum, batch) => sum + batch.itemCount, 0);
    },
    async consume(batch, ctx) {
      const failure = failures.shift();
      if (failure !== undefined) throw failure;
      batches.push(batch);
      contexts.push(ctx);
    },
    start: async () => {},
    shutdown: async () => {},
  };
}

export const permanent = (message = 'bad data') => new PipelineError(message, { retryable: false });

export const retryable = (message = 'try later', options: Partial<PipelineErrorOptions> = {}) =>
  new PipelineError(message, { ...options, retryable: true });

export const unknownOutcome = (message = 'connection broken') =>
  new PipelineError(message, { retryable: true, unknownOutcome: true });

/** How often each kind of error comes, as a fraction of the calls. */
export interface ErrorMix {
  readonly permanent?: number;
  readonly retryable?: number;
  /** The data arrives, and an error is reported nevertheless. */
  readonly unknown?: number;
}

/** What a call should do: an error to throw, and whether the data arrives all the same. */
export function drawError(
  mix: ErrorMix,
  random: Random,
): { error: PipelineError; arrives: boolean } | undefined {
  let x = random.float();
  if ((x -= mix.permanent ?? 0) < 0) return { error: permanent(), arrives: false };
  if ((x -= mix.retryable ?? 0) < 0) return { error: retryable(), arrives: false };
  if (x - (mix.unknown ?? 0) < 0) {
    return { error: unknownOutcome(), arrives: random.float() < 0.5 };
  }
  return undefined;
}
