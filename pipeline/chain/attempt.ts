import { Code, PipelineError } from '../../component/errors.ts';
import type { Clock, NodeLedger, Timer } from '../../component/settings.ts';
import type { Signal } from '../../component/signals.ts';
import type { Attempt, Backend, SealedBatch } from '../backend.ts';
import type { Sender } from './delivery.ts';

/**
 * The last link: one attempt at the backend, as `number` and `previousUnknown` say.
 * @param ledger is told how each ended
 */
export function attempt<S extends Signal, B extends SealedBatch>(
  backend: Backend<S, B>,
  clock: Clock,
  timeoutMs: number,
  ledger?: NodeLedger,
): Sender<S> {
  const deadlines = new Deadlines(clock, timeoutMs);
  return async (delivery) => {
    const limitMs = timeoutMs > 0 ? clock.monotonicMs() + timeoutMs : Number.POSITIVE_INFINITY;
    const deadlineMs = Math.min(limitMs, delivery.deadlineMs);
    delivery.attempts++;
    const { attempts: number, previousUnknown, client, progress } = delivery;
    progress.leftOut = 0;
    const about: Attempt = { number, previousUnknown, deadlineMs, client, progress };
    try {
      const sent =
        'push' in backend
          ? backend.push(delivery.batches[0]!, about)
          : backend.send(delivery.sealed as B, about);
      await (timeoutMs > 0 ? deadlines.guard(sent, limitMs) : sent);
      ledger?.attempted?.();
    } catch (thrown) {
      const error = PipelineError.from(thrown);
      if (error.unknownOutcome) delivery.previousUnknown = true;
      ledger?.attempted?.({ error: error.message, unixMs: clock.unixMs() });
      throw error;
    }
  };
}

interface Guarded {
  readonly deadlineMs: number;
  readonly expire: () => void;
}

/**
 * Gives promises up at their deadlines with one timer for all: the time-out is the same for each,
 * so that the set, which keeps the order of insertion, is ordered by deadline.
 */
class Deadlines {
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  readonly #guarded = new Set<Guarded>();
  #timer: Timer | undefined;

  constructor(clock: Clock, timeoutMs: number) {
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
  }

  guard(sent: Promise<void>, deadlineMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const guarded: Guarded = { deadlineMs, expire: () => reject(this.#timedOut()) };
      this.#guarded.add(guarded);
      this.#timer ??= this.#clock.after(this.#timeoutMs, () => this.#sweep());
      sent.then(
        () => {
          this.#remove(guarded);
          resolve();
        },
        (error) => {
          this.#remove(guarded);
          reject(error);
        },
      );
    });
  }

  #remove(guarded: Guarded): void {
    this.#guarded.delete(guarded);
  }

  #sweep(): void {
    this.#timer = undefined;
    const now = this.#clock.monotonicMs();
    for (const guarded of this.#guarded) {
      if (guarded.deadlineMs > now) {
        this.#timer = this.#clock.after(guarded.deadlineMs - now, () => this.#sweep());
        return;
      }
      this.#guarded.delete(guarded);
      guarded.expire();
    }
  }

  #timedOut(): PipelineError {
    return new PipelineError(`no answer within ${this.#timeoutMs} ms`, {
      retryable: true,
      status: Code.DEADLINE_EXCEEDED,
      unknownOutcome: true,
    });
  }
}
