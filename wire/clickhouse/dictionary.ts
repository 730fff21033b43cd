import { ByteBuffer } from './byte-buffer.ts';

const MIN_SLOTS = 256;

/**
 * Distinct byte strings numbered in order of first appearance.
 *
 *     content   varint length, bytes | varint length, bytes | ...   (ClickHouse's String encoding)
 *     start[id], end[id]              where the bytes of `id` lie in content
 *     slots     open addressing, FNV-1a over the bytes; -1 = free; at most half full
 *
 * It lives for one block: `reset()` empties it, so it is bounded by the rows of a block.
 */
export class Dictionary {
  readonly content = new ByteBuffer(1024);
  start = new Int32Array(64);
  end = new Int32Array(64);
  size = 0;
  #slots = new Int32Array(MIN_SLOTS).fill(-1);
  #mask = MIN_SLOTS - 1;

  reset(): void {
    if (this.size > 0) {
      if (this.#slots.length > 1 << 16 && this.size * 8 < this.#slots.length) {
        this.#slots = new Int32Array(MIN_SLOTS);
        this.#mask = MIN_SLOTS - 1;
        this.start = new Int32Array(64);
        this.end = new Int32Array(64);
      }
      this.#slots.fill(-1);
    }
    this.size = 0;
    this.content.reset();
  }

  /** Whether `id` stands for bytes `[start, end)` of `source`. */
  is(id: number, source: Uint8Array, start: number, end: number): boolean {
    if (id >= this.size) return false;
    const from = this.start[id]!;
    const size = end - start;
    if (this.end[id]! - from !== size) return false;
    const bytes = this.content.bytes;
    for (let i = 0; i < size; i++) if (bytes[from + i] !== source[start + i]) return false;
    return true;
  }

  /** The number of bytes `[start, end)` of `source`, given at first sight. */
  id(source: Uint8Array, start: number, end: number): number {
    let slot = hashOf(source, start, end) & this.#mask;
    for (;;) {
      const id = this.#slots[slot]!;
      if (id === -1) return this.#add(slot, source, start, end);
      if (this.is(id, source, start, end)) return id;
      slot = (slot + 1) & this.#mask;
    }
  }

  #add(slot: number, source: Uint8Array, start: number, end: number): number {
    const id = this.size++;
    this.#slots[slot] = id;
    if (id === this.start.length) {
      this.start = doubled(this.start);
      this.end = doubled(this.end);
    }
    this.content.varint(end - start);
    this.start[id] = this.content.length;
    this.content.copy(source, start, end);
    this.end[id] = this.content.length;
    if (this.size * 2 > this.#mask) this.#rehash();
    return id;
  }

  #rehash(): void {
    const slots = new Int32Array(this.#slots.length * 2).fill(-1);
    const mask = slots.length - 1;
    const bytes = this.content.bytes;
    for (let id = 0; id < this.size; id++) {
      let slot = hashOf(bytes, this.start[id]!, this.end[id]!) & mask;
      while (slots[slot] !== -1) slot = (slot + 1) & mask;
      slots[slot] = id;
    }
    this.#slots = slots;
    this.#mask = mask;
  }

  /** Negative, zero or positive as the bytes of `a` sort before, with or after those of `b`. */
  compare(a: number, b: number): number {
    const bytes = this.content.bytes;
    let i = this.start[a]!;
    let j = this.start[b]!;
    const endA = this.end[a]!;
    const endB = this.end[b]!;
    while (i < endA && j < endB) {
      const difference = bytes[i++]! - bytes[j++]!;
      if (difference !== 0) return difference;
    }
    return endA - i - (endB - j);
  }
}

function hashOf(source: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5 ^ (end - start);
  for (let i = start; i < end; i++) hash = Math.imul(hash ^ source[i]!, 0x01000193);
  return hash ^ (hash >>> 15);
}

/** A copy of twice the length. */
export function doubled(array: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(array.length * 2);
  larger.set(array);
  return larger;
}
