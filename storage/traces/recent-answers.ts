export interface RecentAnswersOptions {
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly maxAgeMs: number;
  /** Answers that are kept; the oldest goes first. */
  readonly maxEntries: number;
}

interface Entry {
  readonly answer: Promise<unknown>;
  readonly until: number;
}

/** Keeps answers for a short time; who asks the same meanwhile shares one call. */
export class RecentAnswers {
  readonly #options: RecentAnswersOptions;
  readonly #entries = new Map<string, Entry>();

  constructor(options: RecentAnswersOptions) {
    this.#options = options;
  }

  /** A call that fails is not kept. @param key names what `load` answers, of one type T each */
  get<T>(key: string, load: () => Promise<T>): Promise<T> {
    const { now, maxAgeMs, maxEntries } = this.#options;
    const time = now();
    const known = this.#entries.get(key);
    if (known !== undefined && time < known.until && time >= known.until - maxAgeMs) {
      return known.answer as Promise<T>;
    }
    const answer = load();
    const entry: Entry = { answer, until: time + maxAgeMs };
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    if (this.#entries.size > maxEntries) this.#entries.delete(this.#entries.keys().next().value!);
    answer.catch(() => {
      if (this.#entries.get(key) === entry) this.#entries.delete(key);
    });
    return answer;
  }
}
