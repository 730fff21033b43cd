import { type AttributeSet, writeAttributes } from '../values.ts';
import { GroupBuilder } from './group-builder.ts';

/** What all kinds of data points have. Times are nanoseconds since 1970. */
export interface PointFields {
  readonly startTimeUnixNano?: bigint;
  readonly timeUnixNano: bigint;
  readonly attributes?: AttributeSet;
  /** Bit 0: no recorded value. */
  readonly flags?: number;
}

/** A point of a gauge or a sum. */
export interface NumberPointFields extends PointFields {
  /** bigint = integer point, number = double point; undefined = no value. */
  readonly value?: number | bigint;
}

/** A point of a histogram with explicit bounds; absent fields are not written. */
export interface HistogramPointFields extends PointFields {
  readonly count: bigint;
  readonly sum?: number;
  readonly min?: number;
  readonly max?: number;
  /** One more than explicitBounds, or none. */
  readonly bucketCounts?: readonly bigint[];
  readonly explicitBounds?: readonly number[];
}

/** Counts of adjacent exponential buckets; the first is bucket `offset`, which may be below 0. */
export interface Buckets {
  readonly offset: number;
  readonly counts: readonly bigint[];
}

/** A point of an exponential histogram: bucket i holds (b^i, b^(i+1)], b = 2^(2^-scale). */
export interface ExponentialPointFields extends PointFields {
  readonly count: bigint;
  readonly sum?: number;
  readonly min?: number;
  readonly max?: number;
  readonly scale: number;
  readonly zeroCount?: bigint;
  readonly zeroThreshold?: number;
  readonly positive?: Buckets;
  readonly negative?: Buckets;
}

/** A point of a summary; quantiles are in [0, 1]. */
export interface SummaryPointFields extends PointFields {
  readonly count: bigint;
  readonly sum: number;
  readonly quantiles?: readonly { readonly quantile: number; readonly value: number }[];
}

/** 0 unspecified, 1 delta, 2 cumulative. */
export type Temporality = 0 | 1 | 2;

/**
 * Builds `Metrics`: `metric()`, then one of `gauge()`, `sum()`, `histogram()`,
 * `exponentialHistogram()`, `summary()`, then points of that kind.
 */
export class MetricsBuilder extends GroupBuilder<'metrics'> {
  #metric = -1;
  #data = -1;

  constructor() {
    super('metrics');
  }

  /** @param metadata of the metric as a whole, such as `prometheus.type` */
  metric(name: string, unit = '', description = '', metadata?: AttributeSet): void {
    this.#closeMetric();
    this.#metric = this.openEntry();
    const w = this.writer;
    w.stringField(1, name);
    if (description !== '') w.stringField(2, description);
    if (unit !== '') w.stringField(3, unit);
    if (metadata !== undefined) writeAttributes(w, 12, metadata);
  }

  gauge(): void {
    this.#open(5);
  }

  sum(temporality: Temporality, monotonic: boolean): void {
    this.#open(7, temporality);
    if (monotonic) this.writer.uintField(3, 1);
  }

  histogram(temporality: Temporality): void {
    this.#open(9, temporality);
  }

  exponentialHistogram(temporality: Temporality): void {
    this.#open(10, temporality);
  }

  summary(): void {
    this.#open(11);
  }

