import type { ClientInfo } from '../component/consumer.ts';
import type { Attributes, Host } from '../component/settings.ts';
import type { Signal } from '../component/signals.ts';
import type { Batch } from '../pdata/batch.ts';

/**
 * What becomes of single items of a batch that may arrive in part; one object for all attempts. A
 * backend for which a batch arrives whole or not at all leaves it alone.
 */
export interface Progress {
  /**
   * Items that arrived although an attempt failed, over all attempts; they are not sent again. When
   * the batch is given up they count as delivered.
   */
  arrived: number;
  /** Items that never arrive although this attempt succeeded. */
  leftOut: number;
  /** Why, as the ledger's word. */
  leftOutAs: string;
}

/** What a backend is told about one attempt. */
export interface Attempt {
  /** 1 for the first attempt since the data was accepted or, after a restart, read back. */
  readonly number: number;
  /**
   * An earlier attempt (before a restart, too) was sent and got no answer: the data may have
   * arrived. Only then is it worth asking the backend before sending again.
   */
  readonly previousUnknown: boolean;
  /**
   * Clock.monotonicMs() at which the attempt is given up with an unknown outcome; Infinity = never.
   * The promise of an attempt is ignored after that; a backend frees what it can by then.
   */
  readonly deadlineMs: number;
  /** Who sent the data, where that is known and one client sent all of it. */
  readonly client?: ClientInfo | undefined;
  /** Where the backend notes what it did by halves; absent where nobody asks. */
  readonly progress?: Progress;
}

/** What every backend may do beside delivering. */
interface BackendBase {
  /** Where it sends to: attributes of the metrics of what is sent. */
  readonly attributes?: Attributes;
  /** Before the first attempt; rejects when the program cannot start without it. */
  start?(host: Host): Promise<void>;
  /** After the last attempt; safe without start and twice. */
  shutdown?(): Promise<void>;
}

/** Delivers a batch as it is. */
export interface PushBackend<S extends Signal> extends BackendBase {
  /**
   * One attempt. Resolved = the backend confirmed. Rejects with PipelineError: retryable or not,
   * `unknownOutcome` when the batch was sent and no answer came.
   */
  push(batch: Batch<S>, attempt: Attempt): Promise<void>;
}

/** A batch in its final form. Backends keep what they like beside these fields. */
export interface SealedBatch {
  /** Spans, log records, data points or samples in it. */
  readonly itemCount: number;
  /** Bytes that it holds in memory and, about, in the log. */
  readonly byteLength: number;
  /**
   * Making it again of its records and sending that, too, changes nothing: it needs no record of
   * its own.
   */
  readonly repeatable?: boolean;
}

/**
 * Delivers in a form that is fixed before the first attempt. With a persistent queue the sealed
 * batch is written durably, in the same write that acknowledges the records it was made of, and
 * replayed byte for byte; after a restart it is sent with `previousUnknown`.
 */
export interface SealingBackend<S extends Signal, B extends SealedBatch> extends BackendBase {
  /**
   * Deliveries at a time beyond which larger ones are better than more: what waits meanwhile is
   * delivered together, up to the largest size that is configured. Absent: `num_consumers`.
   */
  readonly parallel?: number | undefined;
  /** Forms of batches that {@link own} takes; see Consumer. Known once it is started. */
  readonly takes?: ReadonlySet<string> | undefined;
  /**
   * The form in which a batch waits, with or without a log; itself: as it came. Called as it comes,
   * for whatever form it has. Throws PipelineError.
   * @param nowMs Unix milliseconds
   */
  own?(batch: Batch<S>, nowMs: number): Batch<S>;
  /** Something that `own` made was not accepted, or was dropped. */
  lost?(): void;
  /**
   * Makes one sealed batch of what was taken up since the last call, and of some queued batches,
   * whole ones only. After an error each comes once more, alone, and ends with an error of its own;
   * a backend that takes batches up loses them all. What was taken up belongs to the first call
   * after it.
   * @param nowMs Unix milliseconds
   */
  seal(batches: readonly Batch<S>[], nowMs: number): B | Promise<B>;
  /**
   * Whether `absorb` may be called now, and where the batch would lie then: in memory of an addon's
   * or in ArrayBuffers. undefined: the batch has to come with `seal`; so it is while a `seal` works
   * on what was taken up before.
   */
  absorbs?(): 'native' | 'buffers' | undefined;
  /**
   * Takes a batch up for the next `seal`: its bytes are read now and nothing of it is kept, so that
   * a queue in memory holds no request bodies. Does not throw: `seal` reports an error.
   */
  absorb?(batch: Batch<S>, nowMs: number): void;
  /** One attempt; as `push`. The same object comes back for each retry. */
  send(sealed: B, attempt: Attempt): Promise<void>;
  /** The bytes for the log: ranges that are written one after the other. */
  encode(sealed: B): readonly Uint8Array[];
  /**
   * The inverse; `bytes` may be kept. Throws on bytes that it did not write; NewerForm
   * (chain/errors.ts) where a newer version may have: these stay on disk for it.
   */
  decode(bytes: Uint8Array): B;
}

/** What an exporter is besides its queue, retries and telemetry. */
export type Backend<S extends Signal, B extends SealedBatch = SealedBatch> =
  | PushBackend<S>
  | SealingBackend<S, B>;
