/** The place of a call that a {@link Gate} lets run. */
export interface Place {
  /**
   * Says that from now on the call is ended for one that waits, or comes to wait.
   * @param end ends the call soon; called once at most
   * @returns takes it back
   */
  yields(end: () => void): () => void;
}

/** Lets a few calls run at once and some more wait; the rest are refused. */
export class Gate {
  readonly #atOnce: number;
  readonly #waiting: (() => void)[] = [];
  readonly #mostWaiting: number;
  readonly #busy: () => Error;
  /** Ends of those that yield, the first to do so first. */
  readonly #yielding = new Set<() => void>();
  readonly #place: Place = { yields: (end) => this.#yields(end) };
  #running = 0;

  /** @param busy makes what calls are refused with */
  constructor(atOnce: number, mostWaiting: number, busy: () => Error) {
    this.#atOnce = atOnce;
    this.#mostWaiting = mostWaiting;
    this.#busy = busy;
  }

  /** Rejects with the error of `busy` when too many wait. */
  async run<T>(call: (place: Place) => Promise<T>): Promise<T> {
    if (this.#running < this.#atOnce) this.#running += 1;
    else {
      if (this.#waiting.length >= this.#mostWaiting) throw this.#busy();
      this.#endOne();
      // The place of the call that ends is handed on.
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
      });
    }
    try {
      return await call(this.#place);
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#running -= 1;
      else next();
    }
  }

  #yields(end: () => void): () => void {
    const own = (): void => end();
    this.#yielding.add(own);
    if (this.#waiting.length > 0) this.#endOne();
    return () => this.#yielding.delete(own);
  }

  #endOne(): void {
    const [end] = this.#yielding;
    if (end === undefined) return;
    this.#yielding.delete(end);
    end();
  }
}
