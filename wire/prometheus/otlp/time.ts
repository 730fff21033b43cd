/** Halves of times in nanoseconds, made from milliseconds exactly. */
export class Nanoseconds {
  lo = 0;
  hi = 0;
  #ms = 0;

  /** @param ms 0 to 9,223,372,036,854 */
  set(ms: number): void {
    if (ms === this.#ms) return;
    this.#ms = ms;
    const above = Math.floor(ms / 1048576);
    const high = above * 1e6;
    const low = (ms - above * 1048576) * 1e6;
    const sum = (high % 4096) * 1048576 + (low % 4294967296);
    this.lo = sum % 4294967296;
    this.hi = Math.floor(high / 4096) + Math.floor(low / 4294967296) + Math.floor(sum / 4294967296);
  }
}
