const slots = 4;
const shortest = 12;
const longest = 256;

/**
 * The last few coded strings of a connection and their texts: many clients spell :path and others
 * out with every request instead of indexing them. Holds at most 4 strings of 256 bytes; the oldest
 * makes room.
 */
export class RecentStrings {
  #coded: Uint8Array[] | undefined;
  readonly #texts: string[] = [];
  #next = 0;

  /** @returns the text that the same bytes stood for, if they are remembered */
  get(input: Uint8Array, start: number, end: number): string | undefined {
    const coded = this.#coded;
    if (coded === undefined) return undefined;
    const length = end - start;
    for (let slot = 0; slot < coded.length; slot += 1) {
      const known = coded[slot]!;
      if (known.length !== length) continue;
      let i = 0;
      while (i < length && known[i] === input[start + i]) i += 1;
      if (i === length) return this.#texts[slot];
    }
    return undefined;
  }

  put(input: Uint8Array, start: number, end: number, text: string): void {
    if (end - start < shortest || end - start > longest) return;
    this.#coded ??= [];
    this.#coded[this.#next] = Uint8Array.prototype.slice.call(input, start, end);
    this.#texts[this.#next] = text;
    this.#next = (this.#next + 1) % slots;
  }
}
