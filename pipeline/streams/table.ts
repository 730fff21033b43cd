/**
 * What is remembered of each stream of data points: an open hash table over one byte arena. A
 * stream is a small index; beside its key it has a payload of bytes that may grow, and the time at
 * which it was last seen.
 *
 *     slots  [ - | 3 | - | 1 | ... ]        stream index + 1 at the place that the hash gives
 *     arena  [ key 0, payload 0, key 1, payload 1, (a hole), ... ]
 */
export class StreamTable {
  /** Streams in the table. */
  size = 0;
  /** Keys and payloads; a new array after each `add`, `resize` and `retain`. */
  arena = new Uint8Array(0);
  #view = new DataView(this.arena.buffer);
  #used = 0;
  #holes = 0;
  #slots = new Int32Array(0);
  #hashes = new Int32Array(0);
  #starts = new Int32Array(0);
  #keySizes = new Int32Array(0);
  #payloadSizes = new Int32Array(0);
  #seen = new Float64Array(0);
  readonly #reserve: (bytes: number) => boolean;
  readonly #release: (bytes: number) => void;

  /**
   * @param reserve asks for memory before the table grows; false = it must not
   * @param release gives memory back
   */
  constructor(reserve: (bytes: number) => boolean, release: (bytes: number) => void) {
    this.#reserve = reserve;
    this.#release = release;
  }

