import { background, type Consumer } from '../../component/consumer.ts';
import { PipelineError } from '../../component/errors.ts';
import type { Settings } from '../../component/settings.ts';
import type { CaptureSignal, Output } from './capture.ts';

const FIRST_WAIT_MS = 50;
const LONGEST_WAIT_MS = 5000;

/** Waits that shutdown ends early. */
export class Waits {
  private readonly settings: Settings;
  private readonly wakes = new Set<() => void>();
  stopped = false;

  constructor(settings: Settings) {
    this.settings = settings;
  }

  async wait(ms: number): Promise<void> {
    if (this.stopped || ms <= 0) return;
    await new Promise<void>((resolve) => {
      const wake = (): void => {
        timer.cancel();
        this.wakes.delete(wake);
        resolve();
      };
      const timer = this.settings.clock.after(ms, wake);
      this.wakes.add(wake);
    });
  }

  stop(): void {
    this.stopped = true;
    for (const wake of this.wakes) wake();
  }
}

type AnyConsumer = Consumer<CaptureSignal>;

/**
 * Hands a batch on. A file can wait: while the memory budget is used up or the pipeline asks to be
 * tried again, it is tried again, until shutdown.
 * @returns false when the batch is lost: refused for good, or the receiver was stopped
 */
export async function deliver(
  { signal, batch }: Output,
  next: Consumer<'traces'> | Consumer<'logs'> | Consumer<'metrics'>,
  settings: Settings,
  waits: Waits,
): Promise<boolean> {
  const bytes = batch.backingBytes;
  const consumer = next as AnyConsumer;
  for (let wait = FIRST_WAIT_MS; ; wait = Math.min(wait * 2, LONGEST_WAIT_MS)) {
    if (settings.budget.tryReserve(bytes)) {
      try {
        await consumer.consume(consumer.mutates ? batch.editable() : batch, background);
        return true;
      } catch (thrown) {
        const error = PipelineError.from(thrown);
        if (!error.retryable) {
          settings.logger.error(`${signal} were refused`, { error: error.message });
          return false;
        }
        wait = Math.max(wait, Math.min(error.retryAfterMs ?? 0, LONGEST_WAIT_MS));
      } finally {
        settings.budget.release(bytes);
      }
    }
    if (waits.stopped) return false;
    await waits.wait(wait);
  }
}
