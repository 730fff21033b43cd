/** Answers that are shared: callers who ask the same at the same time cost one question. */

export interface CacheOptions {
  /** Milliseconds, of any clock that only goes forward. */
  readonly now: () => number;
  /** How long an answer is given again, ms. */
  readonly maxAgeMs: number;
  /** Answers kept; the one asked for longest ago goes first. */
  readonly maxEntries: number;
}

interface Entry<T> {
  readonly answer: Promise<T>;
  /** When it was given; undefined while it is waited for. */
  at: number | undefined;
}

export class SharedAnswers<T> {
  readonly #options: CacheOptions;
  readonly #entries = new Map<string, Entry<T>>();

  constructor(options: CacheOptions) {
    this.#options = options;
  }

  /** The answer of `ask`, or of an earlier one with this key; failures are not kept. */
  get(key: string, ask: () => Promise<T>): Promise<T> {
    const { now, maxAgeMs, maxEntries } = this.#options;
    const known = this.#entries.get(key);
    this.#entries.delete(key);
    if (known !== undefined && (known.at === undefined || now() - known.at < maxAgeMs)) {
      this.#entries.set(key, known);
      return known.answer;
    }
    const entry: Entry<T> = { answer: ask(), at: undefined };
    this.#entries.set(key, entry);
    entry.answer.then(
      () => {
        entry.at = now();
      },
      () => {
        if (this.#entries.get(key) === entry) this.#entries.delete(key);
      },
    );
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= maxEntries) break;
      this.#entries.delete(oldest);
    }
    return entry.answer;
  }
}
