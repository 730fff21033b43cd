import { background } from '../../../component/consumer.ts';
import type { Clock, Logger, Timer } from '../../../component/settings.ts';
import type { Signal } from '../../../component/signals.ts';
import type { Batch } from '../../../pdata/batch.ts';
import { errorText } from '../error-text.ts';
import type { OwnExporter } from './exporter.ts';

/** What an {@link OwnPush} works with. */
export interface PushParts<S extends Signal> {
  /** For the log: what is sent. */
  readonly signal: S;
  /** What there is to send now. */
  readonly batches: () => Iterable<Batch<S>>;
  /** Each gets everything. */
  readonly exporters: readonly OwnExporter<S>[];
  readonly clock: Clock;
  readonly logger: Logger;
  readonly intervalMs: number;
}

/** Sends the program's own telemetry again and again, and what is left at the end. */
export class OwnPush<S extends Signal> {
  readonly #parts: PushParts<S>;
  #timer: Timer | undefined;
  #stopped = false;
  #failing = '';
  #asked = false;
  #sending: Promise<void> = Promise.resolve();

  constructor(parts: PushParts<S>) {
    this.#parts = parts;
  }

  async start(): Promise<void> {
    for (const exporter of this.#parts.exporters) await exporter.start();
    this.#later();
  }

  /** Sends what there is, now or after what is being sent. */
  soon(): void {
    if (this.#stopped || this.#asked) return;
    this.#asked = true;
    queueMicrotask(() => {
      void this.#sending.then(() => {
        this.#asked = false;
        return this.#send();
      });
    });
  }

  async shutdown(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#timer?.cancel();
    await this.#send();
    await Promise.all(this.#parts.exporters.map((exporter) => exporter.shutdown()));
  }

  #later(): void {
    const { clock, intervalMs } = this.#parts;
    this.#timer = clock.after(intervalMs, () => {
      void this.#send().then(() => {
        if (!this.#stopped) this.#later();
      });
    });
  }

  #send(): Promise<void> {
    this.#sending = this.#sending.then(() => this.#sendNow());
    return this.#sending;
  }

  async #sendNow(): Promise<void> {
    const { batches, exporters } = this.#parts;
    for (const batch of batches()) {
      for (const exporter of exporters) {
        try {
          await exporter.consume(batch, background);
          this.#failing = '';
        } catch (error) {
          this.#failed(errorText(error));
        }
      }
    }
  }

  /** A fault is logged when it is another one than the last. */
  #failed(error: string): void {
    const { logger, signal } = this.#parts;
    if (error !== this.#failing) logger.warn(`Sending own ${signal} failed`, { error });
    this.#failing = error;
  }
}
