import type { Consumer, Context } from '../../component/consumer.ts';
import { PipelineError } from '../../component/errors.ts';
import type { Signal, SignalData } from '../../component/signals.ts';

/** Counts the items that crossed an edge: taken by the far end, which then answers for them. */
export type CountItems = (items: number) => void;

/**
 * The way from one node to the next: gives an editor an overlay of its own, counts what was taken,
 * and turns whatever a consumer throws into a PipelineError.
 */
export class Edge<S extends Signal> implements Consumer<S> {
  readonly mutates = false;
  readonly #next: Consumer<S>;
  readonly #count: CountItems;

  constructor(next: Consumer<S>, count: CountItems) {
    this.#next = next;
    this.#count = count;
  }

  consume(batch: SignalData[S], ctx: Context): Promise<void> {
    const next = this.#next;
    const items = batch.itemCount;
    try {
      const given = next.mutates ? (batch.editable() as SignalData[S]) : batch;
      return next.consume(given, ctx).then(() => this.#count(items), rethrow);
    } catch (error) {
      return Promise.reject(PipelineError.from(error));
    }
  }
}

function rethrow(error: unknown): never {
  throw PipelineError.from(error);
}
