/** Texts cut to a width, with what was measured remembered. */

/** Widths that are remembered; then all are forgotten. */
const most = 20_000;

export class TextFitter {
  readonly #measure: (text: string) => number;
  readonly #widths = new Map<string, number>();
  readonly #cut = new Map<string, string>();

  /** @param measure width of a text in pixels */
  constructor(measure: (text: string) => number) {
    this.#measure = measure;
  }

  width(text: string): number {
    const known = this.#widths.get(text);
    if (known !== undefined) return known;
    if (this.#widths.size >= most) this.#widths.clear();
    const width = this.#measure(text);
    this.#widths.set(text, width);
    return width;
  }

  /** The text, or its beginning with `…`; '' where not even that fits. */
  fit(text: string, pixels: number): string {
    const space = Math.floor(pixels);
    if (this.width(text) <= space) return text;
    const key = `${space} ${text}`;
    const known = this.#cut.get(key);
    if (known !== undefined) return known;
    if (this.#cut.size >= most) this.#cut.clear();
    let [least, longest] = [0, text.length];
    while (least < longest) {
      const middle = (least + longest + 1) >> 1;
      if (this.#measure(`${text.slice(0, middle)}…`) <= space) least = middle;
      else longest = middle - 1;
    }
    const cut = least === 0 ? '' : `${text.slice(0, least)}…`;
    this.#cut.set(key, cut);
    return cut;
  }
}
