import { background, type Consumer, type Context } from '../../component/consumer.ts';
import { PipelineError } from '../../component/errors.ts';
import type { Settings, Timer } from '../../component/settings.ts';
import type { Signal, SignalData } from '../../component/signals.ts';
import { mergeBatches } from '../../pdata/merge.ts';
import { retain } from '../../pipeline/retain.ts';
import type { Config } from './config.ts';
import type { BatchTelemetry, Trigger } from './telemetry.ts';

/** Batches that may wait while one is sent, in multiples of `send_batch_size`. */
const backlogFactor = 4;
const backlogItemsMin = 32_768;

/** One stream of batches: what comes in is appended, and sent by size, time or shutdown. */
export class Shard<S extends Signal> {
  readonly #settings: Settings;
  readonly #config: Config;
  readonly #next: Consumer<S>;
  readonly #telemetry: BatchTelemetry;
  readonly #context: Context;
  readonly #backlogItems: number;
  #batches: SignalData[S][] = [];
  #items = 0;
  #reserved = 0;
  #timer: Timer | undefined;
  #sending: Promise<void> | undefined;

  /** @param context what goes along with the batches: the metadata that they have in common */
  constructor(
    settings: Settings,
    config: Config,
    next: Consumer<S>,
    telemetry: BatchTelemetry,
    context: Context = background,
  ) {
    this.#settings = settings;
    this.#config = config;
    this.#next = next;
    this.#telemetry = telemetry;
    this.#context = context;
    this.#backlogItems = Math.max(backlogItemsMin, backlogFactor * config.send_batch_size);
  }

  /** Accepts a batch; waits while too much stands behind one that is being sent. */
  add(batch: SignalData[S]): Promise<void> {
    if (this.#sending !== undefined && this.#items >= this.#backlogItems) {
      return this.#sending.then(() => this.add(batch));
    }
    const kept = retain<S>(batch, this.#settings.budget);
    if (kept === undefined) {
      const message = `memory budget exhausted: ${batch.byteLength} bytes do not fit`;
      return Promise.reject(new PipelineError(message, { retryable: true }));
    }
    this.#batches.push(kept.batch);
    this.#items += batch.itemCount;
    this.#reserved += kept.bytes;
    this.#settings.ledger.held(batch.itemCount);
    this.#schedule();
    return Promise.resolve();
  }

  /** Sends all that is here. */
  async flush(): Promise<void> {
    this.#timer?.cancel();
    this.#timer = undefined;
    while (this.#sending !== undefined) await this.#sending;
    if (this.#items > 0) await this.#send('timeout');
  }

  #schedule(): void {
    if (this.#sending !== undefined) return;
    const { timeout, send_batch_size: size } = this.#config;
    if (timeout === 0 || (size > 0 && this.#items >= size)) {
      this.#sending = this.#send('size');
      return;
    }
    this.#timer ??= this.#settings.clock.after(timeout, () => {
      this.#timer = undefined;
      if (this.#sending === undefined && this.#items > 0) this.#sending = this.#send('timeout');
    });
  }

  async #send(trigger: Trigger): Promise<void> {
    const { send_batch_size: size, send_batch_max_size: most, timeout } = this.#config;
    const merged = this.#take();
    const pieces =
      most > 0 && merged.batch.itemCount > most
        ? (merged.batch.split({ maxItems: most }) as SignalData[S][])
        : [merged.batch];
    const last = pieces.at(-1)!;
    let { reserved } = merged;
    if (pieces.length > 1 && trigger === 'size' && timeout > 0 && last.itemCount < size) {
      pieces.pop();
      reserved -= this.#putBack(last, merged);
    }
    try {
      for (const piece of pieces) await this.#sendOne(piece, trigger);
    } finally {
      this.#settings.budget.release(reserved);
      this.#sending = undefined;
      if (this.#items > 0) this.#schedule();
    }
  }

  #take(): { batch: SignalData[S]; reserved: number } {
    const batch = mergeBatches(this.#batches) as SignalData[S];
    const reserved = this.#reserved;
    this.#batches = [];
    this.#items = 0;
    this.#reserved = 0;
    return { batch, reserved };
  }

  /** Keeps what is left of a split for the next batch. @returns its part of the reservation */
  #putBack(last: SignalData[S], whole: { batch: SignalData[S]; reserved: number }): number {
    const part = Math.floor((whole.reserved * last.itemCount) / whole.batch.itemCount);
    this.#batches.unshift(last);
    this.#items += last.itemCount;
    this.#reserved += part;
    return part;
  }

  async #sendOne(batch: SignalData[S], trigger: Trigger): Promise<void> {
    const { ledger, logger } = this.#settings;
    const items = batch.itemCount;
    this.#telemetry.sent(items, batch.byteLength, trigger);
    try {
      await this.#next.consume(batch, this.#context);
    } catch (thrown) {
      const error = PipelineError.from(thrown);
      ledger.dropped('refused_by_next', items);
      logger.error('Sender failed', { error: error.message, dropped_items: items });
    }
    ledger.held(-items);
  }
}
