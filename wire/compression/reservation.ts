import { type ByteBudget, DecompressError } from './types.ts';

/** Bytes of one output taken from a budget: grows as the output grows, given back once. */
export class Reservation {
  readonly #budget: ByteBudget;
  bytes = 0;

  constructor(budget: ByteBudget) {
    this.#budget = budget;
  }

  /** @throws DecompressError no_memory */
  grow(bytes: number): void {
    if (!this.#budget.tryReserve(bytes)) {
      throw new DecompressError('no_memory', `cannot reserve ${bytes} bytes for decompressed data`);
    }
    this.bytes += bytes;
  }

  /** Makes it exactly `bytes`, growing or giving back. */
  resize(bytes: number): void {
    if (bytes > this.bytes) this.grow(bytes - this.bytes);
    else if (bytes < this.bytes) {
      this.#budget.release(this.bytes - bytes);
      this.bytes = bytes;
    }
  }

  release(): void {
    if (this.bytes > 0) this.#budget.release(this.bytes);
    this.bytes = 0;
  }
}
