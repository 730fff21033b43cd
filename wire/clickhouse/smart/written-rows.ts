/**
 * Keys of dictionary rows that storage has confirmed, so that they are not written again the same
 * day. Bounded: when it is full all is forgotten and rows are written once more, which changes
 * nothing in tables that keep one row a key.
 */
export class WrittenRows {
  readonly #keys = new Set<string>();
  readonly #limit: number;

  constructor(limit = 500_000) {
    this.#limit = limit;
  }

  has(key: string): boolean {
    return this.#keys.has(key);
  }

  /** Call once the rows are delivered, not when they are sealed: a sealed batch may be dropped. */
  add(keys: readonly string[]): void {
    for (const key of keys) {
      if (this.#keys.size >= this.#limit) this.#keys.clear();
      this.#keys.add(key);
    }
  }
}
