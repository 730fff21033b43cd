import type { Consumer } from '../../component/consumer.ts';
import type { Settings, Timer } from '../../component/settings.ts';
import { encodeEntries } from '../entry/encode.ts';
import type { Entry } from '../entry/entry.ts';
import { Pipeline } from '../pipeline.ts';
import { Delivery } from './delivery.ts';
import type { ReceiverConfig } from './keys.ts';

/** Entries of one batch, and milliseconds that they wait for more. */
const batchEntries = 1000;
const batchMs = 100;
/** Bytes that may wait for the pipeline before senders are held up. */
const waitingBytes = 4 * 2 ** 20;
/** About what an entry takes beside its text. */
const entryBytes = 200;

/** Takes entries from senders through operators to a pipeline, in batches, one at a time. */
export class Intake {
  readonly #settings: Settings;
  readonly #delivery: Delivery;
  readonly #pipeline: Pipeline;
  #out: Entry[] = [];
  /** Bytes that came in since the last batch was made. */
  #bytes = 0;
  /** Bytes that are reserved with the budget and not handed on. */
  #reserved = 0;
  #timer: Timer | undefined;
  #sending: Promise<void> | undefined;
  #stopped = false;
  readonly #drained = new Set<() => void>();

  constructor(settings: Settings, config: ReceiverConfig, next: Consumer<'logs'>) {
    this.#settings = settings;
    this.#delivery = new Delivery(settings, next, config.retry_on_failure, '');
    const target = { process: (entries: Entry[]) => this.#collect(entries) };
    this.#pipeline = new Pipeline(config.operators, settings, target);
  }

  /** Whether senders have to wait: see `onDrain`. */
  get isFull(): boolean {
    return this.#reserved >= waitingBytes;
  }

  /** Calls back once when senders may go on. */
  onDrain(go: () => void): void {
    this.#drained.add(go);
  }

  /**
   * Takes entries in.
   * @param bytes of their texts
   * @returns false when there is no memory for them: they are not taken
   */
  take(entries: Entry[], bytes: number): boolean {
    const size = bytes + entries.length * entryBytes;
    if (this.#stopped || !this.#settings.budget.tryReserve(size)) return false;
    this.#reserved += size;
    this.#bytes += size;
    this.#pipeline.process(entries);
    if (this.#out.length >= batchEntries) this.#send();
    else this.#timer ??= this.#settings.clock.after(batchMs, () => this.#send());
    return true;
  }

  #collect(entries: readonly Entry[]): void {
    for (const entry of entries) this.#out.push(entry);
    if (!this.#stopped) this.#timer ??= this.#settings.clock.after(batchMs, () => this.#send());
  }

  #send(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#sending ??= this.#sendAll().finally(() => {
      this.#sending = undefined;
    });
  }

  async #sendAll(): Promise<void> {
    while (this.#out.length > 0 || this.#bytes > 0) {
      const entries = this.#out;
      const bytes = this.#bytes;
      this.#out = [];
      this.#bytes = 0;
      try {
        if (entries.length > 0) await this.#deliver(entries);
      } finally {
        this.#settings.budget.release(bytes);
        this.#reserved -= bytes;
      }
      if (!this.isFull) this.#drain();
    }
  }

  async #deliver(entries: readonly Entry[]): Promise<void> {
    const outcome = await this.#delivery.deliver(encodeEntries(entries));
    if (outcome === 'stopped') this.#delivery.lose(entries.length);
  }

  #drain(): void {
    const waiting = [...this.#drained];
    this.#drained.clear();
    for (const go of waiting) go();
  }

  /** Hands on what there is, once; what the pipeline refuses then is lost. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#delivery.stop();
    this.#pipeline.stop();
    await this.#sending;
    this.#send();
    await this.#sending;
    this.#drained.clear();
  }
}
