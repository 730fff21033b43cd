/** A hash of bytes [from, to): 32-bit FNV-1a, which readers may also make while they scan. */
export function hashBytes(b: Uint8Array, from: number, to: number): number {
  let hash = hashStart;
  for (let i = from; i < to; i += 1) hash = Math.imul(hash ^ b[i]!, hashPrime);
  return hash;
}

export const hashStart = 0x811c9dc5 | 0;
export const hashPrime = 0x01000193;

/**
 * Numbers 0, 1, 2 ... for byte strings, looked up without making strings of them. Open addresses:
 * `slots` holds numbers + 1 in the places that follow from the hash, `hashes` and `keys` belong to
 * the numbers.
 */
export class ByteTable {
  readonly #keys: Uint8Array[] = [];
  #hashes = new Int32Array(8);
  #slots = new Int32Array(32);

  get size(): number {
    return this.#keys.length;
  }

  /** Number of bytes [from, to); -1 = they are not known. */
  find(b: Uint8Array, from: number, to: number, hash: number): number {
    const mask = this.#slots.length - 1;
    for (let slot = placeOf(hash) & mask; ; slot = (slot + 1) & mask) {
      const number = this.#slots[slot]! - 1;
      if (number < 0 || this.is(number, b, from, to, hash)) return number;
    }
  }

  /** Whether a number stands for bytes [from, to). */
  is(number: number, b: Uint8Array, from: number, to: number, hash: number): boolean {
    if (this.#hashes[number] !== hash) return false;
    const key = this.#keys[number]!;
    const length = to - from;
    if (key.length !== length) return false;
    for (let i = 0; i < length; i += 1) if (key[i] !== b[from + i]) return false;
    return true;
  }

  /** Gives bytes that are not known yet, which are copied, the next number. */
  add(b: Uint8Array, from: number, to: number, hash: number): number {
    const number = this.#keys.length;
    this.#keys.push(Uint8Array.from(b.subarray(from, to)));
    if (number === this.#hashes.length) {
      const hashes = new Int32Array(number * 2);
      hashes.set(this.#hashes);
      this.#hashes = hashes;
      this.#slots = new Int32Array(number * 8);
      for (let i = 0; i < number; i += 1) this.#put(i);
    }
    this.#hashes[number] = hash;
    this.#put(number);
    return number;
  }

  #put(number: number): void {
    const mask = this.#slots.length - 1;
    let slot = placeOf(this.#hashes[number]!) & mask;
    while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
    this.#slots[slot] = number + 1;
  }
}

/** The high bits of a hash, too. */
function placeOf(hash: number): number {
  return hash ^ (hash >>> 15);
}
