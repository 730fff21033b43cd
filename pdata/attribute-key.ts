/** An attribute key with its UTF-8 bytes: made once, compared with keys in place. */
export class AttributeKey {
  readonly text: string;
  readonly bytes: Uint8Array;
  /** Length and last byte: what few keys share. */
  readonly mark: number;
  /** Who numbered the key last, and the number: saves a look-up an edit. */
  numberedBy: object | undefined;
  number = -1;

  constructor(text: string) {
    this.text = text;
    this.bytes = new TextEncoder().encode(text);
    this.mark = this.bytes.length * 256 + (this.bytes.at(-1) ?? 0);
  }

  /** True when bytes [start, end) of `b` are this key. */
  matches(b: Uint8Array, start: number, end: number): boolean {
    const own = this.bytes;
    let i = own.length;
    if (end - start !== i) return false;
    while (i > 0) {
      i -= 1;
      if (b[start + i] !== own[i]) return false;
    }
    return true;
  }
}

/** Keys of texts that come again and again: each is made once, all are forgotten at `limit`. */
export class AttributeKeys {
  readonly #known = new Map<string, AttributeKey>();
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  of(text: string): AttributeKey {
    let key = this.#known.get(text);
    if (key === undefined) {
      if (this.#known.size >= this.#limit) this.#known.clear();
      key = new AttributeKey(text);
      this.#known.set(text, key);
    }
    return key;
  }
}
