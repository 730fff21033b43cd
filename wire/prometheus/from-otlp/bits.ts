/** The bits of a double. */
export class Bits {
  lo = 0;
  hi = 0;
  readonly #view = new DataView(new ArrayBuffer(8));

  set(value: number): void {
    this.#view.setFloat64(0, value, true);
    this.lo = this.#view.getUint32(0, true);
    this.hi = this.#view.getUint32(4, true);
  }
}

/** Whole milliseconds in nanoseconds that are given as halves. */
export function millisecondsOf(lo: number, hi: number): number {
  return hi * 4294 + Math.floor((hi * 967296 + lo) / 1e6);
}
