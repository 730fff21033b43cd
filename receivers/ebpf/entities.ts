import type { Naming } from '../../agent/tags/create.ts';
import { background, type Consumer } from '../../component/consumer.ts';
import type { Settings } from '../../component/settings.ts';
import type { Logs } from '../../pdata/batch.ts';

/** Batches in one turn; the rest comes with the next. */
const MAX_BATCHES = 8;

/**
 * Keeps names up to date and hands reports of entities on. A report that the pipeline does not take
 * is lost until it is due again.
 */
export class EntityReports {
  readonly #naming: Naming;
  readonly #next: Consumer<'logs'> | undefined;
  readonly #settings: Settings;
  readonly #sending = new Set<Promise<void>>();

  constructor(naming: Naming, next: Consumer<'logs'> | undefined, settings: Settings) {
    this.#naming = naming;
    this.#next = next;
    this.#settings = settings;
  }

  /** To be called every few seconds. */
  turn(): void {
    const { names, reporter } = this.#naming;
    names.tick();
    if (reporter === undefined || this.#next === undefined) return;
    const now = BigInt(Math.floor(this.#settings.clock.unixMs())) * 1_000_000n;
    for (let i = this.#sending.size; i < MAX_BATCHES; i++) {
      const batch = reporter.flush(now);
      if (batch === undefined) return;
      const sending = this.#send(this.#next, batch).finally(() => this.#sending.delete(sending));
      this.#sending.add(sending);
    }
  }

  /** Waits for what is under way. */
  async close(): Promise<void> {
    await Promise.all(this.#sending);
  }

  async #send(next: Consumer<'logs'>, batch: Logs): Promise<void> {
    const { budget, logger } = this.#settings;
    const { backingBytes: bytes, itemCount: entities } = batch;
    if (!budget.tryReserve(bytes)) {
      logger.warn('entities were not reported: no memory in the budget', { entities });
      return;
    }
    try {
      await next.consume(next.mutates ? batch.editable() : batch, background);
    } catch (error) {
      logger.warn('entities were not reported', { entities, error: String(error) });
    } finally {
      budget.release(bytes);
    }
  }
}
