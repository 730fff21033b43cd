/**
 * A 64-bit hash in two 32-bit lanes, for ids that are the same whenever the same capture is read:
 * `start()`, words, `end()`, then `high` and `low`. Spread matters here, secrecy does not.
 */
export class Hash64 {
  high = 0;
  low = 0;
  private readonly seedHigh: number;
  private readonly seedLow: number;

  /** @param seed any text; other seeds give other ids */
  constructor(seed: string) {
    this.high = 0x9e3779b9;
    this.low = 0x85ebca6b;
    for (let i = 0; i < seed.length; i++) this.word(seed.charCodeAt(i));
    this.seedHigh = this.high;
    this.seedLow = this.low;
  }

  /** What `start()` starts from: high and low. */
  get seed(): readonly [number, number] {
    return [this.seedHigh >>> 0, this.seedLow >>> 0];
  }

  start(): void {
    this.high = this.seedHigh;
    this.low = this.seedLow;
  }

  word(value: number): void {
    const a = Math.imul(this.high ^ value, 0xcc9e2d51);
    const b = Math.imul(this.low + value, 0x9e3779b1);
    this.high = (Math.imul((a << 15) | (a >>> 17), 5) + this.low) | 0;
    this.low = (Math.imul((b << 13) | (b >>> 19), 9) ^ a) | 0;
  }

  /** `start()`, the words, `end()`: the same at less cost. */
  words(words: Int32Array): void {
    let high = this.seedHigh | 0;
    let low = this.seedLow | 0;
    for (let i = 0; i < words.length; i++) {
      const value = words[i]!;
      const a = Math.imul(high ^ value, 0xcc9e2d51);
      const b = Math.imul(low + value, 0x9e3779b1);
      high = (Math.imul((a << 15) | (a >>> 17), 5) + low) | 0;
      low = (Math.imul((b << 13) | (b >>> 19), 9) ^ a) | 0;
    }
    this.high = high;
    this.low = low;
    this.end();
  }

  /** A time as seconds since 1970 and nanoseconds relative to them. */
  time(seconds: number, nanos: number): void {
    const carry = Math.floor(nanos / 1e9);
    this.word((seconds + carry) | 0);
    this.word((nanos - carry * 1e9) | 0);
  }

  /** Mixes once more; `high` and `low` are then unsigned and not both zero. */
  end(): void {
    const h = avalanche(this.high);
    const l = avalanche(this.low ^ h);
    this.high = avalanche(h + l) >>> 0;
    this.low = l >>> 0;
    if (this.high === 0 && this.low === 0) this.low = 1;
  }
}

/** The finaliser of murmur3: every bit of the result depends on every bit of `value`. */
function avalanche(value: number): number {
  let h = value | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
