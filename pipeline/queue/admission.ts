import type { Context } from '../../component/consumer.ts';
import { PipelineError } from '../../component/errors.ts';
import type { Clock, Timer } from '../../component/settings.ts';
import { ShutDown } from '../chain/errors.ts';
import { Deque } from './deque.ts';

/** Senders that may wait for room at the same time; more are refused. */
const waitersMax = 10_000;

interface Waiter {
  readonly size: number;
  readonly admit: () => void;
  readonly refuse: (error: PipelineError) => void;
}

/** How full a queue is, and who waits for room: in the order they came. */
export class Admission {
  readonly capacity: number;
  readonly #clock: Clock;
  readonly #blocks: boolean;
  readonly #waiters = new Deque<Waiter>();
  #size = 0;
  #closed = false;

  /** @param blocks whether senders wait when there is no room */
  constructor(clock: Clock, capacity: number, blocks: boolean) {
    this.#clock = clock;
    this.capacity = capacity;
    this.#blocks = blocks;
  }

  get size(): number {
    return this.#size;
  }

  /**
   * Takes room for `size`. @returns undefined when it was there, a promise when the sender has to
   * wait for it. Throws PipelineError when there is none.
   */
  enter(size: number, ctx: Context): Promise<void> | undefined {
    if (this.#closed) throw new ShutDown();
    if (size > this.capacity) {
      const message = `element size too large: ${size} does not fit a queue of ${this.capacity}`;
      throw new PipelineError(message, { retryable: false });
    }
    if (this.#waiters.length === 0 && this.#size + size <= this.capacity) {
      this.#size += size;
      return undefined;
    }
    if (!this.#blocks || this.#waiters.length >= waitersMax) throw full();
    return new Promise((resolve, reject) => this.#wait(size, ctx, resolve, reject));
  }

  /** Takes room for what is already there, whether it fits or not. */
  force(size: number): void {
    this.#size += size;
  }

  leave(size: number): void {
    this.#size -= size;
    this.#admit();
  }

  #admit(): void {
    let waiter = this.#waiters.first();
    while (waiter !== undefined && this.#size + waiter.size <= this.capacity) {
      this.#waiters.shift();
      this.#size += waiter.size;
      waiter.admit();
      waiter = this.#waiters.first();
    }
  }

  /** Refuses everybody from now on. */
  close(): void {
    this.#closed = true;
    for (let w = this.#waiters.shift(); w !== undefined; w = this.#waiters.shift()) {
      w.refuse(new ShutDown());
    }
  }

  #wait(
    size: number,
    ctx: Context,
    resolve: () => void,
    reject: (error: PipelineError) => void,
  ): void {
    let timer: Timer | undefined;
    const waiter: Waiter = {
      size,
      admit: () => {
        timer?.cancel();
        resolve();
      },
      refuse: (error) => {
        timer?.cancel();
        reject(error);
      },
    };
    this.#waiters.push(waiter);
    if (ctx.deadlineMs === Number.POSITIVE_INFINITY) return;
    timer = this.#clock.after(Math.max(0, ctx.deadlineMs - this.#clock.monotonicMs()), () => {
      if (this.#waiters.remove((other) => other === waiter) === undefined) return;
      reject(full());
      this.#admit(); // who stood behind it may fit
    });
  }
}

function full(): PipelineError {
  return new PipelineError('sending queue is full', { retryable: true });
}
