import { background } from '../../../component/consumer.ts';
import type { Clock, Logger, Timer } from '../../../component/settings.ts';
import { errorText } from '../error-text.ts';
import type { SpanRecorder } from '../tracer.ts';
import type { OwnExporter } from './exporter.ts';

/** What a {@link TracesPush} works with. */
export interface TracesPushParts {
  readonly recorder: SpanRecorder;
  readonly exporters: readonly OwnExporter<'traces'>[];
  readonly clock: Clock;
  readonly logger: Logger;
  readonly delayMs: number;
  /** Spans of an export, at most. */
  readonly most: number;
}

/** Sends the program's own spans now and then, and what is left at the end. */
export class TracesPush {
  readonly #parts: TracesPushParts;
  #timer: Timer | undefined;
  #stopped = false;
  #failing = '';

  constructor(parts: TracesPushParts) {
    this.#parts = parts;
  }

  async start(): Promise<void> {
    for (const exporter of this.#parts.exporters) await exporter.start();
    this.#later();
  }

  async shutdown(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#timer?.cancel();
    await this.#send();
    await Promise.all(this.#parts.exporters.map((exporter) => exporter.shutdown()));
  }

  #later(): void {
    const { clock, delayMs } = this.#parts;
    this.#timer = clock.after(delayMs, () => {
      void this.#send().then(() => {
        if (!this.#stopped) this.#later();
      });
    });
  }

  async #send(): Promise<void> {
    const { recorder, exporters, most, logger } = this.#parts;
    for (let batch = recorder.take(most); batch !== undefined; batch = recorder.take(most)) {
      for (const exporter of exporters) {
        try {
          await exporter.consume(batch, background);
          this.#failing = '';
        } catch (error) {
          const failing = errorText(error);
          if (failing !== this.#failing)
            logger.warn('Sending own traces failed', { error: failing });
          this.#failing = failing;
        }
      }
    }
  }
}
