const maxFirstSlots = 256;

/** Numbers for byte strings: 0, 1, 2 ... in the order in which they first came. */
export class ByteTable {
  /** What was added, by number. */
  readonly entries: Uint8Array[] = [];
  /** Bytes of all entries. */
  byteLength = 0;
  readonly #hashes: number[] = [];
  /** Number of an entry plus one; 0 = free. */
  #slots = new Int32Array(maxFirstSlots);

  get size(): number {
    return this.entries.length;
  }

  /** The number of bytes [from, to); they are copied when they are new. */
  intern(b: Uint8Array, from: number, to: number): number {
    let hash = 0x811c9dc5 ^ (to - from);
    for (let i = from; i < to; i += 1) hash = Math.imul(hash ^ b[i]!, 0x01000193);
    hash ^= hash >>> 15;
    const mask = this.#slots.length - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const number = this.#slots[slot]! - 1;
      if (number < 0) return this.#add(b.slice(from, to), hash, slot);
      if (this.#hashes[number] === hash && same(this.entries[number]!, b, from, to)) return number;
    }
  }

  #add(bytes: Uint8Array, hash: number, slot: number): number {
    const number = this.entries.length;
    this.entries.push(bytes);
    this.#hashes.push(hash);
    this.byteLength += bytes.length;
    this.#slots[slot] = number + 1;
    if (this.entries.length * 2 > this.#slots.length) this.#rehash(this.#slots.length * 2);
    return number;
  }

  #rehash(slots: number): void {
    this.#slots = new Int32Array(slots);
    const mask = slots - 1;
    for (const [number, hash] of this.#hashes.entries()) {
      let slot = hash & mask;
      while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
      this.#slots[slot] = number + 1;
    }
  }

  /** Forgets all entries from number `size` on. */
  truncate(size: number): void {
    if (this.entries.length <= size) return;
    this.entries.length = size;
    this.#hashes.length = size;
    this.byteLength = this.entries.reduce((sum, bytes) => sum + bytes.length, 0);
    let slots = maxFirstSlots;
    while (slots < size * 2 + 2) slots *= 2;
    this.#rehash(slots);
  }
}

function same(entry: Uint8Array, b: Uint8Array, from: number, to: number): boolean {
  if (entry.length !== to - from) return false;
  for (let i = 0; i < entry.length; i += 1) if (entry[i] !== b[from + i]) return false;
  return true;
}
