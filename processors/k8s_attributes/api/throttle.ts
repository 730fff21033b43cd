import type { Clock } from '../../../component/settings.ts';

/** Lets requests through at a rate, and a few at once. */
export class Throttle {
  readonly #clock: Clock;
  readonly #perSecond: number;
  readonly #burst: number;
  #tokens: number;
  #at: number;

  /**
   * @param perSecond requests a second; 0 = 5
   * @param burst requests at once; 0 = 10
   */
  constructor(clock: Clock, perSecond: number, burst: number) {
    this.#clock = clock;
    this.#perSecond = perSecond > 0 ? perSecond : 5;
    this.#burst = burst > 0 ? burst : 10;
    this.#tokens = this.#burst;
    this.#at = clock.monotonicMs();
  }

  /** Milliseconds that the request has to wait which is counted herewith. */
  take(): number {
    const now = this.#clock.monotonicMs();
    const earned = ((now - this.#at) / 1000) * this.#perSecond;
    this.#at = now;
    this.#tokens = Math.min(this.#burst, this.#tokens + earned) - 1;
    return this.#tokens >= 0 ? 0 : (-this.#tokens / this.#perSecond) * 1000;
  }
}
