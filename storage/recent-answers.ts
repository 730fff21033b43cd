/** Answers that are shared: callers who ask the same within a short time cost one question. */

export interface RecentAnswersOptions {
  /** Milliseconds; a clock that is set back makes answers old. */
  readonly now: () => number;
  /** How long an answer is given again from when it came, ms. */
  readonly maxAgeMs: number;
  /** Answers that are kept; the one asked for longest ago goes first. */
  readonly maxEntries: number;
}

interface Entry {
  readonly answer: Promise<unknown>;
  /** When it came; undefined while it is waited for. */
  at: number | undefined;
}

/** Keeps answers for a short time; who asks the same meanwhile, or while one waits, shares it. */
export class RecentAnswers {
  readonly #options: RecentAnswersOptions;
  readonly #entries = new Map<string, Entry>();

  constructor(options: RecentAnswersOptions) {
    this.#options = options;
  }

  /** A call that fails is not kept. @param key names what `load` answers, of one type T each */
  get<T>(key: string, load: () => Promise<T>): Promise<T> {
    const known = this.#entries.get(key);
    this.#entries.delete(key);
    const entry = known !== undefined && this.#isYoung(known) ? known : this.#ask(key, load);
    this.#entries.set(key, entry);
    if (this.#entries.size > this.#options.maxEntries) {
      this.#entries.delete(this.#entries.keys().next().value!);
    }
    return entry.answer as Promise<T>;
  }

  #isYoung({ at }: Entry): boolean {
    if (at === undefined) return true;
    const age = this.#options.now() - at;
    return age >= 0 && age < this.#options.maxAgeMs;
  }

  #ask(key: string, load: () => Promise<unknown>): Entry {
    const entry: Entry = { answer: load(), at: undefined };
    entry.answer.then(
      () => {
        entry.at = this.#options.now();
      },
      () => {
        if (this.#entries.get(key) === entry) this.#entries.delete(key);
      },
    );
    return entry;
  }
}
