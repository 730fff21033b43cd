import { GrowingDoubles } from './growing.ts';
import { KnownMetadata } from './known-metadata.ts';
import { KnownMetrics } from './known-metrics.ts';
import { KnownSeries } from './known-series.ts';
import type { NativePoint } from './native.ts';
import type { MetricType } from './types.ts';

/** An exemplar as it was exposed. */
export interface ExposedExemplar {
  /** Names and values, alternating, in the order of their names. */
  readonly labels: readonly string[];
  readonly value: number;
  /** Milliseconds since 1970; undefined = that of the sample. */
  readonly timeMs: number | undefined;
}

/**
 * What one target exposes, in columns: sample i is of series `series[i]`, with value `values[i]` at
 * `times[i]`. It is read into again and again; texts that come again keep their numbers until
 * {@link forget}.
 */
export class Exposition {
  known: KnownSeries;
  lines: KnownMetadata;
  metrics: KnownMetrics;
  readonly series = new GrowingDoubles();
  readonly values = new GrowingDoubles();
  /** Milliseconds since 1970; NaN = when it was scraped. */
  readonly times = new GrowingDoubles();
  /** Exemplars by sample. */
  readonly exemplars = new Map<number, readonly ExposedExemplar[]>();
  /** Samples that are native histograms. */
  readonly natives = new Map<number, NativePoint>();
  /** Numbers of the lines about families, in their order. */
  readonly metadata: number[] = [];
  /** The type that the last line said. */
  type: MetricType = 'unknown';
  readonly #seed: number;

  constructor(seed: number) {
    this.#seed = seed;
    this.known = new KnownSeries(seed);
    this.lines = new KnownMetadata(seed);
    this.metrics = new KnownMetrics(seed);
  }

  get count(): number {
    return this.values.length;
  }

  /** The most texts of a kind that are known. */
  get size(): number {
    return Math.max(this.known.size, this.lines.size, this.metrics.size);
  }

  /** Begins anew; what is known stays. */
  clear(): void {
    this.known.rewind();
    this.metrics.rewind();
    this.series.length = 0;
    this.values.length = 0;
    this.times.length = 0;
    this.metadata.length = 0;
    this.exemplars.clear();
    this.natives.clear();
    this.type = 'unknown';
  }

  /** Forgets all texts: numbers begin anew. */
  forget(): void {
    this.known = new KnownSeries(this.#seed);
    this.lines = new KnownMetadata(this.#seed);
    this.metrics = new KnownMetrics(this.#seed);
  }

  push(series: number, value: number, timeMs: number): void {
    this.series.push(series);
    this.values.push(value);
    this.times.push(timeMs);
  }
}
