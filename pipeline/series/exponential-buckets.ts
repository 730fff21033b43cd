import type { Writer } from '../../pdata/proto/writer.ts';

/** Counts of neighbouring buckets by index, at most `maxSize` of them. */
export class ExponentialBuckets {
  /** Index of the first bucket in use; the counts of the others follow. */
  offset = 0;
  length = 0;
  #counts = new Float64Array(1);
  readonly #maxSize: number;

  constructor(maxSize: number) {
    this.#maxSize = maxSize;
  }

  get bytes(): number {
    return this.#counts.byteLength + 64;
  }

  /** Count of bucket `offset + i`. */
  at(i: number): number {
    return this.#counts[i]!;
  }

  /** By how much the scale has to be lowered before `index` fits in; 0 = it does. */
  excess(index: number): number {
    if (this.length === 0) return 0;
    let low = Math.min(index, this.offset);
    let high = Math.max(index, this.offset + this.length - 1);
    let by = 0;
    for (; high - low >= this.#maxSize; by += 1) {
      high >>= 1;
      low >>= 1;
    }
    return by;
  }

  /** Merges buckets for a scale lowered by `by`. */
  coarsen(by: number): void {
    if (this.length === 0) return;
    const counts = this.#counts;
    const first = this.offset >> by;
    for (let i = 0; i < this.length; i += 1) {
      const to = ((this.offset + i) >> by) - first;
      if (to === i) continue;
      counts[to]! += counts[i]!;
      counts[i] = 0;
    }
    this.length = ((this.offset + this.length - 1) >> by) - first + 1;
    this.offset = first;
  }

  /** Counts in bucket `index`, which fits. */
  add(index: number, times: number): void {
    if (this.length === 0) {
      this.offset = index;
      this.length = 1;
    } else this.#extend(index);
    this.#counts[index - this.offset]! += times;
  }

  /** Makes bucket `index` one of those in use. */
  #extend(index: number): void {
    const before = Math.max(0, this.offset - index);
    const length = Math.max(this.length + before, index - this.offset + 1);
    if (length > this.#counts.length) {
      const grown = new Float64Array(Math.min(Math.max(length, length * 2), this.#maxSize));
      grown.set(this.#counts.subarray(0, this.length), before);
      this.#counts = grown;
    } else if (before > 0) {
      this.#counts.copyWithin(before, 0, this.length);
      this.#counts.fill(0, 0, before);
    }
    this.offset -= before;
    this.length = length;
  }

  /** Writes the fields of a Buckets message. */
  write(w: Writer): void {
    if (this.length === 0) return;
    if (this.offset !== 0) w.uintField(1, ((this.offset << 1) ^ (this.offset >> 31)) >>> 0);
    const packed = w.open(2);
    for (let i = 0; i < this.length; i += 1) w.varint(this.#counts[i]!);
    w.close(packed);
  }
}
