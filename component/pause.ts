import type { Clock } from './settings.ts';

/** Waits that something else can end before their time. */
export class Pause {
  readonly #clock: Clock;
  readonly #ends = new Set<() => void>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Settles after `ms`, or at {@link end}. */
  wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        this.#ends.delete(end);
        timer.cancel();
        resolve();
      };
      const timer = this.#clock.after(ms, end);
      this.#ends.add(end);
    });
  }

  /** Ends the waits that are under way. */
  end(): void {
    for (const end of [...this.#ends]) end();
  }
}
