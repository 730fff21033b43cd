import { background, type Consumer, type Context } from '../../component/consumer.ts';
import { PipelineError } from '../../component/errors.ts';
import type { Settings, Timer } from '../../component/settings.ts';
import type { Signal } from '../../component/signals.ts';
import type { Batch } from '../../pdata/batch.ts';
import { mergeBatches } from '../../pdata/merge.ts';
import type { BatchTelemetry, Trigger } from '../../pipeline/batch-telemetry.ts';
import { retain } from '../../pipeline/retain.ts';
import type { Config } from './config.ts';

/** Batches that may wait while one is sent, in multiples of `send_batch_size`. */
const backlogFactor = 4;
const backlogItemsMin = 32_768;

interface Taken<S extends Signal> {
  readonly batches: readonly Batch<S>[];
  readonly items: number;
  reserved: number;
}

/** One stream of batches: what comes in is appended, and sent by size, time or shutdown. */
export class Shard<S extends Signal> {
  readonly #settings: Settings;
  readonly #config: Config;
  readonly #next: Consumer<S>;
  readonly #telemetry: BatchTelemetry;
  readonly #context: Context;
  readonly #backlogItems: number;
  #batches: Batch<S>[] = [];
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
  add(batch: Batch<S>): Promise<void> {
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
    while (this.#sending !== undefined || this.#items > 0) {
      this.#sending ??= this.#send('timeout');
      await this.#sending;
    }
    this.#timer?.cancel();
    this.#timer = undefined;
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
    const whole = this.#take();
    await Promise.resolve(); // so that #sending is set before it is cleared
    try {
      const { pieces, reserved } = this.#piecesOf(whole, trigger);
      whole.reserved = reserved;
      for (const piece of pieces) await this.#sendOne(piece, trigger);
    } finally {
      this.#settings.budget.release(whole.reserved);
      this.#sending = undefined;
      if (this.#items > 0) this.#schedule();
    }
  }

  #take(): Taken<S> {
    const taken = { batches: this.#batches, items: this.#items, reserved: this.#reserved };
    this.#batches = [];
    this.#items = 0;
    this.#reserved = 0;
    return taken;
  }

  /** What is sent now, with its part of the reservation; what cannot be merged is dropped. */
  #piecesOf(whole: Taken<S>, trigger: Trigger): { pieces: Batch<S>[]; reserved: number } {
    const { send_batch_size: size, send_batch_max_size: most, timeout } = this.#config;
    let pieces: Batch<S>[];
    try {
      const merged = mergeBatches(whole.batches);
      const tooLarge = most > 0 && merged.itemCount > most;
      pieces = tooLarge ? merged.split({ maxItems: most }) : [merged];
    } catch (error) {
      this.#drop(whole.items, 'cannot_merge', PipelineError.from(error));
      return { pieces: [], reserved: whole.reserved };
    }
    const last = pieces.at(-1)!;
    if (pieces.length === 1 || trigger !== 'size' || timeout === 0 || last.itemCount >= size) {
      return { pieces, reserved: whole.reserved };
    }
    pieces.pop();
    return { pieces, reserved: whole.reserved - this.#putBack(last, whole) };
  }

  /** Keeps what is left of a split for the next batch. @returns its part of the reservation */
  #putBack(last: Batch<S>, whole: Taken<S>): number {
    const part = Math.floor((whole.reserved * last.itemCount) / whole.items);
    this.#batches.unshift(last);
    this.#items += last.itemCount;
    this.#reserved += part;
    return part;
  }

  async #sendOne(batch: Batch<S>, trigger: Trigger): Promise<void> {
    const items = batch.itemCount;
    this.#telemetry.sent(items, batch.byteLength, trigger);
    try {
      await this.#next.consume(batch, this.#context);
    } catch (thrown) {
      this.#drop(items, 'refused_by_next', PipelineError.from(thrown));
      return;
    }
    this.#settings.ledger.held(-items);
  }

  #drop(items: number, reason: string, error: PipelineError): void {
    const { ledger, logger } = this.#settings;
    ledger.dropped(reason, items);
    ledger.held(-items);
    logger.error('Sender failed', { error: error.message, dropped_items: items });
  }
}
