import type { Clock, Timer } from '../../component/settings.ts';

interface Entry {
  readonly atMs: number;
  run: (() => void) | undefined;
}

/** Longest wait that timers take. */
const longestMs = 2 ** 31 - 1;

/**
 * What falls due at which time, with one timer for the earliest: a heap, entry i is not later than
 * 2i + 1 and 2i + 2. What is cancelled stays until it would have fallen due.
 */
export class Schedule {
  readonly #clock: Clock;
  readonly #heap: Entry[] = [];
  #timer: Timer | undefined;
  #timerAtMs = Number.POSITIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Calls `run` once at `atMs` of the clock's monotonic time. */
  at(atMs: number, run: () => void): Timer {
    const entry: Entry = { atMs, run };
    this.#push(entry);
    this.#arm();
    return {
      cancel: () => {
        entry.run = undefined;
      },
    };
  }

  /** Forgets everything. */
  clear(): void {
    this.#heap.length = 0;
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#timerAtMs = Number.POSITIVE_INFINITY;
  }

  #arm(): void {
    const first = this.#heap[0];
    if (first === undefined || first.atMs >= this.#timerAtMs) return;
    this.#timer?.cancel();
    const leftMs = Math.max(0, first.atMs - this.#clock.monotonicMs());
    this.#timerAtMs = first.atMs;
    this.#timer = this.#clock.after(Math.min(leftMs, longestMs), () => this.#due());
  }

  #due(): void {
    this.#timer = undefined;
    this.#timerAtMs = Number.POSITIVE_INFINITY;
    const nowMs = this.#clock.monotonicMs();
    for (let first = this.#heap[0]; first !== undefined; first = this.#heap[0]) {
      if (first.atMs > nowMs) break;
      this.#pop();
      first.run?.();
    }
    this.#arm();
  }

  #push(entry: Entry): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(entry);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (heap[parent]!.atMs <= entry.atMs) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = entry;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop()!;
    if (heap.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && heap[child + 1]!.atMs < heap[child]!.atMs) child += 1;
      if (heap[child]!.atMs >= last.atMs) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
  }
}
