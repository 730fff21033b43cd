/** Metrics as query languages see them: series of labels with samples, in Prometheus' terms. */

/** How a label is compared; `=~` and `!~` take RE2 expressions that match the whole value. */
export type MatchOperator = '=' | '!=' | '=~' | '!~';

/** A label that is absent has the value ''. `__name__` is the name of the series. */
export interface Matcher {
  readonly name: string;
  readonly operator: MatchOperator;
  readonly value: string;
}

/** Milliseconds since 1970, both inclusive. */
export interface TimeRange {
  readonly startMs: number;
  readonly endMs: number;
}

/** By name; `__name__` is among them; no value is empty. */
export type Labels = readonly (readonly [name: string, value: string])[];

/** One series; `times` and `values` are equally long, times rise. */
export interface SeriesSamples {
  readonly labels: Labels;
  /** Milliseconds since 1970, whole. */
  readonly times: Float64Array;
  /**
   * Values bit by bit as they were sent; a stale marker is the NaN with bits 7ff0000000000002.
   * Read them by {@link isStale} or copy them as bytes: JavaScript may change the bits of a NaN
   * that goes through a variable.
   */
  readonly values: Float64Array;
}

/** Buckets of one side: bucket `offset + i` holds `counts[i]`, bounds as OTLP has them. */
export interface HistogramBuckets {
  readonly offset: number;
  readonly counts: readonly number[];
}

/** A point of an exponential (native) histogram, as OTLP has it. */
export interface HistogramPoint {
  /** Milliseconds since 1970, whole. */
  readonly timeMs: number;
  /** 0 = not said. */
  readonly startMs: number;
  /** The series ends here; everything else is 0. */
  readonly stale: boolean;
  readonly count: number;
  /** Absent where it was not sent. */
  readonly sum?: number;
  /** Bounds are powers of 2^(2^-scale); Prometheus' schema. */
  readonly scale: number;
  readonly zeroCount: number;
  readonly zeroThreshold: number;
  readonly positive: HistogramBuckets;
  readonly negative: HistogramBuckets;
}

/** A series of exponential histograms; times rise. */
export interface SeriesHistograms {
  readonly labels: Labels;
  readonly points: readonly HistogramPoint[];
}

/** Whether value `index` is Prometheus' stale marker. */
export function isStale(values: Float64Array, index: number): boolean {
  if (!Number.isNaN(values[index])) return false;
  const bits = new Uint32Array(values.buffer, values.byteOffset + index * 8, 2);
  return bits[0] === 2 && bits[1] === 0x7ff0_0000;
}

/** Types as Prometheus' metadata has them; `unknown` where storage says none. */
export type MetricType =
  | 'counter'
  | 'gauge'
  | 'histogram'
  | 'gaugehistogram'
  | 'summary'
  | 'info'
  | 'stateset'
  | 'unknown';

/** What is known of a metric's name; unit and help are '' where they are not. */
export interface MetricMetadata {
  readonly type: MetricType;
  readonly unit: string;
  readonly help: string;
}

/** What one call may give back at most; beyond, it is refused as `too_broad`. */
export interface MetricLimits {
  /** 50,000 unless given. */
  readonly series: number;
  /** Samples, or points of exponential histograms; 5,000,000 unless given. */
  readonly samples: number;
  /** Label names, label values or metrics; 100,000 unless given. */
  readonly names: number;
}

/** What {@link MetricLimits} says is given. */
export const defaultLimits: MetricLimits = {
  series: 50_000,
  samples: 5_000_000,
  names: 100_000,
};

/** The store cannot answer, or the question is wrong. */
export class MetricReadError extends Error {
  readonly reason: 'bad_query' | 'too_broad' | 'timeout' | 'unavailable' | 'internal';

  constructor(message: string, reason: MetricReadError['reason'], cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'MetricReadError';
    this.reason = reason;
  }
}

/** Exponential (native) histograms. Rejects with MetricReadError. */
export interface HistogramReader {
  /** Series of exponential histograms with points in the range, by labels. */
  selectHistograms(
    matchers: readonly Matcher[],
    range: TimeRange,
  ): Promise<readonly SeriesHistograms[]>;
}

/**
 * Metrics as PromQL, remote read and the metadata endpoints see them. All methods reject with
 * MetricReadError. Several sets of matchers are joined by "or"; none at all means every series.
 */
export interface MetricReader extends HistogramReader {
  /** Series of numbers with samples in the range, by labels; classic histograms are such. */
  select(matchers: readonly Matcher[], range: TimeRange): Promise<readonly SeriesSamples[]>;
  /** Label sets, by labels. Exact to the day. */
  series(sets: readonly (readonly Matcher[])[], range: TimeRange): Promise<readonly Labels[]>;
  /** Sorted. Exact to the day. */
  labelNames(sets: readonly (readonly Matcher[])[], range: TimeRange): Promise<readonly string[]>;
  /** Sorted. Exact to the day. */
  labelValues(
    name: string,
    sets: readonly (readonly Matcher[])[],
    range: TimeRange,
  ): Promise<readonly string[]>;
  /** Type, unit and help by metric (a histogram without `_bucket`), of all or of one. */
  metadata(
    range: TimeRange,
    metric?: string,
  ): Promise<ReadonlyMap<string, readonly MetricMetadata[]>>;
}
