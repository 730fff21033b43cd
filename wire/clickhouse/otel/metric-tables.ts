import { AttributesColumn } from '../attributes-column.ts';
import {
  ArrayColumn,
  type Column,
  FixedColumn,
  LowCardinalityColumn,
  StringColumn,
} from '../columns.ts';
import type { Table } from '../day-tables.ts';

/** How a table keeps point times: DateTime since v0.160 of the contrib exporter, DateTime64 before. */
export type PointTime = 'DateTime' | 'DateTime64(9)';

/** Columns that the tables of all kinds begin with. */
export class PointColumns implements Table {
  rows = 0;
  readonly time: PointTime;
  readonly resourceAttributes = new AttributesColumn('ResourceAttributes');
  readonly resourceSchemaUrl = new StringColumn('ResourceSchemaUrl');
  readonly scopeName = new StringColumn('ScopeName');
  readonly scopeVersion = new StringColumn('ScopeVersion');
  readonly scopeAttributes = new AttributesColumn('ScopeAttributes');
  readonly scopeDropped = new FixedColumn('ScopeDroppedAttrCount', 'UInt32');
  readonly scopeSchemaUrl = new StringColumn('ScopeSchemaUrl');
  readonly serviceName = new LowCardinalityColumn('ServiceName');
  readonly metricName = new LowCardinalityColumn('MetricName');
  readonly metricDescription = new StringColumn('MetricDescription');
  readonly metricUnit = new StringColumn('MetricUnit');
  readonly attributes = new AttributesColumn('Attributes');
  readonly startTime: FixedColumn;
  readonly timestamp: FixedColumn;
  readonly flags = new FixedColumn('Flags', 'UInt32');
  readonly columns: Column[];

  constructor(time: PointTime) {
    this.time = time;
    this.startTime = new FixedColumn('StartTimeUnix', time);
    this.timestamp = new FixedColumn('TimeUnix', time);
    this.columns = [
      this.resourceAttributes,
      this.resourceSchemaUrl,
      this.scopeName,
      this.scopeVersion,
      this.scopeAttributes,
      this.scopeDropped,
      this.scopeSchemaUrl,
      this.serviceName,
      this.metricName,
      this.metricDescription,
      this.metricUnit,
      this.attributes,
      this.startTime,
      this.timestamp,
      this.flags,
    ];
  }
}

/** The arrays of `Exemplars Nested(...)`. */
export class ExemplarColumns {
  readonly attributes = new ArrayColumn('Exemplars.FilteredAttributes', new AttributesColumn(''));
  readonly times: ArrayColumn<FixedColumn>;
  readonly values = new ArrayColumn('Exemplars.Value', new FixedColumn('', 'Float64'));
  readonly spanIds = new ArrayColumn('Exemplars.SpanId', new StringColumn(''));
  readonly traceIds = new ArrayColumn('Exemplars.TraceId', new StringColumn(''));
  readonly columns: readonly Column[];

  constructor(time: PointTime) {
    this.times = new ArrayColumn('Exemplars.TimeUnix', new FixedColumn('', time));
    this.columns = [this.attributes, this.times, this.values, this.spanIds, this.traceIds];
  }

  /** Ends the row after `count` exemplars. */
  end(count: number): void {
    this.attributes.offsets.end(count);
    this.times.offsets.end(count);
    this.values.offsets.end(count);
    this.spanIds.offsets.end(count);
    this.traceIds.offsets.end(count);
  }
}

/** `otel_metrics_gauge`. */
export class GaugeTable extends PointColumns {
  readonly value = new FixedColumn('Value', 'Float64');
  readonly exemplars: ExemplarColumns;

  constructor(time: PointTime) {
    super(time);
    this.exemplars = new ExemplarColumns(time);
    this.columns.push(this.value, ...this.exemplars.columns);
  }
}

/** `otel_metrics_sum`. */
export class SumTable extends GaugeTable {
  readonly temporality = new FixedColumn('AggregationTemporality', 'Int32');
  readonly monotonic = new FixedColumn('IsMonotonic', 'Bool');

  constructor(time: PointTime) {
    super(time);
    this.columns.push(this.temporality, this.monotonic);
  }
}

/** What both histogram tables have. */
export class DistributionColumns extends PointColumns {
  readonly count = new FixedColumn('Count', 'UInt64');
  readonly sum = new FixedColumn('Sum', 'Float64');
  readonly min = new FixedColumn('Min', 'Float64');
  readonly max = new FixedColumn('Max', 'Float64');
  readonly temporality = new FixedColumn('AggregationTemporality', 'Int32');
  readonly exemplars: ExemplarColumns;

  constructor(time: PointTime) {
    super(time);
    this.exemplars = new ExemplarColumns(time);
    this.columns.push(this.count, this.sum, this.min, this.max, this.temporality);
    this.columns.push(...this.exemplars.columns);
  }
}

/** `otel_metrics_histogram`. */
export class HistogramTable extends DistributionColumns {
  readonly bucketCounts = new ArrayColumn('BucketCounts', new FixedColumn('', 'UInt64'));
  readonly explicitBounds = new ArrayColumn('ExplicitBounds', new FixedColumn('', 'Float64'));

  constructor(time: PointTime) {
    super(time);
    this.columns.push(this.bucketCounts, this.explicitBounds);
  }
}

/** `otel_metrics_exp_histogram`. */
export class ExponentialHistogramTable extends DistributionColumns {
  readonly scale = new FixedColumn('Scale', 'Int32');
  readonly zeroCount = new FixedColumn('ZeroCount', 'UInt64');
  readonly positiveOffset = new FixedColumn('PositiveOffset', 'Int32');
  readonly positiveCounts = new ArrayColumn('PositiveBucketCounts', new FixedColumn('', 'UInt64'));
  readonly negativeOffset = new FixedColumn('NegativeOffset', 'Int32');
  readonly negativeCounts = new ArrayColumn('NegativeBucketCounts', new FixedColumn('', 'UInt64'));

  constructor(time: PointTime) {
    super(time);
    this.columns.push(this.scale, this.zeroCount, this.positiveOffset, this.positiveCounts);
    this.columns.push(this.negativeOffset, this.negativeCounts);
  }
}

/** `otel_metrics_summary`. */
export class SummaryTable extends PointColumns {
  readonly count = new FixedColumn('Count', 'UInt64');
  readonly sum = new FixedColumn('Sum', 'Float64');
  readonly quantiles = new ArrayColumn('ValueAtQuantiles.Quantile', new FixedColumn('', 'Float64'));
  readonly values = new ArrayColumn('ValueAtQuantiles.Value', new FixedColumn('', 'Float64'));

  constructor(time: PointTime) {
    super(time);
    this.columns.push(this.count, this.sum, this.quantiles, this.values);
  }
}
