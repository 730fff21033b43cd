import type { Consumer } from '../../component/consumer.ts';
import { PipelineError } from '../../component/errors.ts';
import type { Settings } from '../../component/settings.ts';
import type { Traces } from '../../pdata/batch.ts';
import { sendOn } from '../send-on.ts';

/**
 * Sends batches on, one after the other, that nobody waits for any more. What the next refuses is
 * dropped, logged and accounted for.
 */
export class Outbox {
  /** Bytes that are not sent yet. */
  bytes = 0;
  readonly #next: Consumer<'traces'>;
  readonly #settings: Settings;
  #last: Promise<void> = Promise.resolve();

  constructor(next: Consumer<'traces'>, settings: Settings) {
    this.#next = next;
    this.#settings = settings;
  }

  /** @param batch spans that the ledger knows as held */
  send(batch: Traces): Promise<void> {
    this.bytes += batch.byteLength;
    this.#last = this.#last.then(() => this.#sendNow(batch));
    return this.#last;
  }

  /** Resolves when all that was given is sent or dropped. */
  drained(): Promise<void> {
    return this.#last;
  }

  async #sendNow(batch: Traces): Promise<void> {
    const { ledger, logger } = this.#settings;
    const items = batch.itemCount;
    await sendOn(this.#next, batch, ledger, (thrown) => {
      const error = PipelineError.from(thrown).message;
      logger.warn('Error sending spans to destination', { error, dropped_items: items });
    });
    ledger.held(-items);
    this.bytes -= batch.byteLength;
  }
}
