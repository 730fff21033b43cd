/**
 * Which number came after which the last time: what comes in the order of the time before is found
 * by a look at its bytes. -1 stands for the beginning.
 */
export class Followers {
  /** By number + 1; 0 = none is known. */
  #next = new Int32Array(64);
  #last = -1;

  /** Begins at the beginning. */
  rewind(): void {
    this.#last = -1;
  }

  /** What came after that which came last; -1 = not known. */
  guess(): number {
    return this.#next[this.#last + 1]! - 1;
  }

  /** Says what has come. */
  came(number: number): void {
    if (this.#next[this.#last + 1] !== number + 1) this.#next[this.#last + 1] = number + 1;
    if (number + 1 >= this.#next.length) this.#widen(number + 2);
    this.#last = number;
  }

  #widen(length: number): void {
    const wider = new Int32Array(Math.max(length, this.#next.length * 2));
    wider.set(this.#next);
    this.#next = wider;
  }
}
