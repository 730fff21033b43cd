import type { Block } from '../block.ts';
import { DayTables, type SealOptions } from '../day-tables.ts';
import { Message } from '../message.ts';
import { type Ranges, Scan } from '../scan.ts';
import { putField } from './common.ts';
import { OtelEncoder } from './encoder.ts';
import {
  type DistributionColumns,
  type ExemplarColumns,
  ExponentialHistogramTable,
  GaugeTable,
  HistogramTable,
  type PointColumns,
  type PointTime,
  SummaryTable,
  SumTable,
} from './metric-tables.ts';
import {
  dataField,
  pointDay,
  putHexOrZeros,
  putNumber,
  putTime,
  repeated64,
  repeatedVarint64,
  zigzag,
} from './point-values.ts';

/** The tables that points go to, by kind of metric. */
export const metricKinds = [
  'gauge',
  'sum',
  'histogram',
  'exponential_histogram',
  'summary',
] as const;

/** A table of points by its kind; the names are those of the exporter's `metrics_tables`. */
export type MetricKind = (typeof metricKinds)[number];

/** How each table keeps times. */
export type PointTimes = Readonly<Record<MetricKind, PointTime>>;

const GAUGE = 5;
const SUM = 7;
const HISTOGRAM = 9;
const EXPONENTIAL = 10;

const none = { attributes: 0, listA: 0, listB: 0 };

/**
 * Data points as rows of the `otel_metrics_*` tables: the values that the contrib exporter writes.
 *
 * Integers become doubles; what is optional and absent is 0; ids of exemplars are hexadecimal also
 * when they are absent (zeros). Metrics without data are skipped.
 */
export class OtelMetricsEncoder extends OtelEncoder {
  readonly #gauge: DayTables<GaugeTable>;
  readonly #sum: DayTables<SumTable>;
  readonly #histogram: DayTables<HistogramTable>;
  readonly #exponential: DayTables<ExponentialHistogramTable>;
  readonly #summary: DayTables<SummaryTable>;
  readonly #metric = new Message(none);
  readonly #data = new Message({ attributes: 0, listA: 1, listB: 0 });
  readonly #number = new Message({ attributes: 7, listA: 5, listB: 0 });
  readonly #distribution = new Message({ attributes: 9, listA: 8, listB: 0 });
  readonly #exponentialPoint = new Message({ attributes: 1, listA: 11, listB: 0 });
  readonly #summaryPoint = new Message({ attributes: 7, listA: 6, listB: 0 });
  readonly #exemplar = new Message({ attributes: 7, listA: 0, listB: 0 });
  readonly #buckets = new Message(none);
  readonly #quantile = new Message(none);
  readonly #scan = new Scan();

  readonly #times: PointTimes;

  constructor(times: PointTimes) {
    const gauge = new DayTables(() => new GaugeTable(times.gauge));
    const sum = new DayTables(() => new SumTable(times.sum));
    const histogram = new DayTables(() => new HistogramTable(times.histogram));
    const exponential = new DayTables(
      () => new ExponentialHistogramTable(times.exponential_histogram),
    );
    const summary = new DayTables(() => new SummaryTable(times.summary));
    super(gauge, sum, histogram, exponential, summary);
    this.#times = times;
    this.#gauge = gauge;
    this.#sum = sum;
    this.#histogram = histogram;
    this.#exponential = exponential;
    this.#summary = summary;
  }

  /** What was added for one kind as blocks, one a day; that kind is empty afterwards. */
  seal(kind: MetricKind, options: SealOptions): Block[] {
    return this.sealFamily(metricKinds.indexOf(kind), options);
  }

  item(b: Uint8Array, start: number, end: number): void {
    const metric = this.#metric;
    metric.read(b, start, end);
    const kind = dataField(metric);
    if (kind === 0) return;
    const data = this.#data;
    data.read(b, metric.start[kind]!, metric.end[kind]!);
    for (let i = 0; i < data.listA.count; i++) {
      this.#point(b, kind, data.listA.start(i), data.listA.end(i));
    }
  }

