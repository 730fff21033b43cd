import type { Random } from '../../component/settings.ts';
import { grown } from '../grown.ts';

/**
 * Rows for trace ids: a hash table over typed arrays with open addressing. A row is a small number
 * that stays the same until it is removed; owners keep their own columns by row and grow them in
 * `onGrow`. The hash is keyed, so that ids chosen by a sender do not collide on purpose.
 *
 *     index: [row + 1 | 0, ...]     words: [a b c d] a row     next: free rows, chained
 */
export class IdTable {
  /** Rows in use. */
  count = 0;
  /** Rows that there is room for. */
  capacity: number;
  readonly #seed: number;
  readonly #onGrow: (capacity: number) => void;
  #words: Int32Array;
  #index: Int32Array;
  #mask: number;
  /** First free row, -1 = none. */
  #free: number;
  #next: Int32Array;

  /** @param onGrow is told of each new capacity, the first one included */
  constructor(random: Random, onGrow: (capacity: number) => void, capacity = 1024) {
    const seed = random.bytes(4);
    this.#seed = seed[0]! | (seed[1]! << 8) | (seed[2]! << 16) | (seed[3]! << 24);
    this.#onGrow = onGrow;
    this.capacity = 0;
    this.#words = new Int32Array(0);
    this.#next = new Int32Array(0);
    this.#free = -1;
    this.#mask = 0;
    this.#index = new Int32Array(1);
    this.#grow(capacity);
  }

  /** Bytes that a table of this capacity takes. */
  static bytesFor(capacity: number): number {
    return capacity * (16 + 4 + 8);
  }

  #grow(capacity: number): void {
    const next = grown(this.#next, capacity);
    for (let row = this.capacity; row < capacity; row += 1) next[row] = row + 1;
    next[capacity - 1] = this.#free;
    this.#free = this.capacity;
    this.#words = grown(this.#words, capacity * 4);
    this.#next = next;
    const old = this.#index;
    this.#mask = capacity * 2 - 1;
    this.#index = new Int32Array(capacity * 2);
    for (let i = 0; i < old.length; i += 1) if (old[i]! > 0) this.#place(old[i]! - 1);
    this.capacity = capacity;
    this.#onGrow(capacity);
  }

  #hash(a: number, b: number, c: number, d: number): number {
    let h = Math.imul(a ^ this.#seed, 0x9e3779b1);
    h = Math.imul((h ^ (h >>> 15)) + b, 0x85ebca77);
    h = Math.imul((h ^ (h >>> 13)) + c, 0xc2b2ae3d);
    h = Math.imul((h ^ (h >>> 16)) + d, 0x27d4eb2f);
    return (h ^ (h >>> 15)) & this.#mask;
  }

  #home(row: number): number {
    const w = this.#words;
    const at = row * 4;
    return this.#hash(w[at]!, w[at + 1]!, w[at + 2]!, w[at + 3]!);
  }

  #place(row: number): void {
    let i = this.#home(row);
    while (this.#index[i] !== 0) i = (i + 1) & this.#mask;
    this.#index[i] = row + 1;
  }

  /** The row of an id given as four words, -1 = none. */
  find(a: number, b: number, c: number, d: number): number {
    const w = this.#words;
    for (let i = this.#hash(a, b, c, d); ; i = (i + 1) & this.#mask) {
      const row = this.#index[i]! - 1;
      if (row < 0) return -1;
      const at = row * 4;
      if (w[at] === a && w[at + 1] === b && w[at + 2] === c && w[at + 3] === d) return row;
    }
  }

  /** A row for an id that has none. */
  add(a: number, b: number, c: number, d: number): number {
    if (this.#free < 0) this.#grow(this.capacity * 2);
    const row = this.#free;
    this.#free = this.#next[row]!;
    const at = row * 4;
    this.#words[at] = a;
    this.#words[at + 1] = b;
    this.#words[at + 2] = c;
    this.#words[at + 3] = d;
    this.#place(row);
    this.count += 1;
    return row;
  }

  /** Word 0 to 3 of a row's id, as {@link readWord} gives it. */
  word(row: number, number: number): number {
    return this.#words[row * 4 + number]!;
  }

  /** Takes a row out; those behind it in the index move up, so that no marks are left. */
  remove(row: number): void {
    let hole = this.#home(row);
    while (this.#index[hole] !== row + 1) hole = (hole + 1) & this.#mask;
    for (let i = (hole + 1) & this.#mask; this.#index[i] !== 0; i = (i + 1) & this.#mask) {
      const home = this.#home(this.#index[i]! - 1);
      if (((i - home) & this.#mask) < ((i - hole) & this.#mask)) continue;
      this.#index[hole] = this.#index[i]!;
      hole = i;
    }
    this.#index[hole] = 0;
    this.#next[row] = this.#free;
    this.#free = row;
    this.count -= 1;
  }
}

/** Four bytes as a signed word, little endian. */
export function readWord(b: Uint8Array, p: number): number {
  return b[p]! | (b[p + 1]! << 8) | (b[p + 2]! << 16) | (b[p + 3]! << 24);
}