  /**
   * Starts a point whose fields the caller writes.
   * @param guess bytes that its length will probably take
   * @returns what {@link closePoint} takes
   */
  openPoint(guess = 1): number {
    if (this.#data < 0) throw new Error('BUG: a data point outside gauge(), sum() ...');
    return this.writer.open(1, guess);
  }

  closePoint(opened: number): void {
    this.writer.close(opened);
    this.countItem();
  }

  numberPoint(fields: NumberPointFields): void {
    const w = this.writer;
    const at = this.#openPoint(fields, 2);
    if (typeof fields.value === 'bigint') w.bigFixed64Field(6, fields.value);
    else if (fields.value !== undefined) w.doubleField(4, fields.value);
    this.#closePoint(at, fields, 7, 8);
  }

  histogramPoint(fields: HistogramPointFields): void {
    const w = this.writer;
    const at = this.#openPoint(fields, 2);
    w.bigFixed64Field(4, fields.count);
    if (fields.sum !== undefined) w.doubleField(5, fields.sum);
    this.#packed(6, fields.bucketCounts, (count) => w.fixed64(...halves(count)));
    this.#packed(7, fields.explicitBounds, (bound) => w.double(bound));
    if (fields.min !== undefined) w.doubleField(11, fields.min);
    if (fields.max !== undefined) w.doubleField(12, fields.max);
    this.#closePoint(at, fields, 9, 10);
  }

  exponentialPoint(fields: ExponentialPointFields): void {
    const w = this.writer;
    const at = this.#openPoint(fields, 2);
    w.bigFixed64Field(4, fields.count);
    if (fields.sum !== undefined) w.doubleField(5, fields.sum);
    if (fields.scale !== 0) w.sint32Field(6, fields.scale);
    if (fields.zeroCount) w.bigFixed64Field(7, fields.zeroCount);
    this.#buckets(8, fields.positive);
    this.#buckets(9, fields.negative);
    if (fields.min !== undefined) w.doubleField(12, fields.min);
    if (fields.max !== undefined) w.doubleField(13, fields.max);
    if (fields.zeroThreshold) w.doubleField(14, fields.zeroThreshold);
    this.#closePoint(at, fields, 1, 10);
  }

  summaryPoint(fields: SummaryPointFields): void {
    const w = this.writer;
    const at = this.#openPoint(fields, 2);
    w.bigFixed64Field(4, fields.count);
    w.doubleField(5, fields.sum);
    for (const { quantile, value } of fields.quantiles ?? []) {
      const inner = w.open(6);
      w.doubleField(1, quantile);
      w.doubleField(2, value);
      w.close(inner);
    }
    this.#closePoint(at, fields, 7, 8);
  }

  protected override closeScope(): void {
    this.#closeMetric();
    super.closeScope();
  }

  #closeMetric(): void {
    if (this.#data >= 0) this.writer.close(this.#data);
    if (this.#metric >= 0) this.writer.close(this.#metric);
    this.#data = -1;
    this.#metric = -1;
  }

  #open(field: number, temporality: Temporality = 0): void {
    if (this.#metric < 0 || this.#data >= 0) throw new Error('BUG: metric() comes first');
    this.#data = this.writer.open(field, 2);
    if (temporality !== 0) this.writer.uintField(2, temporality);
  }

  #openPoint(fields: PointFields, startField: number): number {
    const at = this.openPoint();
    if (fields.startTimeUnixNano) this.writer.bigFixed64Field(startField, fields.startTimeUnixNano);
    this.writer.bigFixed64Field(3, fields.timeUnixNano);
    return at;
  }

  #closePoint(at: number, fields: PointFields, attributes: number, flags: number): void {
    if (fields.attributes) writeAttributes(this.writer, attributes, fields.attributes);
    if (fields.flags) this.writer.uintField(flags, fields.flags);
    this.closePoint(at);
  }

  #packed<T>(field: number, values: readonly T[] | undefined, write: (value: T) => void): void {
    if (values === undefined || values.length === 0) return;
    const at = this.writer.open(field);
    for (const value of values) write(value);
    this.writer.close(at);
  }

  #buckets(field: number, buckets: Buckets | undefined): void {
    if (buckets === undefined) return;
    const w = this.writer;
    const at = w.open(field);
    if (buckets.offset !== 0) w.sint32Field(1, buckets.offset);
    this.#packed(2, buckets.counts, (count) => w.varintHalves(...halves(count)));
    w.close(at);
  }
}

function halves(value: bigint): [number, number] {
  const bits = BigInt.asUintN(64, value);
  return [Number(bits & 0xffffffffn), Number(bits >> 32n)];
}
