import type { MetricsBuilder } from '../../pdata/builder.ts';
import { ExponentialHistogram } from '../../pipeline/series/exponential.ts';
import type { LineParser, StatsdSeries } from '../../wire/statsd/line-parser.ts';
import { ExplicitHistogram } from './explicit-histogram.ts';
import type { Observer, Observers } from './observers.ts';
import { quantileOf } from './quantile.ts';

/** How metrics are made of lines. */
export interface InstrumentOptions {
  readonly observers: Observers;
  readonly counterType: string;
  readonly monotonic: boolean;
  /** Uniform in [0, 1), for rounding by chance. */
  chance(): number;
}

/** What memory a series, and each value that is kept, is counted with. */
const seriesBytes = 600;
const valueBytes = 32;

interface Gauge {
  readonly series: StatsdSeries;
  value: number;
  timeMs: number;
}

interface Counter {
  readonly series: StatsdSeries;
  value: number;
  /** Seconds since 1970; 0 = when the interval ends. */
  readonly timestamp: number;
}

/** Values that are all kept, each with its time in milliseconds (gauges) or weight (summaries). */
interface Values {
  readonly series: StatsdSeries;
  readonly values: number[];
  readonly beside: number[];
}

interface Histogram {
  readonly series: StatsdSeries;
  readonly buckets: ExponentialHistogram | ExplicitHistogram;
}

interface MemberSet {
  readonly series: StatsdSeries;
  readonly members: Set<string>;
}

/** What one sender, or all, said within an interval. */
export class Instruments {
  readonly #options: InstrumentOptions;
  readonly #gauges = new Map<string, Gauge>();
  readonly #counters = new Map<string, Counter>();
  readonly #points = new Map<string, Values>();
  readonly #summaries = new Map<string, Values>();
  readonly #histograms = new Map<string, Histogram>();
  readonly #sets = new Map<string, MemberSet>();

  constructor(options: InstrumentOptions) {
    this.#options = options;
  }

  /** Takes a line that was read. @returns bytes of memory that it took */
  take(line: LineParser, nowMs: number): number {
    switch (line.series.type) {
      case 'c':
        return this.#count(line);
      case 'g':
        return this.#gauge(line, nowMs);
      case 's':
        return this.#member(line);
      case 'ms':
        return this.#observe(line, nowMs, this.#options.observers.timers);
      default:
        return this.#observe(line, nowMs, this.#options.observers.others);
    }
  }

