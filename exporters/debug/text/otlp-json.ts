/** OTLP/JSON as the program writes it, as far as the texts need it: absent = default. */
export interface AnyValue {
  readonly stringValue?: string;
  readonly boolValue?: boolean;
  readonly intValue?: string;
  readonly doubleValue?: number | string;
  readonly arrayValue?: { readonly values?: readonly AnyValue[] };
  readonly kvlistValue?: { readonly values?: readonly KeyValue[] };
  readonly bytesValue?: string;
}

/** An attribute, or an entry of a map. */
export interface KeyValue {
  readonly key?: string;
  readonly value?: AnyValue;
}

/** Fields that many messages share. */
export interface WithAttributes {
  readonly attributes?: readonly KeyValue[];
  readonly droppedAttributesCount?: number;
}

interface Scope extends WithAttributes {
  readonly name?: string;
  readonly version?: string;
}

/** A resource or a scope with its schema. */
export interface Group {
  readonly resource?: WithAttributes;
  readonly scope?: Scope;
  readonly schemaUrl?: string;
}

interface SpanEvent extends WithAttributes {
  readonly timeUnixNano?: string;
  readonly name?: string;
}

interface SpanLink extends WithAttributes {
  readonly traceId?: string;
  readonly spanId?: string;
  readonly traceState?: string;
}

/** 64-bit numbers are decimal texts, ids hex digits, as in all messages here. */
export interface Span extends WithAttributes {
  readonly traceId?: string;
  readonly spanId?: string;
  readonly parentSpanId?: string;
  readonly traceState?: string;
  readonly name?: string;
  readonly kind?: number;
  readonly startTimeUnixNano?: string;
  readonly endTimeUnixNano?: string;
  readonly droppedEventsCount?: number;
  readonly droppedLinksCount?: number;
  readonly events?: readonly SpanEvent[];
  readonly links?: readonly SpanLink[];
  readonly status?: { readonly code?: number; readonly message?: string };
}

/** A log record; its times are decimal nanoseconds. */
export interface LogRecord extends WithAttributes {
  readonly timeUnixNano?: string;
  readonly observedTimeUnixNano?: string;
  readonly severityNumber?: number;
  readonly severityText?: string;
  readonly body?: AnyValue;
  readonly eventName?: string;
  readonly traceId?: string;
  readonly spanId?: string;
  readonly flags?: number;
}

interface Exemplar {
  readonly filteredAttributes?: readonly KeyValue[];
  readonly timeUnixNano?: string;
  readonly asInt?: string;
  readonly asDouble?: number | string;
  readonly traceId?: string;
  readonly spanId?: string;
}

/** Any kind of data point. */
export interface DataPoint extends WithAttributes {
  readonly startTimeUnixNano?: string;
  readonly timeUnixNano?: string;
  readonly asInt?: string;
  readonly asDouble?: number | string;
  readonly count?: string;
  readonly sum?: number | string;
  readonly min?: number | string;
  readonly max?: number | string;
  readonly bucketCounts?: readonly string[];
  readonly explicitBounds?: readonly (number | string)[];
  readonly scale?: number;
  readonly zeroCount?: string;
  readonly positive?: Buckets;
  readonly negative?: Buckets;
  readonly quantileValues?: readonly {
    readonly quantile?: number | string;
    readonly value?: number | string;
  }[];
  readonly exemplars?: readonly Exemplar[];
}

/** Counts of exponential buckets from `offset` on. */
export interface Buckets {
  readonly offset?: number;
  readonly bucketCounts?: readonly string[];
}

/** What a metric holds, of any kind. */
export interface MetricData {
  readonly dataPoints?: readonly DataPoint[];
  readonly aggregationTemporality?: number;
  readonly isMonotonic?: boolean;
}

/** A metric; one of the kinds is there, none = a metric without data. */
export interface Metric {
  readonly name?: string;
  readonly description?: string;
  readonly unit?: string;
  readonly gauge?: MetricData;
  readonly sum?: MetricData;
  readonly histogram?: MetricData;
  readonly exponentialHistogram?: MetricData;
  readonly summary?: MetricData;
}

/** An export request of traces, metrics or logs. */
export interface Request {
  readonly resourceSpans?: readonly (Group & {
    readonly scopeSpans?: readonly (Group & { readonly spans?: readonly Span[] })[];
  })[];
  readonly resourceLogs?: readonly (Group & {
    readonly scopeLogs?: readonly (Group & { readonly logRecords?: readonly LogRecord[] })[];
  })[];
  readonly resourceMetrics?: readonly (Group & {
    readonly scopeMetrics?: readonly (Group & { readonly metrics?: readonly Metric[] })[];
  })[];
}
