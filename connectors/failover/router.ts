import type { Consumer, Context } from '../../component/consumer.ts';
import { PipelineError } from '../../component/errors.ts';
import type { Settings, Timer } from '../../component/settings.ts';
import type { Signal } from '../../component/signals.ts';
import type { Batch } from '../../pdata/batch.ts';
import { sendEach } from '../../pipeline/send-each.ts';

/** Sends to the best level that takes data. */
export class FailoverRouter<S extends Signal> {
  readonly #settings: Settings;
  readonly #levels: readonly (readonly Consumer<S>[])[];
  readonly #retryMs: number;
  /** The level in use; as many as there are levels = none takes data. */
  #current = 0;
  #retryDue = false;
  #timer: Timer | undefined;

  /** @param levels consumers of each level, best first; @param retryMs between tries of better ones */
  constructor(settings: Settings, levels: readonly (readonly Consumer<S>[])[], retryMs: number) {
    this.#settings = settings;
    this.#levels = levels;
    this.#retryMs = retryMs;
  }

  async consume(batch: Batch<S>, ctx: Context): Promise<void> {
    if (this.#retryDue) {
      this.#retryDue = false;
      for (let level = 0; level < this.#current; level += 1) {
        if ((await this.#send(level, batch, ctx)) !== undefined) continue;
        this.#moveTo(level);
        return;
      }
    }
    let last: PipelineError | undefined;
    while (this.#current < this.#levels.length) {
      const level = this.#current;
      last = await this.#send(level, batch, ctx);
      if (last === undefined) return;
      if (level !== this.#current) continue; // another batch has found out, too
      this.#settings.logger.warn('A priority level failed', { level, error: last });
      this.#moveTo(level + 1);
    }
    const cause = last === undefined ? '' : `: ${last.message}`;
    const message = `All provided pipelines return errors${cause}`;
    throw new PipelineError(message, { retryable: true, ...(last && { cause: last }) });
  }

  async #send(level: number, batch: Batch<S>, ctx: Context): Promise<PipelineError | undefined> {
    const { ledger } = this.#settings;
    const items = batch.itemCount;
    try {
      const parts = this.#levels[level]!.map((consumer) => ({ consumer, batch }));
      await sendEach(parts, ctx, { ledger, items, unsent: 0, reason: '' });
      return undefined;
    } catch (error) {
      return PipelineError.from(error);
    }
  }

  #moveTo(level: number): void {
    if (level < this.#current) {
      this.#settings.logger.info('A better priority level takes data again', { level });
    }
    this.#current = level;
    if (level === 0) this.stop();
    else this.#arm();
  }

  #arm(): void {
    this.#timer ??= this.#settings.clock.after(this.#retryMs, () => {
      this.#timer = undefined;
      this.#retryDue = true;
      this.#arm();
    });
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#retryDue = false;
  }
}
