import type { Metrics } from '../../../pdata/batch.ts';
import { signedNumber } from '../../../pdata/proto/cursor.ts';
import { AttributeKey, DataKind, type MessageView, MetricReader } from '../../../pdata/readers.ts';
import { plainFloat } from '../names/float-text.ts';
import { metricName, type NamedKind, TranslationFault } from '../names/metric-name.ts';
import { prometheusUnit } from '../names/units.ts';
import { MetricType, staleHi, staleLo, type WriteRequest } from '../remote-write/request.ts';
import { Bits, millisecondsOf } from './bits.ts';
import { exemplarsOf } from './exemplars.ts';
import { LabelBuilder } from './label-builder.ts';
import { putNative } from './native.ts';
import { ExponentialFields, HistogramFields, SummaryFields } from './point-fields.ts';
import type { SeriesRules } from './rules.ts';
import { type SeriesMetadata, SeriesTable } from './series-table.ts';

const typeKey = new AttributeKey('prometheus.type');
const cumulative = 2;

/** A batch as series, and what could not be made one. */
export interface ConvertedMetrics {
  readonly request: WriteRequest;
  /** What is wrong with metrics and points that were left out, the first few. */
  readonly faults: readonly string[];
  /** Points that were left out. */
  readonly leftOut: number;
}

/** Faults that are told one by one. */
const faultsMax = 10;

/**
 * Makes series of metrics. Names, units, types and labels are those of
 * https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/. Sums and
 * histograms that are not cumulative are left out.
 */
export function toSeries(batch: Metrics, rules: SeriesRules): ConvertedMetrics {
  return new Converter(rules).convert(batch);
}

class Converter {
  readonly #rules: SeriesRules;
  readonly #table = new SeriesTable();
  readonly #labels: LabelBuilder;
  readonly #faults: string[] = [];
  readonly #bits = new Bits();
  readonly #histogram = new HistogramFields();
  readonly #summary = new SummaryFields();
  readonly #exponential = new ExponentialFields();
  /** Symbols of suffixed names and of numbers in labels. */
  readonly #suffixed = new Map<string, number>();
  readonly #numbers = new Map<number, number>();
  readonly #families: (SeriesMetadata & { readonly name: number })[] = [];
  readonly #le: number;
  readonly #quantile: number;
  #name = '';
  #metadata: SeriesMetadata = { type: 0, help: 0, unit: 0 };
  /** The point at hand. */
  #timeMs = 0;
  #startMs = 0;
  #stale = false;
  #leftOut = 0;

  constructor(rules: SeriesRules) {
    this.#rules = rules;
    this.#labels = new LabelBuilder(this.#table, rules);
    this.#le = this.#table.texts.of('le');
    this.#quantile = this.#table.texts.of('quantile');
  }

