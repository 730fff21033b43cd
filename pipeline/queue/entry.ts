import type { ClientInfo } from '../../component/consumer.ts';
import type { PipelineError } from '../../component/errors.ts';
import type { Signal } from '../../component/signals.ts';
import type { Batch } from '../../pdata/batch.ts';

/** One accepted request, until all of it is delivered or dropped. */
export interface Entry {
  readonly items: number;
  /** In the queue's unit. */
  readonly size: number;
  /** Record in the log that holds it; -1 = none (memory only, or replaced by a sealed record). */
  position: number;
  /** Bytes of the memory budget that it holds. */
  reserved: number;
  /** Whether these are memory of an addon's. */
  native: boolean;
  /** Those of them that only spare reading it back from disk. */
  cached: number;
  /** Parts of it that are neither delivered nor dropped. */
  pending: number;
  /** The first error that a part of it ended with. */
  error: PipelineError | undefined;
  /** Who sent it; undefined where that is not known any more. */
  client: ClientInfo | undefined;
  /** Ends of its parts that another exporter was given. */
  given: Promise<void>[] | undefined;
  /** Tells the sender that waits for the result. */
  settle: ((error: PipelineError | undefined) => void) | undefined;
}

/**
 * @param reserved bytes of the memory budget that it holds
 * @param native whether these are memory of an addon's
 */
export function newEntry(
  items: number,
  size: number,
  position: number,
  reserved: number,
  native = false,
): Entry {
  const ending = { pending: 1, error: undefined, client: undefined };
  const open = { given: undefined, settle: undefined };
  return { items, size, position, reserved, native, cached: 0, ...ending, ...open };
}

/** Settles when the entry does. */
export function settled(entry: Entry): Promise<void> {
  return new Promise((resolve, reject) => {
    entry.settle = (error) => (error === undefined ? resolve() : reject(error));
  });
}

/** A run of items that waits in a lane: an entry, or what a split left over. */
export interface Part<S extends Signal> {
  readonly entries: readonly Entry[];
  /** undefined: only on disk, at the position of its entry, or taken up by the backend. */
  batch: Batch<S> | undefined;
  readonly items: number;
  /** In the batch's unit. */
  readonly units: number;
  /** Encoded bytes, for memory accounting when it is read back. */
  readonly bytes: number;
}

/** What one delivery carries. */
export interface Piece<S extends Signal> {
  readonly entries: readonly Entry[];
  readonly batches: readonly Batch<S>[];
  readonly items: number;
}
