/** Milliseconds between looks at the ring, at least and at most. */
const LEAST_MS = 10;
const MOST_MS = 200;
/** Bytes of records that are worth a look: less than those at which the kernel side wakes. */
const WORTH = 1 << 20;

/**
 * When to look at the ring next: seldom while little comes, so that a look has something to do. It
 * need not be careful: when the ring fills, or a program begins, the kernel side wakes.
 */
export class Pace {
  private ms = LEAST_MS;

  /**
   * @param bytes of records that came since the look before
   * @returns milliseconds until the next look
   */
  next(bytes: number): number {
    const wanted = bytes === 0 ? MOST_MS : (this.ms * WORTH) / bytes;
    this.ms = Math.floor(Math.min(MOST_MS, Math.max(LEAST_MS, wanted)));
    return this.ms;
  }
}