  convert(batch: Metrics): ConvertedMetrics {
    const reader = new MetricReader(batch.plain());
    while (reader.nextResource()) {
      this.#labels.beginResource(reader.resource);
      let latestMs = 0;
      while (reader.nextScope()) {
        this.#labels.beginScope(reader.scope);
        while (reader.nextMetric()) latestMs = Math.max(latestMs, this.#metric(reader));
      }
      if (this.#rules.targetInfo && latestMs > 0) this.#targetInfo(reader, latestMs);
    }
    const request = this.#table.finish();
    for (const { name, type, help, unit } of this.#families) {
      request.familyNames.push(name);
      request.familyTypes.push(type);
      request.familyHelps.push(help);
      request.familyUnits.push(unit);
    }
    return { request, faults: this.#faults, leftOut: this.#leftOut };
  }

  #fault(message: string): void {
    if (this.#faults.length < faultsMax) this.#faults.push(message);
  }

  /** @returns the latest time of its points, milliseconds */
  #metric(reader: MetricReader): number {
    let usable = false;
    try {
      usable = this.#begin(reader);
    } catch (error) {
      if (!(error instanceof TranslationFault)) throw error;
      this.#fault(error.message);
    }
    let latest = 0;
    while (reader.nextPoint()) {
      reader.item.fixed64(3);
      this.#timeMs = millisecondsOf(reader.item.lo, reader.item.hi);
      latest = Math.max(latest, this.#timeMs);
      if (!usable) {
        this.#leftOut += 1;
        continue;
      }
      try {
        this.#point(reader);
      } catch (error) {
        if (!(error instanceof TranslationFault)) throw error;
        this.#leftOut += 1;
        this.#fault(error.message);
      }
    }
    return latest;
  }

  /** @returns whether points of the metric can be taken */
  #begin(reader: MetricReader): boolean {
    const { dataKind, name, unit } = reader;
    const isGauge = dataKind === DataKind.gauge;
    const timeless = isGauge || dataKind === DataKind.summary;
    const kind: NamedKind = isGauge ? 'gauge' : reader.monotonic ? 'counter' : 'other';
    this.#name = metricName(this.#rules.names, name, unit, kind);
    const { texts } = this.#table;
    this.#metadata = {
      type: typeOf(reader),
      help: texts.of(reader.description),
      unit: texts.of(prometheusUnit(unit, this.#rules.names.utf8)),
    };
    if (this.#rules.families) this.#families.push({ ...this.#metadata, name: this.#symbol('') });
    if (dataKind !== DataKind.none && (timeless || reader.temporality === cumulative)) return true;
    const quoted = JSON.stringify(name);
    this.#fault(`invalid temporality and type combination for metric ${quoted}`);
    return false;
  }

  /** The symbol of the metric's name with a suffix. */
  #symbol(suffix: string): number {
    const name = this.#name + suffix;
    let symbol = this.#suffixed.get(name);
    if (symbol === undefined) {
      symbol = this.#table.texts.of(name);
      this.#suffixed.set(name, symbol);
    }
    return symbol;
  }

  #numberSymbol(value: number): number {
    let symbol = this.#numbers.get(value);
    if (symbol === undefined) {
      symbol = this.#table.texts.of(plainFloat(value));
      if (this.#numbers.size < 10_000) this.#numbers.set(value, symbol);
    }
    return symbol;
  }

  #point(reader: MetricReader): void {
    const { item, dataKind } = reader;
    this.#labels.build(item);
    const flagsField =
      dataKind === DataKind.histogram || dataKind === DataKind.exponentialHistogram;
    this.#stale = (item.uint(flagsField ? 10 : 8) & 1) === 1;
    item.fixed64(2);
    this.#startMs = this.#rules.version === 2 ? millisecondsOf(item.lo, item.hi) : 0;
    switch (dataKind) {
      case DataKind.histogram:
        this.#histogramPoint(item);
        return;
      case DataKind.exponentialHistogram:
        this.#exponentialPoint(item);
        return;
      case DataKind.summary:
        this.#summaryPoint(item);
        return;
      default:
        this.#numberPoint(reader);
    }
  }

  /** The series of the point with a name and another label. */
  #series(name: number, extra = 0, extraValue = 0): number {
    this.#labels.push(this.#table.labels, name, extra, extraValue);
    return this.#table.series(name, this.#metadata);
  }

  #sample(series: number, lo: number, hi: number): void {
    if (this.#stale) this.#table.sample(series, staleLo, staleHi, this.#timeMs, this.#startMs);
    else this.#table.sample(series, lo, hi, this.#timeMs, this.#startMs);
  }

  #value(series: number, value: number): void {
    this.#bits.set(value);
    this.#sample(series, this.#bits.lo, this.#bits.hi);
  }

  #numberPoint(reader: MetricReader): void {
    const { item } = reader;
    const series = this.#series(this.#symbol(''));
    if (item.fixed64(4)) this.#sample(series, item.lo, item.hi);
    else {
      item.fixed64(6);
      this.#value(series, signedNumber(item.lo, item.hi));
    }
    if (reader.monotonic || this.#rules.version === 2) this.#putExemplars(series, item, 5);
  }

  #putExemplars(series: number, item: MessageView, field: number): void {
    for (const { labels, lo, hi, timeMs } of exemplarsOf(item, field, this.#table)) {
      this.#table.exemplar(series, labels, lo, hi, timeMs);
    }
  }

