import { PipelineError } from '../../component/errors.ts';
import type { Clock } from '../../component/settings.ts';
import type { OutRecord } from './records.ts';

interface Waiting {
  readonly records: readonly OutRecord[];
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Lets records wait a moment for others, so that one request carries them. When a request with
 * records of several batches fails for good, each batch is sent by itself: one bad one takes no
 * other with it.
 */
export class Linger {
  readonly #clock: Clock;
  readonly #ms: number;
  readonly #send: (records: readonly OutRecord[]) => Promise<void>;
  #waiting: Waiting[] = [];

  constructor(clock: Clock, ms: number, send: (records: readonly OutRecord[]) => Promise<void>) {
    this.#clock = clock;
    this.#ms = ms;
    this.#send = send;
  }

  /** Settles with the request that carried the records. */
  send(records: readonly OutRecord[]): Promise<void> {
    if (this.#ms <= 0) return this.#send(records);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ records, resolve, reject });
      if (this.#waiting.length === 1) this.#clock.after(this.#ms, () => void this.flush());
    });
  }

  /** Sends what waits. */
  async flush(): Promise<void> {
    const waiting = this.#waiting;
    if (waiting.length === 0) return;
    this.#waiting = [];
    try {
      await this.#send(waiting.flatMap(({ records }) => records));
      for (const { resolve } of waiting) resolve();
    } catch (error) {
      const final = !PipelineError.from(error).retryable;
      if (!final || waiting.length === 1) for (const { reject } of waiting) reject(error);
      else await Promise.all(waiting.map((one) => this.#alone(one)));
    }
  }

  async #alone({ records, resolve, reject }: Waiting): Promise<void> {
    try {
      await this.#send(records);
      resolve();
    } catch (error) {
      reject(error);
    }
  }
}
