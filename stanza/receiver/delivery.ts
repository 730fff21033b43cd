import { background, type Consumer, type Context } from '../../component/consumer.ts';
import { PipelineError } from '../../component/errors.ts';
import { Pause } from '../../component/pause.ts';
import { Receipts } from '../../component/receipts.ts';
import type { Settings } from '../../component/settings.ts';
import type { Logs } from '../../pdata/batch.ts';
import type { RetryConfig } from './keys.ts';

/** What became of a batch: accepted, dropped (and counted), or stopped before either. */
export type Outcome = 'accepted' | 'dropped' | 'stopped';

/** Hands batches to a pipeline, again while it refuses them and retries are on. */
export class Delivery {
  readonly #settings: Settings;
  readonly #next: Consumer<'logs'>;
  readonly #retry: RetryConfig;
  readonly #receipts: Receipts;
  #stopped = false;
  readonly #pause: Pause;

  constructor(settings: Settings, next: Consumer<'logs'>, retry: RetryConfig, transport: string) {
    this.#settings = settings;
    this.#pause = new Pause(settings.clock);
    this.#next = next;
    this.#retry = retry;
    this.#receipts = new Receipts(settings, 'logs', transport);
  }

  /** Settles when the batch is accepted or given up; never rejects. */
  async deliver(batch: Logs, ctx: Context = background): Promise<Outcome> {
    const { clock, logger, random } = this.#settings;
    const retry = this.#retry;
    const items = batch.itemCount;
    if (items === 0) return 'accepted';
    const startedMs = clock.monotonicMs();
    let pauseMs = retry.initial_interval;
    for (;;) {
      const error = await this.#offer(batch, ctx);
      if (error === undefined) {
        this.#receipts.accepted(items);
        return 'accepted';
      }
      const fields = { error: error.message, dropped_items: items };
      if (!error.retryable || !retry.enabled) {
        this.#receipts.refused(items);
        const hint = error.retryable
          ? 'The pipeline refused data, it is dropped. Enable retry_on_failure to slow down reading and avoid dropping.'
          : 'The pipeline refused data for good, it is dropped.';
        logger.error(hint, fields);
        return 'dropped';
      }
      const elapsedMs = clock.monotonicMs() - startedMs;
      const waitMs = Math.max(pauseMs * (0.5 + random.float()), error.retryAfterMs ?? 0);
      if (retry.max_elapsed_time > 0 && elapsedMs + waitMs > retry.max_elapsed_time) {
        this.#receipts.refused(items);
        logger.error('Max elapsed time expired, data is dropped.', fields);
        return 'dropped';
      }
      logger.debug('The pipeline refused data, it is offered again after a pause.', {
        error: error.message,
        interval_ms: Math.round(waitMs),
      });
      if (this.#stopped) return 'stopped';
      await this.#pause.wait(waitMs);
      if (this.#stopped) return 'stopped';
      pauseMs = Math.min(pauseMs * 1.5, retry.max_interval);
    }
  }

  async #offer(batch: Logs, ctx: Context): Promise<PipelineError | undefined> {
    try {
      await this.#next.consume(this.#next.mutates ? batch.editable() : batch, ctx);
      return undefined;
    } catch (error) {
      return PipelineError.from(error);
    }
  }

  /** Counts items of a batch that was stopped and exists nowhere else. */
  lose(items: number): void {
    this.#receipts.refused(items);
    this.#settings.logger.error('The end came before the pipeline took data, it is dropped.', {
      dropped_items: items,
    });
  }

  /** Ends pauses: what waits for a retry is given up as `stopped`. */
  stop(): void {
    this.#stopped = true;
    this.#pause.end();
  }
}
