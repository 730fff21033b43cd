import type { Batch } from '../../pdata/batch.ts';
import type { Signal } from '../../pdata/signal.ts';

/** Of a stream of messages: what the ones before say for those that leave it out. */
export interface Carry {
  service: string;
  instance: string;
  /** Milliseconds since 1970; 0 = none. */
  ms: number;
}

/** Turns messages of one kind into batches of a signal. */
export interface Translator<S extends Signal = Signal> {
  /** Items since the last {@link finish}. */
  readonly items: number;
  /** Bytes written since the last {@link finish}. */
  readonly byteLength: number;
  /**
   * Adds the message in bytes [start, end) of `chunk`, of which nothing is kept.
   * @param carry of the stream that it came with
   * @param nowMs milliseconds since 1970, for messages without a time
   * @throws SkywalkingFault; nothing of what was bad is kept then
   */
  add(chunk: Uint8Array, start: number, end: number, carry: Carry, nowMs: number): void;
  /** All that was added, as a batch; the translator starts anew. */
  finish(): Batch<S>;
}
