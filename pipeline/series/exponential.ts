import type { MetricsBuilder, Temporality } from '../../pdata/builder.ts';
import type { Writer } from '../../pdata/proto/writer.ts';
import { wholeField } from './explicit.ts';
import { ExponentialBuckets } from './exponential-buckets.ts';

const finestScale = 20;
/** Values closer to zero count as this one. */
const leastNormal = 2 ** -1022;
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
 * A histogram with exponential buckets: it starts at the finest scale and halves the resolution
 * when more than `maxSize` buckets of positive or of negative values would be needed.
 */
export class ExponentialHistogram {
  scale: number;
  count = 0;
  zeroCount = 0;
  sum = 0;
  min = 0;
  max = 0;
  readonly positive: ExponentialBuckets;
  /** By their absolute values. */
  negative: ExponentialBuckets | undefined;
  readonly #maxSize: number;

  /**
   * @param maxSize buckets at most, 2 to 16384
   * @param maxScale the finest scale, at most 20
   */
  constructor(maxSize: number, maxScale = finestScale) {
    this.#maxSize = maxSize;
    this.scale = maxScale;
    this.positive = new ExponentialBuckets(maxSize);
  }

  /** Index of the first bucket of positive values. */
  get offset(): number {
    return this.positive.offset;
  }

  /** Buckets of positive values in use. */
  get length(): number {
    return this.positive.length;
  }

  /** Count of bucket `offset + i`. */
  countAt(i: number): number {
    return this.positive.at(i);
  }

  get bytes(): number {
    return this.positive.bytes + (this.negative?.bytes ?? 0) + 128;
  }

  /** Counts a finite value as `times` observations. */
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
    if (value < 0) this.negative ??= new ExponentialBuckets(this.#maxSize);
    const buckets = value < 0 ? this.negative! : this.positive;
    const size = Math.max(Math.abs(value), leastNormal);
    let index = bucketIndex(size, this.scale);
    const excess = buckets.excess(index);
    if (excess > 0) {
      this.positive.coarsen(excess);
      this.negative?.coarsen(excess);
      this.scale -= excess;
      index = bucketIndex(size, this.scale);
    }
    buckets.add(index, times);
  }

  /** Writes the fields of an ExponentialHistogramDataPoint but times, attributes and exemplars. */
  write(w: Writer): void {
    wholeField(w, 4, this.count);
    w.doubleField(5, this.sum);
    const scale = this.count === this.zeroCount ? 0 : this.scale;
    if (scale !== 0) w.uintField(6, ((scale << 1) ^ (scale >> 31)) >>> 0);
    if (this.zeroCount > 0) wholeField(w, 7, this.zeroCount);
    const positive = w.open(8);
    this.positive.write(w);
    w.close(positive);
    const negative = w.open(9);
    this.negative?.write(w);
    w.close(negative);
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
