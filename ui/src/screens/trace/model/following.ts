/** When the elements of rows follow what is drawn. Pure. */

/** Runs something once, later. */
export interface Timers {
  readonly set: (run: () => void, ms: number) => number;
  readonly clear: (timer: number) => void;
}

/** Scrolling on has to rest so long before the elements follow, ms. */
const restMs = 90;

/**
 * Writes the newest that was shown: at once where the content is another, when scrolling rests
 * where only the place is. What was drawn before {@link Following.stale} never counts as written
 * after it.
 */
export class Following {
  readonly #timers: Timers;
  #timer: number | undefined;
  /** Rises with each change of the content. */
  #content = 0;
  #written = { content: -1, place: '' };

  constructor(timers: Timers) {
    this.#timers = timers;
  }

  /** The content is another than before, even where the place is the same. */
  stale(): void {
    this.#content += 1;
  }

  /** @param place what part of the content is seen. `write`: called later, if nothing newer comes */
  show(place: string, write: () => void): void {
    this.end();
    const content = this.#content;
    const another = content !== this.#written.content;
    if (!another && place === this.#written.place) return;
    this.#timer = this.#timers.set(
      () => {
        this.#written = { content, place };
        write();
      },
      another ? 0 : restMs,
    );
  }

  /** What waits is not written. */
  end(): void {
    if (this.#timer !== undefined) this.#timers.clear(this.#timer);
    this.#timer = undefined;
  }
}