  #point(b: Uint8Array, kind: number, start: number, end: number): void {
    if (kind === GAUGE || kind === SUM) this.#numberPoint(b, kind, start, end);
    else if (kind === HISTOGRAM) this.#histogramPoint(b, start, end);
    else if (kind === EXPONENTIAL) this.#exponentialHistogramPoint(b, start, end);
    else this.#summaryRow(b, start, end);
  }

  #numberPoint(b: Uint8Array, kind: number, start: number, end: number): void {
    const point = this.#number;
    point.read(b, start, end);
    const time = kind === SUM ? this.#times.sum : this.#times.gauge;
    const day = pointDay(time, point.low(b, 3), point.high(b, 3));
    const sum = kind === SUM ? this.#sum.for(day) : undefined;
    const table = sum ?? this.#gauge.for(day);
    this.#common(table, b, point, 8);
    putNumber(table.value, b, point, 4, 6);
    this.#exemplars(table.exemplars, table.time, b, point.listA);
    if (sum === undefined) return;
    sum.temporality.data.u32(this.#data.varint(b, 2));
    sum.monotonic.data.u8(this.#data.varint(b, 3) === 0 ? 0 : 1);
  }

  #histogramPoint(b: Uint8Array, start: number, end: number): void {
    const point = this.#distribution;
    point.read(b, start, end);
    const table = this.#histogram.for(this.#day('histogram', b, point));
    this.#common(table, b, point, 10);
    this.#distributionRow(table, b, point, 11, 12);
    const counts = repeated64(table.bucketCounts.items, b, start, end, 6, this.#scan);
    table.bucketCounts.offsets.end(counts);
    const bounds = repeated64(table.explicitBounds.items, b, start, end, 7, this.#scan);
    table.explicitBounds.offsets.end(bounds);
  }

  #exponentialHistogramPoint(b: Uint8Array, start: number, end: number): void {
    const point = this.#exponentialPoint;
    point.read(b, start, end);
    const table = this.#exponential.for(this.#day('exponential_histogram', b, point));
    this.#common(table, b, point, 10);
    this.#distributionRow(table, b, point, 12, 13);
    table.scale.data.u32(zigzag(point.varint(b, 6)));
    table.zeroCount.data.u64(point.low(b, 7), point.high(b, 7));
    const buckets = this.#buckets;
    buckets.read(b, point.start[8]!, point.end[8]!);
    table.positiveOffset.data.u32(zigzag(buckets.varint(b, 1)));
    const positive = table.positiveCounts;
    positive.offsets.end(
      repeatedVarint64(positive.items, b, point.start[8]!, point.end[8]!, this.#scan),
    );
    buckets.read(b, point.start[9]!, point.end[9]!);
    table.negativeOffset.data.u32(zigzag(buckets.varint(b, 1)));
    const negative = table.negativeCounts;
    negative.offsets.end(
      repeatedVarint64(negative.items, b, point.start[9]!, point.end[9]!, this.#scan),
    );
  }

  #summaryRow(b: Uint8Array, start: number, end: number): void {
    const point = this.#summaryPoint;
    point.read(b, start, end);
    const table = this.#summary.for(this.#day('summary', b, point));
    this.#common(table, b, point, 8);
    table.count.data.u64(point.low(b, 4), point.high(b, 4));
    table.sum.data.u64(point.low(b, 5), point.high(b, 5));
    const quantile = this.#quantile;
    const list = point.listA;
    for (let i = 0; i < list.count; i++) {
      quantile.read(b, list.start(i), list.end(i));
      table.quantiles.items.data.u64(quantile.low(b, 1), quantile.high(b, 1));
      table.values.items.data.u64(quantile.low(b, 2), quantile.high(b, 2));
    }
    table.quantiles.offsets.end(list.count);
    table.values.offsets.end(list.count);
  }

  #day(kind: MetricKind, b: Uint8Array, point: Message): number {
    return pointDay(this.#times[kind], point.low(b, 3), point.high(b, 3));
  }

  /** Columns that all tables have; start and time are fields 2 and 3 in every kind of point. */
  #common(table: PointColumns, b: Uint8Array, point: Message, flagsField: number): void {
    const scope = this.scopes;
    const resource = this.resources;
    table.rows++;
    table.resourceAttributes.putShared(resource.attributes);
    table.resourceSchemaUrl.put(b, resource.urlStart, resource.urlEnd);
    table.scopeName.put(b, scope.nameStart, scope.nameEnd);
    table.scopeVersion.put(b, scope.versionStart, scope.versionEnd);
    table.scopeAttributes.putShared(scope.attributes);
    table.scopeDropped.data.u32(scope.dropped);
    table.scopeSchemaUrl.put(b, scope.urlStart, scope.urlEnd);
    resource.putService(table.serviceName);
    table.metricName.put(b, this.#metric.start[1]!, this.#metric.end[1]!);
    putField(table.metricDescription, b, this.#metric, 2);
    putField(table.metricUnit, b, this.#metric, 3);
    table.attributes.put(b, point.attributes);
    putTime(table.startTime, table.time, point.low(b, 2), point.high(b, 2));
    putTime(table.timestamp, table.time, point.low(b, 3), point.high(b, 3));
    table.flags.data.u32(point.varint(b, flagsField));
  }

  /** Count and sum are fields 4 and 5 of both histogram kinds. */
  #distributionRow(
    table: DistributionColumns,
    b: Uint8Array,
    point: Message,
    min: number,
    max: number,
  ): void {
    table.count.data.u64(point.low(b, 4), point.high(b, 4));
    table.sum.data.u64(point.low(b, 5), point.high(b, 5));
    table.min.data.u64(point.low(b, min), point.high(b, min));
    table.max.data.u64(point.low(b, max), point.high(b, max));
    table.temporality.data.u32(this.#data.varint(b, 2));
    this.#exemplars(table.exemplars, table.time, b, point.listA);
  }

  #exemplars(columns: ExemplarColumns, time: PointTime, b: Uint8Array, list: Ranges): void {
    const exemplar = this.#exemplar;
    for (let i = 0; i < list.count; i++) {
      exemplar.read(b, list.start(i), list.end(i));
      columns.attributes.items.put(b, exemplar.attributes);
      putTime(columns.times.items, time, exemplar.low(b, 2), exemplar.high(b, 2));
      putNumber(columns.values.items, b, exemplar, 3, 6);
      putHexOrZeros(columns.spanIds.items, b, exemplar, 4, 8);
      putHexOrZeros(columns.traceIds.items, b, exemplar, 5, 16);
    }
    columns.end(list.count);
  }
}