  /** Bytes that the table holds, which are those it reserved. */
  get bytes(): number {
    return this.arena.length + bytesOf(this.#hashes.length);
  }

  /** Numbers in the arena, little endian. */
  get view(): DataView {
    return this.#view;
  }

  /** The stream with the key `bytes[0, length)`, -1 = none. */
  find(bytes: Uint8Array, length: number, hash: number): number {
    const slots = this.#slots;
    if (slots.length === 0) return -1;
    const mask = slots.length - 1;
    for (let place = hash & mask; ; place = (place + 1) & mask) {
      const i = slots[place]! - 1;
      if (i < 0) return -1;
      if (this.#hashes[i] === hash && this.#same(i, bytes, length)) return i;
    }
  }

  #same(i: number, bytes: Uint8Array, length: number): boolean {
    if (this.#keySizes[i] !== length) return false;
    const { arena } = this;
    const start = this.#starts[i]!;
    for (let k = 0; k < length; k += 1) if (arena[start + k] !== bytes[k]) return false;
    return true;
  }

  /**
   * Adds a stream that {@link find} did not find, with a payload of `payload` bytes, all zero.
   * @returns it, or -1 when there is no memory for it
   */
  add(bytes: Uint8Array, length: number, hash: number, payload: number): number {
    const i = this.size;
    if (i === this.#hashes.length && !this.#growColumns()) return -1;
    if (!this.#room(length + payload)) return -1;
    const start = this.#used;
    this.#used += length + payload;
    this.arena.set(bytes.subarray(0, length), start);
    this.arena.fill(0, start + length, this.#used);
    this.#starts[i] = start;
    this.#keySizes[i] = length;
    this.#payloadSizes[i] = payload;
    this.#hashes[i] = hash;
    this.#seen[i] = 0;
    this.size = i + 1;
    this.#place(i);
    return i;
  }

  /** Where the payload of stream `i` begins in {@link arena}. */
  payload(i: number): number {
    return this.#starts[i]! + this.#keySizes[i]!;
  }

  payloadSize(i: number): number {
    return this.#payloadSizes[i]!;
  }

  /** Gives stream `i` a payload of another size; what was in it is lost. @returns false: no memory */
  resize(i: number, payload: number): boolean {
    const old = this.#payloadSizes[i]!;
    if (payload > old) {
      const key = this.#keySizes[i]!;
      if (!this.#room(key + payload)) return false;
      const start = this.#starts[i]!;
      this.arena.copyWithin(this.#used, start, start + key);
      this.#starts[i] = this.#used;
      this.#used += key + payload;
      this.#holes += key + old;
    } else this.#holes += old - payload;
    this.#payloadSizes[i] = payload;
    return true;
  }

  seen(i: number): number {
    return this.#seen[i]!;
  }

  /** Says when stream `i` was last seen, in any unit that {@link retain}'s caller knows. */
  touch(i: number, time: number): void {
    this.#seen[i] = time;
  }

  /** Forgets the streams that `keeps` says no to; indices of the others change. */
  retain(keeps: (i: number) => boolean): void {
    let count = 0;
    for (let i = 0; i < this.size; i += 1) {
      if (!keeps(i)) {
        this.#holes += this.#keySizes[i]! + this.#payloadSizes[i]!;
        continue;
      }
      this.#starts[count] = this.#starts[i]!;
      this.#keySizes[count] = this.#keySizes[i]!;
      this.#payloadSizes[count] = this.#payloadSizes[i]!;
      this.#hashes[count] = this.#hashes[i]!;
      this.#seen[count] = this.#seen[i]!;
      count += 1;
    }
    if (count === this.size) return;
    this.size = count;
    if (count === 0) {
      this.clear();
      return;
    }
    this.#slots.fill(0);
    for (let i = 0; i < count; i += 1) this.#place(i);
    if (this.#holes * 2 > this.#used) this.#compact(Math.max(1024, (this.#used - this.#holes) * 2));
  }

  /** Forgets everything and gives its memory back. */
  clear(): void {
    this.#release(this.bytes);
    this.size = 0;
    this.#used = 0;
    this.#holes = 0;
    this.#setArena(new Uint8Array(0));
    this.#slots = new Int32Array(0);
    this.#hashes = new Int32Array(0);
    this.#starts = new Int32Array(0);
    this.#keySizes = new Int32Array(0);
    this.#payloadSizes = new Int32Array(0);
    this.#seen = new Float64Array(0);
  }

  #setArena(arena: Uint8Array<ArrayBuffer>): void {
    this.arena = arena;
    this.#view = new DataView(arena.buffer);
  }

  #place(i: number): void {
    const mask = this.#slots.length - 1;
    let place = this.#hashes[i]! & mask;
    while (this.#slots[place] !== 0) place = (place + 1) & mask;
    this.#slots[place] = i + 1;
  }

  /** Makes room for `count` bytes behind what is used. */
  #room(count: number): boolean {
    if (this.#used + count <= this.arena.length) return true;
    if (this.#holes > 4096 && this.#holes * 2 > this.#used) {
      this.#compact(this.arena.length);
      if (this.#used + count <= this.arena.length) return true;
    }
    const wanted = this.#used + count;
    const size = Math.min(Math.max(this.arena.length * 2, wanted, 1024), 0x7fffffff);
    if (size < wanted || !this.#reserve(size - this.arena.length)) return false;
    const grown = new Uint8Array(size);
    grown.set(this.arena.subarray(0, this.#used));
    this.#setArena(grown);
    return true;
  }

  /** Moves the streams together into an arena of `size` bytes. */
  #compact(size: number): void {
    const length = Math.min(size, this.arena.length);
    const next = new Uint8Array(length);
    let used = 0;
    for (let i = 0; i < this.size; i += 1) {
      const start = this.#starts[i]!;
      const end = start + this.#keySizes[i]! + this.#payloadSizes[i]!;
      next.set(this.arena.subarray(start, end), used);
      this.#starts[i] = used;
      used += end - start;
    }
    this.#release(this.arena.length - length);
    this.#used = used;
    this.#holes = 0;
    this.#setArena(next);
  }

  #growColumns(): boolean {
    const old = this.#hashes.length;
    const capacity = Math.max(16, old * 2);
    if (!this.#reserve(bytesOf(capacity) - bytesOf(old))) return false;
    this.#hashes = enlarged(this.#hashes, capacity);
    this.#starts = enlarged(this.#starts, capacity);
    this.#keySizes = enlarged(this.#keySizes, capacity);
    this.#payloadSizes = enlarged(this.#payloadSizes, capacity);
    const seen = new Float64Array(capacity);
    seen.set(this.#seen);
    this.#seen = seen;
    this.#slots = new Int32Array(capacity * 2);
    for (let i = 0; i < this.size; i += 1) this.#place(i);
    return true;
  }
}

/** Bytes of the columns for `capacity` streams: four numbers, the time, two slots. */
function bytesOf(capacity: number): number {
  return capacity * (4 * 4 + 8 + 2 * 4);
}

function enlarged(from: Int32Array<ArrayBuffer>, length: number): Int32Array<ArrayBuffer> {
  const to = new Int32Array(length);
  to.set(from);
  return to;
}
