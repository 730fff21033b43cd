import type { Consumer, Context } from '../../component/consumer.ts';
import type { Signal, SignalData } from '../../component/signals.ts';

/** Gives an editor an overlay of its own on each batch, so that who sends need not care. */
export function withOverlay<S extends Signal>(next: Consumer<S>): Consumer<S> {
  return next.mutates ? new OverlayConsumer(next) : next;
}

class OverlayConsumer<S extends Signal> implements Consumer<S> {
  readonly mutates = false;
  readonly #next: Consumer<S>;

  constructor(next: Consumer<S>) {
    this.#next = next;
  }

  consume(batch: SignalData[S], ctx: Context): Promise<void> {
    return this.#next.consume(batch.editable() as SignalData[S], ctx);
  }
}
