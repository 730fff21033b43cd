import type { Clock, Timer } from '../../component/settings.ts';
import { Deque } from './deque.ts';

/** Bytes that a queue may hold before senders are paced, at least. */
const holdBytesMin = 16 * 2 ** 20;

/** Deliveries' worth of data that a queue may hold before senders are paced. */
const deliveriesHeld = 3;

/** How long a sender waits at most. */
const waitMs = 200;

interface Waiter {
  readonly bytes: number;
  readonly untilMs: number;
  readonly go: () => void;
}

/**
 * Lets senders wait a little while a backend has enough data waiting, so that a
 * queue in memory does not fill up merely because senders are faster: they are slowed down to the
 * backend's pace. Nobody waits for more than a fifth of a second; when that passes without room
 * the backend has stalled, and the queue fills as it is configured to until data flows again.
 */
export class Pacing {
  readonly #clock: Clock;
  readonly #most: number;
  readonly #waiters = new Deque<Waiter>();
  #held = 0;
  #largest = 0;
  #flowing = true;
  #timer: Timer | undefined;

  /** @param mostBytes from where senders are paced at the latest */
  constructor(clock: Clock, mostBytes: number) {
    this.#clock = clock;
    this.#most = mostBytes;
  }

  /** @returns undefined, or what a sender of `bytes` has to wait for */
  wait(bytes: number): Promise<void> | undefined {
    if (!this.#flowing || (this.#waiters.length === 0 && this.#fits(0))) return undefined;
    return new Promise((go) => {
      this.#waiters.push({ bytes, untilMs: this.#clock.monotonicMs() + waitMs, go });
      this.#timer ??= this.#clock.after(waitMs, () => this.#expire());
    });
  }

  /** The queue keeps `bytes` more, */
  took(bytes: number): void {
    this.#held += bytes;
  }

  /** or fewer. */
  gave(bytes: number): void {
    this.#held -= bytes;
    let admitted = 0;
    while (this.#waiters.length > 0 && this.#fits(admitted)) {
      const waiter = this.#waiters.shift()!;
      admitted += waiter.bytes;
      waiter.go();
    }
  }

  /** These go out together. */
  sends(parts: readonly { readonly bytes: number }[]): void {
    let bytes = 0;
    for (const part of parts) bytes += part.bytes;
    this.#largest = Math.max(this.#largest, bytes);
  }

  /** A delivery succeeded. */
  delivered(): void {
    this.#flowing = true;
  }

  /** Nobody waits from now on, until data flows again. */
  stop(): void {
    this.#flowing = false;
    this.#timer?.cancel();
    this.#timer = undefined;
    for (let w = this.#waiters.shift(); w !== undefined; w = this.#waiters.shift()) w.go();
  }

  #fits(more: number): boolean {
    const hold = Math.max(holdBytesMin, deliveriesHeld * this.#largest);
    return this.#held + more < Math.min(this.#most, hold);
  }

  #expire(): void {
    this.#timer = undefined;
    const first = this.#waiters.first();
    if (first === undefined) return;
    const leftMs = first.untilMs - this.#clock.monotonicMs();
    if (leftMs <= 0) this.stop();
    else this.#timer = this.#clock.after(leftMs, () => this.#expire());
  }
}
