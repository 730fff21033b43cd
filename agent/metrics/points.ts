import type { AttributeSet, MetricsBuilder } from '../../pdata/builder.ts';

/** Whether points say what was in the interval, or since the series began. */
export type Temporality = 'delta' | 'cumulative';

/** The times of an interval's points, in nanoseconds since 1970. */
export interface Interval {
  /** Seconds since 1970. */
  readonly from: number;
  readonly to: number;
  readonly temporality: Temporality;
}

/** OTLP's number of a temporality. */
function temporalityNumber(temporality: Temporality): 1 | 2 {
  return temporality === 'delta' ? 1 : 2;
}

function nanos(seconds: number): bigint {
  return BigInt(seconds) * 1_000_000_000n;
}

/** Writes the points of one metric; the metric itself is begun with its first point. */
export class PointWriter {
  private readonly builder: MetricsBuilder;
  private readonly interval: Interval;
  private readonly end: bigint;
  private begun = false;
  private begin: () => void = () => {};

  constructor(builder: MetricsBuilder, interval: Interval) {
    this.builder = builder;
    this.interval = interval;
    this.end = nanos(interval.to);
  }

  /** What follows are points of a sum that never falls. */
  sum(name: string, unit: string, description: string): void {
    this.start(name, unit, description, (t) => this.builder.sum(t, true));
  }

  /** What follows are points with count, sum and perhaps buckets. */
  histogram(name: string, unit: string, description: string): void {
    this.start(name, unit, description, (t) => this.builder.histogram(t));
  }

  /** A point of a sum; none for zero. @param since seconds since 1970 that the series began */
  number(value: number, since: number, attributes: AttributeSet): void {
    if (value === 0) return;
    this.open();
    this.builder.numberPoint({
      startTimeUnixNano: this.from(since),
      timeUnixNano: this.end,
      value: BigInt(Math.round(value)),
      attributes,
    });
  }

  /**
   * A point of a histogram; none for count zero.
   * @param sum, max seconds; the maximum is only known of an interval, not since the beginning
   * @param counts one more than `bounds`, or none
   */
  distribution(
    count: number,
    sum: number,
    max: number,
    since: number,
    attributes: AttributeSet,
    bounds?: readonly number[],
    counts?: readonly bigint[],
  ): void {
    if (count === 0) return;
    this.open();
    this.builder.histogramPoint({
      startTimeUnixNano: this.from(since),
      timeUnixNano: this.end,
      count: BigInt(count),
      sum,
      ...(this.interval.temporality === 'delta' ? { max } : {}),
      ...(bounds === undefined ? {} : { explicitBounds: bounds }),
      ...(counts === undefined ? {} : { bucketCounts: counts }),
      attributes,
    });
  }

  private from(since: number): bigint {
    const { from, temporality } = this.interval;
    return nanos(temporality === 'delta' ? from : Math.min(since || from, from));
  }

  private start(
    name: string,
    unit: string,
    description: string,
    kind: (temporality: 1 | 2) => void,
  ): void {
    this.begun = false;
    this.begin = () => {
      this.builder.metric(name, unit, description);
      kind(temporalityNumber(this.interval.temporality));
    };
  }

  private open(): void {
    if (this.begun) return;
    this.begun = true;
    this.begin();
  }
}
