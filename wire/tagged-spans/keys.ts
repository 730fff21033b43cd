import { isUtf8 } from '../../pdata/check.ts';
import { Writer } from '../../pdata/proto/writer.ts';
import { ByteTable } from './byte-table.ts';

/** Keys beyond the known ones that are kept between messages, and their bytes. */
const maxKept = 4096;
const maxKeptBytes = 1 << 20;

/** Bytes as UTF-8, with U+FFFD for what is none. */
export function wellFormed(b: Uint8Array, from: number, to: number): Uint8Array {
  const bytes = b.subarray(from, to);
  return isUtf8(b, from, to) ? bytes : Buffer.from(new TextDecoder().decode(bytes));
}

/**
 * Numbers for the keys of tags, so that a key is compared once and written from its prepared bytes.
 * The known keys have the numbers 0, 1, 2 ... in their order.
 */
export class KeyTable {
  readonly #table = new ByteTable();
  readonly #known: number;
  /** The field `key` of a KeyValue, by number. */
  readonly encoded: Uint8Array[] = [];

  constructor(known: readonly string[]) {
    this.#known = known.length;
    for (const key of known) this.number(key);
  }

  /** The number of a key given as bytes. */
  intern(b: Uint8Array, from: number, to: number): number {
    const number = this.#table.intern(b, from, to);
    if (number === this.encoded.length) {
      const w = new Writer(to - from + 8);
      w.bytesField(1, wellFormed(b, from, to));
      this.encoded.push(w.take());
    }
    return number;
  }

  /** The number of a key given as text. */
  number(key: string): number {
    const bytes = Buffer.from(key);
    return this.intern(bytes, 0, bytes.length);
  }

  /** The key's text. */
  text(number: number): string {
    return Buffer.from(this.#table.entries[number]!).toString('utf8');
  }

  /** Forgets unknown keys when they are too many; not while tags refer to them. */
  trim(): void {
    if (this.#table.size - this.#known <= maxKept && this.#table.byteLength <= maxKeptBytes) return;
    this.#table.truncate(this.#known);
    this.encoded.length = this.#known;
  }
}
