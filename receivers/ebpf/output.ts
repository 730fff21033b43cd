import { background, type Consumer } from '../../component/consumer.ts';
import { PipelineError } from '../../component/errors.ts';
import type { Settings } from '../../component/settings.ts';
import type { Traces } from '../../pdata/batch.ts';
import type { Counters } from './counters.ts';

/** Batches that wait for the pipeline at once; more are dropped: a live source cannot wait. */
const MAX_WAITING = 8;
const RETRY_MS = 100;
/** After this a batch that the pipeline asks to send again is dropped. */
const GIVE_UP_MS = 5000;

/** Hands batches on while more come; what the pipeline does not take in time is dropped, counted. */
export class Output {
  private readonly next: Consumer<'traces'>;
  private readonly settings: Settings;
  private readonly counters: Counters;
  private readonly waiting = new Set<Promise<void>>();
  private stopped = false;

  constructor(next: Consumer<'traces'>, settings: Settings, counters: Counters) {
    this.next = next;
    this.settings = settings;
    this.counters = counters;
  }

  send(batch: Traces): void {
    const { backingBytes, itemCount } = batch;
    const { budget } = this.settings;
    if (this.waiting.size >= MAX_WAITING || !budget.tryReserve(backingBytes)) {
      this.counters.refused(itemCount);
      return;
    }
    const sending = this.deliver(batch).finally(() => {
      budget.release(backingBytes);
      this.waiting.delete(sending);
    });
    this.waiting.add(sending);
  }

  /** No more tries; what is under way is waited for. */
  async close(): Promise<void> {
    this.stopped = true;
    await Promise.all(this.waiting);
  }

  private async deliver(batch: Traces): Promise<void> {
    const { itemCount } = batch;
    const { clock, logger } = this.settings;
    const until = clock.monotonicMs() + GIVE_UP_MS;
    for (;;) {
      try {
        await this.next.consume(this.next.mutates ? batch.editable() : batch, background);
        this.counters.accepted(itemCount);
        return;
      } catch (thrown) {
        const error = PipelineError.from(thrown);
        if (!error.retryable || this.stopped || clock.monotonicMs() >= until) {
          this.counters.refused(itemCount);
          logger.error('spans were refused', { spans: itemCount, error: error.message });
          return;
        }
        const wait = Math.max(RETRY_MS, error.retryAfterMs ?? 0);
        await new Promise<void>((resolve) => clock.after(Math.min(wait, GIVE_UP_MS), resolve));
      }
    }
  }
}
