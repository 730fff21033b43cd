import { PipelineError } from '../../component/errors.ts';
import type { Settings } from '../../component/settings.ts';
import type { Signal } from '../../component/signals.ts';
import type { RetryConfig } from '../config.ts';
import { formatSeconds } from '../format.ts';
import type { Sender } from './delivery.ts';
import { RetriesExhausted, ShutDown } from './errors.ts';

/** Waits that a shutdown ends. */
export class Pauses {
  readonly #settings: Pick<Settings, 'clock'>;
  readonly #ends = new Set<() => void>();
  #stopped = false;

  constructor(settings: Pick<Settings, 'clock'>) {
    this.#settings = settings;
  }

  get stopped(): boolean {
    return this.#stopped;
  }

  /** Resolves after `ms`, or at once when stopped. */
  pause(ms: number): Promise<void> {
    if (this.#stopped) return Promise.resolve();
    return new Promise((resolve) => {
      const end = () => {
        timer.cancel();
        this.#ends.delete(end);
        resolve();
      };
      const timer = this.#settings.clock.after(ms, end);
      this.#ends.add(end);
    });
  }

  stop(): void {
    this.#stopped = true;
    for (const end of this.#ends) end();
  }
}

/**
 * Tries again after retryable failures, at growing and random intervals, until
 * `max_elapsed_time` is over, the sender's deadline is near, or `pauses` is stopped.
 * @param lastTry whether a batch that a shutdown interrupts is tried once more (it exists nowhere
 *   else) or left (it is on disk)
 */
export function retry<S extends Signal>(
  settings: Pick<Settings, 'clock' | 'random' | 'logger' | 'meter' | 'id'>,
  config: RetryConfig,
  pauses: Pauses,
  lastTry: () => boolean,
  next: Sender<S>,
): Sender<S> {
  const { clock, random, logger, meter, id } = settings;
  const retries = meter.counter('wirestitch_exporter_retries', {
    description: 'Attempts that failed and are repeated',
    unit: '{attempts}',
  });
  return async (delivery) => {
    let startMs = -1;
    let intervalMs = config.initial_interval;
    for (;;) {
      const stopped = pauses.stopped;
      startMs = startMs < 0 ? clock.monotonicMs() : startMs;
      const error = await failure(next(delivery));
      if (error === undefined) return;
      if (!error.retryable) throw error;
      if (stopped || (pauses.stopped && !lastTry())) throw new ShutDown(error);
      const spread = config.randomization_factor * (2 * random.float() - 1);
      const backOffMs = Math.max(intervalMs * (1 + spread), error.retryAfterMs ?? 0);
      const elapsedMs = clock.monotonicMs() - startMs;
      if (config.max_elapsed_time > 0 && elapsedMs + backOffMs > config.max_elapsed_time) {
        throw new RetriesExhausted(error);
      }
      if (clock.monotonicMs() + backOffMs > delivery.deadlineMs) {
        throw new RetriesExhausted(error, 'the sender does not wait for the next retry');
      }
      intervalMs = Math.min(intervalMs * config.multiplier, config.max_interval);
      retries.add(1, { exporter: id });
      logger.info('Exporting failed. Will retry the request after interval.', {
        error: error.message,
        interval: formatSeconds(backOffMs),
      });
      await pauses.pause(backOffMs);
      if (pauses.stopped && !lastTry()) throw new ShutDown(error);
    }
  };
}

async function failure(sent: Promise<void>): Promise<PipelineError | undefined> {
  try {
    await sent;
    return undefined;
  } catch (error) {
    return PipelineError.from(error);
  }
}
