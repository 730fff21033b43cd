import { Uint32Column } from '../remote-write/columns.ts';

/**
 * Numbers for tuples of numbers, in the order of their first appearance. A tuple is pushed to
 * {@link key} before a call, which empties it.
 */
export class IdTable {
  readonly key: Uint32Column = new Uint32Column(32);
  /** Where the tuple of each id ends in `tuples`. */
  readonly ends: Uint32Column;
  readonly tuples: Uint32Column;
  readonly #hashes: Uint32Column;
  readonly #seed: number;
  #slots: Int32Array;

  /**
   * @param expected tuples
   * @param seed any number that senders do not know
   */
  constructor(expected: number, seed = 0) {
    this.#seed = seed;
    let size = 16;
    while (size < 2 * expected) size *= 2;
    this.#slots = new Int32Array(size).fill(-1);
    this.ends = new Uint32Column(expected);
    this.#hashes = new Uint32Column(expected);
    this.tuples = new Uint32Column(4 * expected);
  }

  get count(): number {
    return this.ends.length;
  }

  /** The number of `key`, which is one more than the last for a new one. */
  id(): number {
    return this.#look(true);
  }

  /** The number of `key`, -1 = none. */
  find(): number {
    return this.#look(false);
  }

  #look(add: boolean): number {
    const { key } = this;
    const hash = this.#hash();
    const mask = this.#slots.length - 1;
    let slot = hash & mask;
    for (;;) {
      const id = this.#slots[slot]!;
      if (id < 0) break;
      if (this.#hashes.values[id] === hash && this.#is(id)) {
        key.length = 0;
        return id;
      }
      slot = (slot + 1) & mask;
    }
    const id = this.ends.length;
    if (add) {
      for (let i = 0; i < key.length; i += 1) this.tuples.push(key.values[i]!);
      this.ends.push(this.tuples.length);
      this.#hashes.push(hash);
      this.#slots[slot] = id;
      if (2 * this.ends.length > this.#slots.length) this.#grow();
    }
    key.length = 0;
    return add ? id : -1;
  }

  #hash(): number {
    const { values, length } = this.key;
    let hash = length ^ this.#seed;
    for (let i = 0; i < length; i += 1) {
      hash = Math.imul(hash ^ values[i]!, 0x9e3779b1);
      hash ^= hash >>> 15;
    }
    return hash >>> 0;
  }

  #is(id: number): boolean {
    const { values, length } = this.key;
    const from = id === 0 ? 0 : this.ends.values[id - 1]!;
    if (this.ends.values[id]! - from !== length) return false;
    const tuples = this.tuples.values;
    for (let i = 0; i < length; i += 1) if (tuples[from + i] !== values[i]) return false;
    return true;
  }

  #grow(): void {
    const size = this.#slots.length * 2;
    this.#slots = new Int32Array(size).fill(-1);
    for (let id = 0; id < this.ends.length; id += 1) {
      let slot = this.#hashes.values[id]! & (size - 1);
      while (this.#slots[slot]! >= 0) slot = (slot + 1) & (size - 1);
      this.#slots[slot] = id;
    }
  }
}

/** Lists of numbers, one for each id: what was appended under it, in order. */
export class Lists {
  readonly #first: number[] = [];
  readonly #last: number[] = [];
  readonly #next: Uint32Column;
  readonly #values: Uint32Column;

  /** @param expected entries of all lists */
  constructor(expected: number) {
    this.#next = new Uint32Column(expected);
    this.#values = new Uint32Column(expected);
  }

  append(id: number, value: number): void {
    const entry = this.#values.length + 1;
    this.#values.push(value);
    this.#next.push(0);
    const last = this.#last[id];
    if (last === undefined) this.#first[id] = entry;
    else this.#next.values[last - 1] = entry;
    this.#last[id] = entry;
  }

  /** The first entry of a list, 0 = it is empty. */
  first(id: number): number {
    return this.#first[id] ?? 0;
  }

  /** The entry after one, 0 = none. */
  next(entry: number): number {
    return this.#next.values[entry - 1]!;
  }

  value(entry: number): number {
    return this.#values.values[entry - 1]!;
  }
}