  #gauge({ series, value, signed }: LineParser, nowMs: number): number {
    const known = this.#gauges.get(series.key);
    if (known === undefined) {
      this.#gauges.set(series.key, { series, value, timeMs: nowMs });
      return seriesBytes;
    }
    if (signed) known.value += value;
    else {
      known.value = value;
      known.timeMs = nowMs;
    }
    return 0;
  }

  #count({ series, value, rate, timestamp }: LineParser): number {
    const step = this.#step(rate > 0 && rate < 1 ? value / rate : value);
    const known = this.#counters.get(series.key);
    if (known !== undefined) {
      known.value += step;
      return 0;
    }
    this.#counters.set(series.key, { series, value: step, timestamp });
    return seriesBytes;
  }

  #step(value: number): number {
    const { counterType, chance } = this.#options;
    if (counterType === 'float') return value;
    if (counterType !== 'stochastic_int') return Math.trunc(value);
    const whole = Math.floor(value);
    return chance() < value - whole ? whole + 1 : whole;
  }

  #member({ series, member }: LineParser): number {
    const known = this.#sets.get(series.key);
    if (known === undefined) {
      this.#sets.set(series.key, { series, members: new Set([member]) });
      return seriesBytes;
    }
    if (known.members.has(member)) return 0;
    known.members.add(member);
    return valueBytes + member.length * 2;
  }

  #observe(line: LineParser, nowMs: number, observer: Observer): number {
    const { series, value, rate } = line;
    const times = rate > 0 && rate < 1 ? 1 / rate : 1;
    switch (observer.method) {
      case 'disabled':
        return 0;
      case 'gauge':
        return append(this.#points, series, value, nowMs);
      case 'summary':
        return append(this.#summaries, series, value, times);
      case 'histogram':
        return this.#histogram(series, value, Math.trunc(times), observer);
    }
  }

  #histogram(series: StatsdSeries, value: number, times: number, observer: Observer): number {
    let known = this.#histograms.get(series.key);
    const taken = known === undefined ? seriesBytes + observer.maxSize * 8 : 0;
    if (known === undefined) {
      const explicit = observer.explicit.find(({ pattern }) => pattern.test(series.name));
      const buckets =
        explicit === undefined
          ? new ExponentialHistogram(observer.maxSize)
          : new ExplicitHistogram(explicit.bounds);
      known = { series, buckets };
      this.#histograms.set(series.key, known);
    }
    known.buckets.record(value, times);
    return taken;
  }

  /**
   * Writes all as the metrics of one resource.
   * @param startNs when the interval began, nanoseconds since 1970; `nowNs` when it ends
   */
  write(b: MetricsBuilder, scope: string, version: string, startNs: bigint, nowNs: bigint): void {
    b.resource();
    b.scope(scope, version);
    for (const { series, value, timeMs } of this.#gauges.values()) {
      b.metric(series.name);
      b.gauge();
      b.numberPoint({ value, timeUnixNano: nsOf(timeMs), attributes: attributesOf(series) });
    }
    for (const { series, values, beside: times } of this.#points.values()) {
      b.metric(series.name);
      b.gauge();
      const attributes = attributesOf(series);
      for (const [i, value] of values.entries()) {
        b.numberPoint({ value, timeUnixNano: nsOf(times[i]!), attributes });
      }
    }
    this.#writeCounters(b, startNs, nowNs);
    for (const one of this.#summaries.values()) this.#writeSummary(b, one, startNs, nowNs);
    for (const { series, buckets } of this.#histograms.values()) {
      writeHistogram(b, series, buckets, startNs, nowNs);
    }
    for (const { series, members } of this.#sets.values()) {
      b.metric(series.name);
      b.gauge();
      const value = BigInt(members.size);
      b.numberPoint({
        value,
        startTimeUnixNano: startNs,
        timeUnixNano: nowNs,
        attributes: attributesOf(series),
      });
    }
  }

  #writeCounters(b: MetricsBuilder, startNs: bigint, nowNs: bigint): void {
    const { counterType, monotonic } = this.#options;
    for (const { series, value, timestamp } of this.#counters.values()) {
      b.metric(series.name);
      b.sum(1, monotonic);
      b.numberPoint({
        value: counterType === 'float' ? value : wholeOf(value),
        startTimeUnixNano: startNs,
        timeUnixNano: timestamp === 0 ? nowNs : BigInt(timestamp) * 1_000_000_000n,
        attributes: attributesOf(series),
      });
    }
  }

  #writeSummary(b: MetricsBuilder, one: Values, startNs: bigint, nowNs: bigint): void {
    const { series, values, beside: weights } = one;
    const { timers, others } = this.#options.observers;
    const { percentiles } = series.type === 'ms' ? timers : others;
    let count = 0;
    let sum = 0;
    for (const [i, value] of values.entries()) {
      count += weights[i]!;
      sum += value * weights[i]!;
    }
    b.metric(series.name);
    b.summary();
    b.summaryPoint({
      count: wholeOf(count),
      sum,
      quantiles: quantileOf(values, weights, percentiles),
      startTimeUnixNano: startNs,
      timeUnixNano: nowNs,
      attributes: attributesOf(series),
    });
  }
}

function append(
  all: Map<string, Values>,
  series: StatsdSeries,
  value: number,
  beside: number,
): number {
  const known = all.get(series.key);
  if (known !== undefined) {
    known.values.push(value);
    known.beside.push(beside);
    return valueBytes;
  }
  all.set(series.key, { series, values: [value], beside: [beside] });
  return seriesBytes;
}

function writeHistogram(
  b: MetricsBuilder,
  series: StatsdSeries,
  buckets: ExponentialHistogram | ExplicitHistogram,
  startNs: bigint,
  nowNs: bigint,
): void {
  b.metric(series.name);
  const explicit = buckets instanceof ExplicitHistogram;
  if (explicit) b.histogram(1);
  else b.exponentialHistogram(1);
  const at = b.openPoint();
  b.writer.bigFixed64Field(2, startNs);
  b.writer.bigFixed64Field(3, nowNs);
  buckets.write(b.writer);
  for (const [key, value] of series.attributes) b.attribute(explicit ? 9 : 1, key, value);
  b.closePoint(at);
}

function attributesOf(series: StatsdSeries): ReadonlyMap<string, string> {
  return new Map(series.attributes);
}

function nsOf(ms: number): bigint {
  return BigInt(Math.trunc(ms * 1e3)) * 1000n;
}

const largest = 2n ** 63n - 1n;

/** Towards zero, within 64 bits. */
function wholeOf(value: number): bigint {
  if (!Number.isFinite(value)) return value > 0 ? largest : -largest;
  const whole = BigInt(Math.trunc(value));
  if (whole > largest) return largest;
  return whole < -largest ? -largest : whole;
}
