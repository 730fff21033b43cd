import { grown } from '../grown.ts';
import type { SeriesKey } from './key.ts';

/**
 * Finds series by their key: an open hash table over one byte arena. A series is a small index;
 * what is counted for it stands in {@link Column}s beside the table.
 *
 *     slots  [ - | 3 | - | 1 | 2 | - ...]      series index + 1 at the place that the hash gives
 *     arena  [ key 0, extra 0, key 1, extra 1, ... ]     starts and splits: where they begin
 */
export class SeriesTable {
  size = 0;
  arena = new Uint8Array(1024);
  #used = 0;
  #slots = new Int32Array(32);
  #hashes = new Int32Array(16);
  /** Where key `i` begins; its extra bytes begin at `splits[i]` and end where `i + 1` begins. */
  #starts = new Int32Array(17);
  #splits = new Int32Array(16);

  /** Bytes that the table holds. */
  get bytes(): number {
    return this.arena.length + (this.#slots.length + this.#hashes.length * 3) * 4;
  }

  /** @returns the series with this key, -1 = none */
  find(key: SeriesKey, hash: number): number {
    const slots = this.#slots;
    const mask = slots.length - 1;
    for (let place = hash & mask; ; place = (place + 1) & mask) {
      const i = slots[place]! - 1;
      if (i < 0) return -1;
      if (this.#hashes[i] === hash && this.#same(i, key)) return i;
    }
  }

  #same(i: number, key: SeriesKey): boolean {
    const start = this.#starts[i]!;
    const { length, bytes } = key;
    if (this.#splits[i]! - start !== length) return false;
    const { arena } = this;
    for (let k = 0; k < length; k += 1) if (arena[start + k] !== bytes[k]) return false;
    return true;
  }

  /** Adds a series that {@link find} did not find. @param extra kept beside the key @returns it */
  add(key: SeriesKey, hash: number, extra: Uint8Array): number {
    const i = this.size;
    if (i === this.#hashes.length) this.#grow();
    this.#reserve(key.length + extra.length);
    const start = this.#used;
    this.arena.set(key.bytes.subarray(0, key.length), start);
    this.arena.set(extra, start + key.length);
    this.#starts[i] = start;
    this.#splits[i] = start + key.length;
    this.#used = start + key.length + extra.length;
    this.#starts[i + 1] = this.#used;
    this.#hashes[i] = hash;
    this.size = i + 1;
    this.#place(i);
    return i;
  }

  #place(i: number): void {
    const mask = this.#slots.length - 1;
    let place = this.#hashes[i]! & mask;
    while (this.#slots[place] !== 0) place = (place + 1) & mask;
    this.#slots[place] = i + 1;
  }

  #reserve(count: number): void {
    if (this.#used + count <= this.arena.length) return;
    this.arena = grown(this.arena, Math.max(this.arena.length * 2, this.#used + count));
  }

  #grow(): void {
    const capacity = this.#hashes.length * 2;
    this.#hashes = grown(this.#hashes, capacity);
    this.#splits = grown(this.#splits, capacity);
    this.#starts = grown(this.#starts, capacity + 1);
    this.#rehash(capacity * 2);
  }

  #rehash(places: number): void {
    this.#slots = new Int32Array(places);
    for (let i = 0; i < this.size; i += 1) this.#place(i);
  }

  /** Forgets all series and keeps the room for as many. */
  clear(): void {
    if (this.size === 0) return;
    this.size = 0;
    this.#used = 0;
    this.#slots.fill(0);
  }

  /** The key of series `i` as text with one unit a byte: for maps. */
  keyText(i: number): string {
    return Buffer.from(this.arena.buffer).toString('latin1', this.#starts[i]!, this.#splits[i]!);
  }

  /** Where the extra bytes of series `i` are in {@link arena}. */
  extraStart(i: number): number {
    return this.#splits[i]!;
  }

  extraEnd(i: number): number {
    return this.#starts[i + 1]!;
  }

  /**
   * Forgets the series that `keeps` says no to; the others move together and keep their order.
   * @returns the old index of each that is left, for {@link Column.reorder}; undefined = all stay
   */
  retain(keeps: (i: number) => boolean): Int32Array | undefined {
    const left = new Int32Array(this.size);
    let count = 0;
    for (let i = 0; i < this.size; i += 1) {
      if (!keeps(i)) continue;
      left[count] = i;
      count += 1;
    }
    if (count === this.size) return undefined;
    let used = 0;
    for (let k = 0; k < count; k += 1) {
      const i = left[k]!;
      const start = this.#starts[i]!;
      const end = this.#starts[i + 1]!;
      this.arena.copyWithin(used, start, end);
      this.#splits[k] = used + this.#splits[i]! - start;
      this.#hashes[k] = this.#hashes[i]!;
      this.#starts[k] = used;
      used += end - start;
      // starts[k + 1] is written in the next turn: starts[i + 1] with i >= k is still unread
    }
    this.#starts[count] = used;
    this.#used = used;
    this.size = count;
    this.#rehash(this.#slots.length);
    return left.subarray(0, count);
  }
}

/** Numbers for each series of a table, `width` of them. Counts are exact up to 2^53. */
export class Column {
  values: Float64Array<ArrayBuffer>;
  readonly width: number;

  constructor(width = 1) {
    this.width = width;
    this.values = new Float64Array(8 * width);
  }

  get bytes(): number {
    return this.values.byteLength;
  }

  /** Makes room for series `i`, with zeros. */
  open(i: number): void {
    const needed = (i + 1) * this.width;
    if (needed <= this.values.length) return;
    this.values = grown(this.values, Math.max(this.values.length * 2, needed));
  }

  /** Follows {@link SeriesTable.retain}. */
  reorder(left: Int32Array): void {
    const { values, width } = this;
    left.forEach((from, to) => {
      values.copyWithin(to * width, from * width, (from + 1) * width);
    });
    values.fill(0, left.length * width);
  }
}
