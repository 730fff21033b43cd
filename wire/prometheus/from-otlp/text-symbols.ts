import { Symbols } from '../remote-write/symbols.ts';

const encoder = new TextEncoder();

/** A symbol table that texts are added to. */
export class TextSymbols {
  readonly symbols: Symbols;
  readonly #ids = new Map<string, number>([['', 0]]);
  #length = 0;

  constructor() {
    this.symbols = new Symbols(new Uint8Array(16_384), 1024);
  }

  /** The number of a text. */
  of(text: string): number {
    const known = this.#ids.get(text);
    if (known !== undefined) return known;
    const { symbols } = this;
    const start = this.#length;
    if (start + 3 * text.length > symbols.bytes.length) this.#grow(3 * text.length);
    const { written } = encoder.encodeInto(text, symbols.bytes.subarray(start));
    const symbol = symbols.intern(start, start + written);
    if (symbol === symbols.count - 1) this.#length += written;
    this.#ids.set(text, symbol);
    return symbol;
  }

  #grow(more: number): void {
    const { symbols } = this;
    const bytes = new Uint8Array(Math.max(2 * symbols.bytes.length, this.#length + more));
    bytes.set(symbols.bytes.subarray(0, this.#length));
    symbols.bytes = bytes;
  }
}
