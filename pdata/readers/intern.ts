import { utf8 } from './value-view.ts';

/**
 * Strings for bytes that repeat (keys, service names), decoded once. A fixed number of places: a
 * string whose place is taken puts the old one out. Long texts are decoded each time.
 */
export class InternTable {
  readonly #bytes: (Uint8Array | undefined)[];
  readonly #texts: string[];
  readonly #mask: number;

  /** @param places power of two, e.g. 1024 */
  constructor(places = 1024) {
    if (places < 1 || (places & (places - 1)) !== 0) throw new Error('BUG: places: power of two');
    this.#bytes = new Array<Uint8Array | undefined>(places).fill(undefined);
    this.#texts = new Array<string>(places).fill('');
    this.#mask = places - 1;
  }

  /** Text of bytes [start, end). */
  get(b: Uint8Array, start: number, end: number): string {
    const size = end - start;
    if (size === 0) return '';
    if (size > 128) return utf8(b, start, end);
    let hash = 0x811c9dc5 ^ size;
    for (let i = start; i < end; i += 1) hash = Math.imul(hash ^ b[i]!, 0x01000193);
    const place = (hash ^ (hash >>> 15)) & this.#mask;
    const known = this.#bytes[place];
    if (known !== undefined && known.length === size) {
      let i = 0;
      while (i < size && known[i] === b[start + i]) i += 1;
      if (i === size) return this.#texts[place]!;
    }
    const text = utf8(b, start, end);
    this.#bytes[place] = b.slice(start, end);
    this.#texts[place] = text;
    return text;
  }
}
