/**
 * A hash of bytes [from, to): 32-bit FNV-1a, which readers may also make while they scan.
 * @param start a secret, so that senders cannot choose keys that get in one another's way
 */
export function hashBytes(b: Uint8Array, from: number, to: number, start = hashStart): number {
  let hash = start;
  for (let i = from; i < to; i += 1) hash = Math.imul(hash ^ b[i]!, hashPrime);
  return hash;
}

/** FNV-1a's offset basis. */
export const hashStart = 0x811c9dc5 | 0;
/** FNV-1a's prime. */
export const hashPrime = 0x01000193;

/**
 * Numbers 0, 1, 2 ... for byte strings, looked up without making strings of them. Open addresses:
 * `slots` holds numbers + 1 in the places that follow from the hash; `hashes` and `ends` belong to
 * the numbers, key n is bytes [ends[n], ends[n + 1]).
 */
export class ByteTable {
  #size = 0;
  #keys = new Uint8Array(64);
  #ends = new Int32Array(9);
  #hashes = new Int32Array(8);
  #slots = new Int32Array(32);

  get size(): number {
    return this.#size;
  }

  /** Bytes of all keys; another array once there are more. */
  get keys(): Uint8Array {
    return this.#keys;
  }

  /** Where key `number` begins in {@link keys}. */
  start(number: number): number {
    return this.#ends[number]!;
  }

  /** Where key `number` ends in {@link keys}. */
  end(number: number): number {
    return this.#ends[number + 1]!;
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
    if (this.#hashes[number] !== hash || number >= this.#size) return false;
    const keys = this.#keys;
    const start = this.#ends[number]!;
    const length = to - from;
    if (this.#ends[number + 1]! - start !== length) return false;
    for (let i = 0; i < length; i += 1) if (keys[start + i] !== b[from + i]) return false;
    return true;
  }

  /** Gives bytes that are not known yet, which are copied, the next number. */
  add(b: Uint8Array, from: number, to: number, hash: number): number {
    const number = this.#size;
    const start = this.#ends[number]!;
    const end = start + to - from;
    if (end > this.#keys.length) {
      const keys = new Uint8Array(Math.max(end, this.#keys.length * 2));
      keys.set(this.#keys);
      this.#keys = keys;
    }
    for (let i = start; i < end; i += 1) this.#keys[i] = b[from + i - start]!;
    if (number === this.#hashes.length) this.#grow();
    this.#size = number + 1;
    this.#ends[number + 1] = end;
    this.#hashes[number] = hash;
    this.#put(number);
    return number;
  }

  #grow(): void {
    const size = this.#size;
    const hashes = new Int32Array(size * 2);
    hashes.set(this.#hashes);
    this.#hashes = hashes;
    const ends = new Int32Array(size * 2 + 1);
    ends.set(this.#ends);
    this.#ends = ends;
    this.#slots = new Int32Array(size * 8);
    for (let i = 0; i < size; i += 1) this.#put(i);
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
