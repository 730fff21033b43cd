/*
 * OTLP messages as plain objects to change at will: field for field what opentelemetry-proto 1.11
 * holds, with its names. Absent scalars are '', 0, 0n or no bytes; optional ones are undefined.
 * Times are nanoseconds since 1970.
 */

/** An AnyValue: bigint = 64-bit integer, number = double, null = the empty value. */
export type Value =
  | null
  | boolean
  | string
  | bigint
  | number
  | Uint8Array
  | Value[]
  | Map<string, Value>;

/** Attributes in their order; a key is there once. */
export type ValueMap = Map<string, Value>;

/** What every message may carry beside its fields. */
export interface Message {
  /**
   * Fields that the object has no place for, as they came in: unknown ones, entity references,
   * later attributes with a key that is there already. They are written behind the others.
   */
  rest?: Uint8Array;
}

/** What sent the data: a service, a host. */
export interface Resource extends Message {
  attributes: ValueMap;
  droppedAttributesCount: number;
}

/** The library or part of a program that recorded the items (InstrumentationScope). */
export interface Scope extends Message {
  name: string;
  version: string;
  attributes: ValueMap;
  droppedAttributesCount: number;
}

/** ScopeSpans, ScopeLogs or ScopeMetrics. */
export interface ScopeGroup<T> extends Message {
  scope: Scope;
  schemaUrl: string;
  items: T[];
}

/** ResourceSpans, ResourceLogs or ResourceMetrics. */
export interface ResourceGroup<T> extends Message {
  resource: Resource;
  schemaUrl: string;
  scopes: ScopeGroup<T>[];
}

/** One operation of a trace. */
export interface Span extends Message {
  /** 16 bytes, or none. */
  traceId: Uint8Array;
  /** 8 bytes, or none. */
  spanId: Uint8Array;
  traceState: string;
  parentSpanId: Uint8Array;
  name: string;
  /** 0 unspecified, 1 internal, 2 server, 3 client, 4 producer, 5 consumer. */
  kind: number;
  startTimeUnixNano: bigint;
  endTimeUnixNano: bigint;
  attributes: ValueMap;
  droppedAttributesCount: number;
  events: SpanEvent[];
  droppedEventsCount: number;
  links: SpanLink[];
  droppedLinksCount: number;
  status: Status;
  flags: number;
}

/** Something that happened at one time of a span (Span.Event). */
export interface SpanEvent extends Message {
  timeUnixNano: bigint;
  name: string;
  attributes: ValueMap;
  droppedAttributesCount: number;
}

/** Another span that a span has to do with (Span.Link). */
export interface SpanLink extends Message {
  traceId: Uint8Array;
  spanId: Uint8Array;
  traceState: string;
  attributes: ValueMap;
  droppedAttributesCount: number;
  flags: number;
}

/** How a span ended. */
export interface Status extends Message {
  message: string;
  /** 0 unset, 1 ok, 2 error. */
  code: number;
}

/** One log record; severity numbers are 1 to 24, 0 = not said. */
export interface LogRecord extends Message {
  timeUnixNano: bigint;
  observedTimeUnixNano: bigint;
  severityNumber: number;
  severityText: string;
  body: Value;
  attributes: ValueMap;
  droppedAttributesCount: number;
  flags: number;
  traceId: Uint8Array;
  spanId: Uint8Array;
  eventName: string;
}

/** A metric and its data points, which are all of one kind. */
export interface Metric extends Message {
  name: string;
  description: string;
  unit: string;
  metadata: ValueMap;
  data: MetricData;
}

/** Values as they were at their times. */
export interface Gauge extends Message {
  kind: 'gauge';
  points: NumberPoint[];
}

/** Values that add up over time. */
export interface Sum extends Message {
  kind: 'sum';
  points: NumberPoint[];
  /** 0 unspecified, 1 delta, 2 cumulative. */
  aggregationTemporality: number;
  isMonotonic: boolean;
}

/** Counts of values in buckets with bounds that are listed. */
export interface Histogram extends Message {
  kind: 'histogram';
  points: HistogramPoint[];
  aggregationTemporality: number;
}

/** Counts of values in buckets whose bounds are powers of one base. */
export interface ExponentialHistogram extends Message {
  kind: 'exponential';
  points: ExponentialPoint[];
  aggregationTemporality: number;
}

/** Quantiles that the sender computed. */
export interface Summary extends Message {
  kind: 'summary';
  points: SummaryPoint[];
}

/** A metric without data. */
export interface NoData {
  kind: 'none';
  points: never[];
}

/** The data of a metric: `kind` tells which. */
export type MetricData = NoData | Gauge | Sum | Histogram | ExponentialHistogram | Summary;

/** What all data points have. */
export interface Point extends Message {
  attributes: ValueMap;
  startTimeUnixNano: bigint;
  timeUnixNano: bigint;
  /** Bit 0: no recorded value. */
  flags: number;
}

/** A point of a gauge or a sum (NumberDataPoint). */
export interface NumberPoint extends Point {
  /** bigint = integer point, number = double point, undefined = neither. */
  value: bigint | number | undefined;
  exemplars: Exemplar[];
}

/** A HistogramDataPoint: counts are one more than bounds, or both are none. */
export interface HistogramPoint extends Point {
  count: bigint;
  sum: number | undefined;
  min: number | undefined;
  max: number | undefined;
  bucketCounts: bigint[];
  explicitBounds: number[];
  exemplars: Exemplar[];
}

/** Neighbouring buckets of an exponential point; `offset` is the index of the first. */
export interface Buckets extends Message {
  offset: number;
  bucketCounts: bigint[];
}

/** An ExponentialHistogramDataPoint: the base of its buckets is 2^(2^-scale). */
export interface ExponentialPoint extends Point {
  count: bigint;
  sum: number | undefined;
  min: number | undefined;
  max: number | undefined;
  scale: number;
  zeroCount: bigint;
  zeroThreshold: number;
  positive: Buckets;
  negative: Buckets;
  exemplars: Exemplar[];
}

/** A value of a summary; `quantile` is from 0 to 1. */
export interface ValueAtQuantile extends Message {
  quantile: number;
  value: number;
}

/** A SummaryDataPoint. */
export interface SummaryPoint extends Point {
  count: bigint;
  sum: number;
  quantileValues: ValueAtQuantile[];
}

/** A measured value that stands for others, with the span that it was measured in. */
export interface Exemplar extends Message {
  timeUnixNano: bigint;
  value: bigint | number | undefined;
  spanId: Uint8Array;
  traceId: Uint8Array;
  filteredAttributes: ValueMap;
}
