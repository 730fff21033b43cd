import type { ClientInfo } from '../../component/consumer.ts';
import type { Signal } from '../../component/signals.ts';
import type { Batch } from '../../pdata/batch.ts';
import type { Progress, SealedBatch } from '../backend.ts';

/** One unit of delivery on its way through the chain: each link reads it, some add to it. */
export interface Delivery<S extends Signal> {
  /** What is delivered; empty once it is sealed. */
  batches: readonly Batch<S>[];
  sealed: SealedBatch | undefined;
  readonly items: number;
  /** Attempts made so far. */
  attempts: number;
  /** An attempt was sent and got no answer. */
  previousUnknown: boolean;
  /** Clock.monotonicMs() after which the sender no longer waits; Infinity when nobody does. */
  readonly deadlineMs: number;
  readonly progress: Progress;
  /** Who sent all of it, where that is known. */
  readonly client: ClientInfo | undefined;
}

/** A delivery that was not tried yet. */
export function newDelivery<S extends Signal>(
  piece: Pick<Delivery<S>, 'batches' | 'items'>,
  client?: ClientInfo,
  deadlineMs = Number.POSITIVE_INFINITY,
): Delivery<S> {
  const { batches, items } = piece;
  const progress: Progress = { arrived: 0, leftOut: 0, leftOutAs: '' };
  const untried = { attempts: 0, previousUnknown: false, progress };
  return { batches, sealed: undefined, items, ...untried, deadlineMs, client };
}

/** One link of the chain, seen by the link before it; rejects with PipelineError. */
export type Sender<S extends Signal> = (delivery: Delivery<S>) => Promise<void>;
