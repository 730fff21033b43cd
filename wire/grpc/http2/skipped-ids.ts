/** Gaps that are remembered. */
const maxGaps = 16;

/** Stream ids that a client passed over: they are closed since (RFC 9113, 5.1.1). */
export class SkippedIds {
  readonly #gaps: number[] = [];

  /** The client opened `id` after `last`; ids are odd, `last` is 0 before the first. */
  note(last: number, id: number): void {
    const first = last === 0 ? 1 : last + 2;
    if (first >= id) return;
    if (this.#gaps.length === 2 * maxGaps) this.#gaps.splice(0, 2);
    this.#gaps.push(first, id);
  }

  /** Whether `id` was passed over; the oldest gaps are forgotten. */
  has(id: number): boolean {
    for (let i = 0; i < this.#gaps.length; i += 2) {
      if (id >= this.#gaps[i]! && id < this.#gaps[i + 1]!) return true;
    }
    return false;
  }
}
