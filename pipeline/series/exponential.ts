import type { MetricsBuilder, Temporality } from '../../pdata/builder.ts';
import type { Writer } from '../../pdata/proto/writer.ts';
import { wholeField } from './explicit.ts';

const finestScale = 20;
const bits = new DataView(new ArrayBuffer(8));

/**
 * Index of the bucket (base^index, base^(index+1)] that holds `value`; base = 2^(2^-scale)
 * (https://opentelemetry.io/docs/specs/otel/metrics/data-model/#exponentialhistogram).
 * @param value a normal positive number
 */
export function bucketIndex(value: number, scale: number): number {
  bits.setFloat64(0, value);
  const high = bits.getUint32(0);
  const exponent = ((high >>> 20) & 2047) - 1023;
  const powerOfTwo = (high & 0xfffff) === 0 && bits.getUint32(4) === 0;
  if (scale <= 0) return (powerOfTwo ? exponent - 1 : exponent) >> -scale;
  if (powerOfTwo) return exponent * 2 ** scale - 1;
  const index = Math.floor(Math.log(value) * Math.LOG2E * 2 ** scale);
  return Math.min(index, 1024 * 2 ** scale - 1);
}

/**
 * A histogram of values >= 0 with exponential buckets: it starts at the finest scale and halves the
 * resolution when more than `maxSize` buckets would be needed.
 */
export class ExponentialHistogram {
  scale: number;
  count = 0;
  zeroCount = 0;
  sum = 0;
  min = 0;
  max = 0;
  /** Index of the first bucket in use; the counts of the others follow. */
  offset = 0;
  length = 0;
  #counts = new Float64Array(1);
  readonly #maxSize: number;

  /**
   * @param maxSize buckets at most, 2 to 16384
   * @param maxScale the finest scale, at most 20
   */
  constructor(maxSize: number, maxScale = finestScale) {
    this.#maxSize = maxSize;
    this.scale = maxScale;
  }

  get bytes(): number {
    return this.#counts.byteLength + 128;
  }

  /** Count of bucket `offset + i`. */
  countAt(i: number): number {
    return this.#counts[i]!;
  }

  /** @param value at least 0 */
  record(value: number, times: number): void {
    if (this.count === 0) {
      this.min = value;
      this.max = value;
    } else {
      if (value < this.min) this.min = value;
      if (value > this.max) this.max = value;
    }
    this.count += times;
    if (value === 0) {
      this.zeroCount += times;
      return;
    }
    this.sum += value * times;
    let index = bucketIndex(value, this.scale);
    if (!this.#fits(index)) {
      this.#coarsen(index);
      index = bucketIndex(value, this.scale);
    }
    this.#extend(index);
    this.#counts[index - this.offset]! += times;
  }

  #fits(index: number): boolean {
    if (this.length === 0) return true;
    const first = Math.min(index, this.offset);
    const last = Math.max(index, this.offset + this.length - 1);
    return last - first < this.#maxSize;
  }

  /** Lowers the scale until `index` and what is there fit. */
  #coarsen(index: number): void {
    let low = Math.min(index, this.offset);
    let high = Math.max(index, this.offset + this.length - 1);
    let by = 0;
    for (; high - low >= this.#maxSize; by += 1) {
      high >>= 1;
      low >>= 1;
    }
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
    this.scale -= by;
  }

  /** Makes bucket `index` one of those in use. */
  #extend(index: number): void {
    if (this.length === 0) {
      this.offset = index;
      this.length = 1;
      return;
    }
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

  /** Writes the fields of an ExponentialHistogramDataPoint but times, attributes and exemplars. */
  write(w: Writer): void {
    wholeField(w, 4, this.count);
    w.doubleField(5, this.sum);
    const scale = this.count === this.zeroCount ? 0 : this.scale;
    if (scale !== 0) w.uintField(6, ((scale << 1) ^ (scale >> 31)) >>> 0);
    if (this.zeroCount > 0) wholeField(w, 7, this.zeroCount);
    const positive = w.open(8);
    if (this.length > 0) {
      if (this.offset !== 0) w.uintField(1, ((this.offset << 1) ^ (this.offset >> 31)) >>> 0);
      const packed = w.open(2);
      for (let i = 0; i < this.length; i += 1) w.varint(this.#counts[i]!);
      w.close(packed);
    }
    w.close(positive);
    w.close(w.open(9));
    if (this.count === 0) return;
    w.doubleField(12, this.min);
    w.doubleField(13, this.max);
  }
}

/** Exponential histograms of the series of a table. */
export class ExponentialHistograms {
  /** Fields of an ExponentialHistogramDataPoint that others write. */
  readonly fields = { attributes: 1, exemplars: 11 } as const;
  readonly #maxSize: number;
  #all: ExponentialHistogram[] = [];

  /** @param maxSize 0 or less = 160; otherwise brought within 2 to 16384 */
  constructor(maxSize: number) {
    this.#maxSize = maxSize <= 0 ? 160 : Math.min(Math.max(maxSize, 2), 16384);
  }

  get bytes(): number {
    let sum = 0;
    for (const one of this.#all) sum += one.bytes;
    return sum;
  }

  open(series: number): void {
    while (this.#all.length <= series) this.#all.push(new ExponentialHistogram(this.#maxSize));
  }

  record(series: number, value: number, times: number): void {
    this.#all[series]!.record(value, times);
  }

  /** Begins the data of a metric. */
  begin(builder: MetricsBuilder, temporality: Temporality): void {
    builder.exponentialHistogram(temporality);
  }

  write(w: Writer, series: number): void {
    this.#all[series]!.write(w);
  }

  reorder(left: Int32Array): void {
    this.#all = Array.from(left, (from) => this.#all[from]!);
  }
}
