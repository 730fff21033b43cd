/** Names and values of labels, in the order of their names. */
export type Labels = readonly (readonly [name: string, value: string])[];

/** An exemplar of a counter or of a bucket. */
export interface Exemplar {
  readonly labels: Labels;
  readonly value: number;
  /** Nanoseconds since 1970. */
  readonly timeUnixNano: bigint;
}

/** Upper bound and number of observations up to it. */
export interface Bucket {
  readonly bound: number;
  readonly count: bigint;
  readonly exemplar?: Exemplar | undefined;
}

/** Buckets of a native histogram: spans (offset, length) and counts. */
export interface NativeSide {
  readonly offset: number;
  readonly counts: readonly bigint[];
}

/** What a native histogram has beside count and sum. */
export interface Native {
  readonly schema: number;
  readonly zeroThreshold: number;
  readonly zeroCount: bigint;
  readonly positive: NativeSide;
  readonly negative: NativeSide;
  readonly exemplars: readonly Exemplar[];
}

/** The value of one metric of a family. */
export type MetricValue =
  | { readonly kind: 'number'; readonly value: number; readonly exemplar?: Exemplar | undefined }
  | {
      readonly kind: 'summary';
      readonly count: bigint;
      readonly sum: number;
      readonly quantiles: readonly (readonly [quantile: number, value: number])[];
    }
  | {
      readonly kind: 'histogram';
      readonly count: bigint;
      readonly sum: number;
      readonly buckets: readonly Bucket[];
      readonly native?: Native | undefined;
    };

/** One series of a family with its value. */
export interface ExposedMetric {
  readonly labels: Labels;
  /** Milliseconds since 1970; undefined = when it is read. */
  readonly timeMs?: number | undefined;
  /** Nanoseconds since 1970 at which counting began; undefined = not said. */
  readonly createdUnixNano?: bigint | undefined;
  readonly value: MetricValue;
}

/** Metrics of one name, exposed under one HELP and TYPE line. */
export interface Family {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge' | 'summary' | 'histogram';
  readonly metrics: readonly ExposedMetric[];
}
