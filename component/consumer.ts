import type { Batch } from '../pdata/batch.ts';
import type { Signal } from './signals.ts';

/** Who sent a batch, as the receiver saw it. */
export interface ClientInfo {
  /** Remote `host:port`, of HTTP the host alone; '' when there is none (files, timers). */
  readonly address: string;
  /** Request headers or metadata that a receiver was asked to keep (`include_metadata`). */
  readonly metadata: ReadonlyMap<string, readonly string[]>;
  /** What an authenticator said of the client; never stored. */
  readonly auth?: Readonly<Record<string, unknown>>;
}

/** What accompanies a batch through a pipeline. Shared by many batches: never written to. */
export interface Context {
  readonly client: ClientInfo;
  /** Clock.monotonicMs() after which the sender no longer waits; Infinity = none. */
  readonly deadlineMs: number;
  /** W3C trace context of the request that brought the batch, for the program's own traces. */
  readonly traceparent?: string;
}

/** No headers were kept. */
export const noMetadata: ClientInfo['metadata'] = new Map();

/** The context of data that nobody waits for. */
export const background: Context = {
  client: { address: '', metadata: noMetadata },
  deadlineMs: Number.POSITIVE_INFINITY,
};

/**
 * Takes batches of one signal.
 *
 * Obligations of an implementation:
 * - the promise settles exactly once; resolved means accepted, and responsibility has passed on;
 * - it rejects only with PipelineError, and then nothing of the batch is kept;
 * - after it settled, no view into the batch's buffers is kept unless detached (`batch.detach()`)
 *   or its backing bytes are reserved with the memory budget;
 * - calls may overlap.
 */
export interface Consumer<S extends Signal> {
  /** True when batches are edited: the caller then passes `batch.editable()`, else shares one. */
  readonly mutates: boolean;
  /**
   * Forms other than OTLP in which batches are taken as they are (`FormBatch`), by this consumer
   * and all that it hands them on to; absent: none. What its numbers of items count is then told by
   * the batch, not by its OTLP.
   */
  readonly takes?: ReadonlySet<string> | undefined;
  consume(batch: Batch<S>, ctx: Context): Promise<void>;
}

/** A consumer per signal that the pipelines of a component's place ask for. */
export type Consumers = { readonly [S in Signal]?: Consumer<S> };
