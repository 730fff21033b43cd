/** Lets a few calls run at once and some more wait; the rest are refused. */
export class Gate {
  readonly #atOnce: number;
  readonly #waiting: (() => void)[] = [];
  readonly #mostWaiting: number;
  readonly #busy: () => Error;
  #running = 0;

  /** @param busy makes what calls are refused with */
  constructor(atOnce: number, mostWaiting: number, busy: () => Error) {
    this.#atOnce = atOnce;
    this.#mostWaiting = mostWaiting;
    this.#busy = busy;
  }

  /** Rejects with the error of `busy` when too many wait. */
  async run<T>(call: () => Promise<T>): Promise<T> {
    if (this.#running < this.#atOnce) this.#running += 1;
    else {
      if (this.#waiting.length >= this.#mostWaiting) throw this.#busy();
      // The place of the call that ends is handed on.
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
      });
    }
    try {
      return await call();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#running -= 1;
      else next();
    }
  }
}