  #histogramPoint(item: MessageView): void {
    const point = this.#histogram;
    point.read(item);
    if (point.hasSum) this.#sample(this.#series(this.#symbol('_sum')), point.sumLo, point.sumHi);
    this.#value(this.#series(this.#symbol('_count')), point.count);
    const bucket = this.#symbol('_bucket');
    const buckets: (readonly [number, number])[] = [];
    const add = (bound: number, count: number): void => {
      const series = this.#series(bucket, this.#le, this.#numberSymbol(bound));
      this.#value(series, count);
      buckets.push([bound, series]);
    };
    let below = 0;
    for (let i = 0; i < point.bounds.length && i < point.counts.length; i += 1) {
      below += point.counts[i]!;
      add(point.bounds[i]!, below);
    }
    add(Number.POSITIVE_INFINITY, point.count);
    const exemplars = exemplarsOf(item, 8, this.#table);
    if (exemplars.length === 0) return;
    buckets.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
    for (const { labels, value, lo, hi, timeMs } of exemplars) {
      const [, series] = buckets.find(([bound]) => value <= bound) ?? [];
      if (series !== undefined) this.#table.exemplar(series, labels, lo, hi, timeMs);
    }
  }

  #summaryPoint(item: MessageView): void {
    const point = this.#summary;
    point.read(item);
    this.#sample(this.#series(this.#symbol('_sum')), point.sumLo, point.sumHi);
    this.#value(this.#series(this.#symbol('_count')), point.count);
    const name = this.#symbol('');
    for (const [i, quantile] of point.quantiles.entries()) {
      const series = this.#series(name, this.#quantile, this.#numberSymbol(quantile));
      this.#sample(series, point.valueLo[i]!, point.valueHi[i]!);
    }
  }

  #exponentialPoint(item: MessageView): void {
    const point = this.#exponential;
    point.read(item, this.#stale);
    const { histograms } = this.#table;
    const before = histograms.length;
    const fault = putNative(histograms, point, this.#timeMs, this.#startMs);
    if (fault !== undefined) {
      histograms.length = before;
      throw new TranslationFault(fault);
    }
    const series = this.#series(this.#symbol(''));
    this.#table.histogram(series, this.#timeMs);
    this.#putExemplars(series, item, 11);
  }

  #targetInfo(reader: MetricReader, timeMs: number): void {
    try {
      if (!this.#labels.buildTarget(reader.resource)) return;
    } catch (error) {
      if (!(error instanceof TranslationFault)) throw error;
      this.#fault(error.message);
      return;
    }
    const { namespace } = this.#rules.names;
    const { texts } = this.#table;
    const name = texts.of(namespace === '' ? 'target_info' : `${namespace}_target_info`);
    this.#labels.push(this.#table.labels, name);
    const help = texts.of('Target metadata');
    const series = this.#table.series(name, { type: MetricType.gauge, help, unit: 0 });
    this.#bits.set(1);
    this.#table.sample(series, this.#bits.lo, this.#bits.hi, timeMs, 0);
  }
}

/** The type of a metric; its metadata tells those that OTLP lacks. */
function typeOf(reader: MetricReader): number {
  const told = reader.metric.find(typeKey) ? reader.metric.value.string() : '';
  switch (reader.dataKind) {
    case DataKind.gauge:
      return gaugeTypes.get(told) ?? MetricType.gauge;
    case DataKind.sum:
      if (reader.monotonic) return MetricType.counter;
      if (told === 'info') return MetricType.info;
      return told === 'stateset' ? MetricType.stateset : MetricType.gauge;
    case DataKind.summary:
      return MetricType.summary;
    case DataKind.none:
      return MetricType.unknown;
    default:
      return MetricType.histogram;
  }
}

/** Types of series that stayed as they were: see `toOtlp`. */
const gaugeTypes: ReadonlyMap<string, number> = new Map([
  ['unknown', MetricType.unknown],
  ['histogram', MetricType.histogram],
  ['gaugehistogram', MetricType.gaugeHistogram],
  ['summary', MetricType.summary],
]);
