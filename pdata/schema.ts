import type { Signal } from './signal.ts';

/** How a field's value is written. `id16`/`id8` are byte ids, hex in JSON; `utf8` is checked text. */
export type ValueKind =
  | 'string'
  | 'utf8'
  | 'bytes'
  | 'id16'
  | 'id8'
  | 'bool'
  | 'int32'
  | 'uint32'
  | 'sint32'
  | 'enum'
  | 'int64'
  | 'uint64'
  | 'fixed32'
  | 'fixed64'
  | 'sfixed64'
  | 'double'
  | 'message';

/** A field of an OTLP message, as its .proto file declares it. */
export interface Field {
  readonly number: number;
  /** lowerCamelCase, as in OTLP/JSON. */
  readonly name: string;
  /** snake_case, as in the .proto files. */
  readonly snake: string;
  readonly kind: ValueKind;
  readonly repeated: boolean;
  /** Index into {@link messages} when kind is `message`, else -1. */
  readonly message: number;
  /** Names of the enum's values, by number, when kind is `enum`. */
  readonly enumNames: readonly string[];
  /** True when each element is one item of a batch. */
  readonly item: boolean;
}

/** An OTLP message; `index` is its place in {@link messages}. */
export interface Message {
  readonly name: string;
  readonly index: number;
  readonly fields: readonly Field[];
  /** By number; undefined where a number is not known. */
  readonly byNumber: readonly (Field | undefined)[];
  /** By lowerCamelCase and by snake_case name. */
  readonly byName: ReadonlyMap<string, Field>;
}

/*
 * Field tables of OTLP 1.11 (opentelemetry-proto, profiles: v1development). One line a message:
 * `number name type`, `*` = repeated, `#` = repeated and one batch item each.
 */
const definitions: Readonly<Record<string, string>> = {
  TracesRequest: '1 resourceSpans ResourceSpans*',
  LogsRequest: '1 resourceLogs ResourceLogs*',
  MetricsRequest: '1 resourceMetrics ResourceMetrics*',
  ProfilesRequest: '1 resourceProfiles ResourceProfiles*, 2 dictionary ProfilesDictionary',
  ResourceSpans: '1 resource Resource, 2 scopeSpans ScopeSpans*, 3 schemaUrl string',
  ResourceLogs: '1 resource Resource, 2 scopeLogs ScopeLogs*, 3 schemaUrl string',
  ResourceMetrics: '1 resource Resource, 2 scopeMetrics ScopeMetrics*, 3 schemaUrl string',
  ResourceProfiles: '1 resource Resource, 2 scopeProfiles ScopeProfiles*, 3 schemaUrl string',
  ScopeSpans: '1 scope Scope, 2 spans Span#, 3 schemaUrl string',
  ScopeLogs: '1 scope Scope, 2 logRecords LogRecord#, 3 schemaUrl string',
  ScopeMetrics: '1 scope Scope, 2 metrics Metric*, 3 schemaUrl string',
  ScopeProfiles: '1 scope Scope, 2 profiles Profile*, 3 schemaUrl string',
  Resource: '1 attributes KeyValue*, 2 droppedAttributesCount uint32, 3 entityRefs EntityRef*',
  EntityRef: '1 schemaUrl string, 2 type string, 3 idKeys string*, 4 descriptionKeys string*',
  Scope: '1 name utf8, 2 version string, 3 attributes KeyValue*, 4 droppedAttributesCount uint32',
  KeyValue: '1 key utf8, 2 value AnyValue, 3 keyStrindex int32',
  AnyValue:
    '1 stringValue string, 2 boolValue bool, 3 intValue int64, 4 doubleValue double, ' +
    '5 arrayValue ArrayValue, 6 kvlistValue KeyValueList, 7 bytesValue bytes, ' +
    '8 stringValueStrindex int32',
  ArrayValue: '1 values AnyValue*',
  KeyValueList: '1 values KeyValue*',
  Span:
    '1 traceId id16, 2 spanId id8, 3 traceState string, 4 parentSpanId id8, 5 name utf8, ' +
    '6 kind SPAN_KIND, 7 startTimeUnixNano fixed64, 8 endTimeUnixNano fixed64, ' +
    '9 attributes KeyValue*, 10 droppedAttributesCount uint32, 11 events Event*, ' +
    '12 droppedEventsCount uint32, 13 links Link*, 14 droppedLinksCount uint32, ' +
    '15 status Status, 16 flags fixed32',
  Event:
    '1 timeUnixNano fixed64, 2 name string, 3 attributes KeyValue*, 4 droppedAttributesCount uint32',
  Link:
    '1 traceId id16, 2 spanId id8, 3 traceState string, 4 attributes KeyValue*, ' +
    '5 droppedAttributesCount uint32, 6 flags fixed32',
  Status: '2 message string, 3 code STATUS_CODE',
  LogRecord:
    '1 timeUnixNano fixed64, 2 severityNumber SEVERITY_NUMBER, 3 severityText string, ' +
    '5 body AnyValue, 6 attributes KeyValue*, 7 droppedAttributesCount uint32, 8 flags fixed32, ' +
    '9 traceId id16, 10 spanId id8, 11 observedTimeUnixNano fixed64, 12 eventName string',
  Metric:
    '1 name utf8, 2 description string, 3 unit string, 5 gauge Gauge, 7 sum Sum, ' +
    '9 histogram Histogram, 10 exponentialHistogram ExponentialHistogram, 11 summary Summary, ' +
    '12 metadata KeyValue*',
  Gauge: '1 dataPoints NumberDataPoint#',
  Sum: '1 dataPoints NumberDataPoint#, 2 aggregationTemporality TEMPORALITY, 3 isMonotonic bool',
  Histogram: '1 dataPoints HistogramDataPoint#, 2 aggregationTemporality TEMPORALITY',
  ExponentialHistogram:
    '1 dataPoints ExponentialHistogramDataPoint#, 2 aggregationTemporality TEMPORALITY',
  Summary: '1 dataPoints SummaryDataPoint#',
  NumberDataPoint:
    '2 startTimeUnixNano fixed64, 3 timeUnixNano fixed64, 4 asDouble double, 6 asInt sfixed64, ' +
    '5 exemplars Exemplar*, 7 attributes KeyValue*, 8 flags uint32',
  HistogramDataPoint:
    '2 startTimeUnixNano fixed64, 3 timeUnixNano fixed64, 4 count fixed64, 5 sum double, ' +
    '6 bucketCounts fixed64*, 7 explicitBounds double*, 8 exemplars Exemplar*, ' +
    '9 attributes KeyValue*, 10 flags uint32, 11 min double, 12 max double',
  ExponentialHistogramDataPoint:
    '1 attributes KeyValue*, 2 startTimeUnixNano fixed64, 3 timeUnixNano fixed64, ' +
    '4 count fixed64, 5 sum double, 6 scale sint32, 7 zeroCount fixed64, 8 positive Buckets, ' +
    '9 negative Buckets, 10 flags uint32, 11 exemplars Exemplar*, 12 min double, 13 max double, ' +
    '14 zeroThreshold double',
  Buckets: '1 offset sint32, 2 bucketCounts uint64*',
  SummaryDataPoint:
    '2 startTimeUnixNano fixed64, 3 timeUnixNano fixed64, 4 count fixed64, 5 sum double, ' +
    '6 quantileValues ValueAtQuantile*, 7 attributes KeyValue*, 8 flags uint32',
  ValueAtQuantile: '1 quantile double, 2 value double',
  Exemplar:
    '2 timeUnixNano fixed64, 3 asDouble double, 6 asInt sfixed64, 4 spanId id8, 5 traceId id16, ' +
    '7 filteredAttributes KeyValue*',
  ProfilesDictionary:
    '1 mappingTable Mapping*, 2 locationTable Location*, 3 functionTable Function*, ' +
    '4 linkTable ProfileLink*, 5 stringTable string*, 6 attributeTable KeyValueAndUnit*, ' +
    '7 stackTable Stack*',
  Profile:
    '1 sampleType ValueType, 2 samples Sample#, 3 timeUnixNano fixed64, 4 durationNano uint64, ' +
    '5 periodType ValueType, 6 period int64, 7 profileId id16, 8 droppedAttributesCount uint32, ' +
    '9 originalPayloadFormat string, 10 originalPayload bytes, 11 attributeIndices int32*',
  ValueType: '1 typeStrindex int32, 2 unitStrindex int32',
  Sample:
    '1 stackIndex int32, 2 attributeIndices int32*, 3 linkIndex int32, 4 values int64*, ' +
    '5 timestampsUnixNano fixed64*',
  Mapping:
    '1 memoryStart uint64, 2 memoryLimit uint64, 3 fileOffset uint64, 4 filenameStrindex int32, ' +
    '5 attributeIndices int32*',
  Stack: '1 locationIndices int32*',
  Location: '1 mappingIndex int32, 2 address uint64, 3 lines Line*, 4 attributeIndices int32*',
  Line: '1 functionIndex int32, 2 line int64, 3 column int64',
  Function:
    '1 nameStrindex int32, 2 systemNameStrindex int32, 3 filenameStrindex int32, 4 startLine int64',
  KeyValueAndUnit: '1 keyStrindex int32, 2 value AnyValue, 3 unitStrindex int32',
  ProfileLink: '1 traceId id16, 2 spanId id8',
};

function severities(): string[] {
  const names = ['SEVERITY_NUMBER_UNSPECIFIED'];
  for (const level of ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL']) {
    for (const step of ['', '2', '3', '4']) names.push(`SEVERITY_NUMBER_${level}${step}`);
  }
  return names;
}

const enums: Readonly<Record<string, readonly string[]>> = {
  SPAN_KIND: ['UNSPECIFIED', 'INTERNAL', 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER'].map(
    (name) => `SPAN_KIND_${name}`,
  ),
  STATUS_CODE: ['UNSET', 'OK', 'ERROR'].map((name) => `STATUS_CODE_${name}`),
  SEVERITY_NUMBER: severities(),
  TEMPORALITY: ['UNSPECIFIED', 'DELTA', 'CUMULATIVE'].map(
    (name) => `AGGREGATION_TEMPORALITY_${name}`,
  ),
};

const messageNames = Object.keys(definitions);

function readField(text: string): Field {
  const [number = '', name = '', type = ''] = text.split(' ');
  const item = type.endsWith('#');
  const repeated = item || type.endsWith('*');
  const base = repeated ? type.slice(0, -1) : type;
  const message = messageNames.indexOf(base);
  const enumNames = enums[base] ?? [];
  const kind = message >= 0 ? 'message' : enumNames.length > 0 ? 'enum' : (base as ValueKind);
  const snake = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return { number: Number(number), name, snake, kind, repeated, message, enumNames, item };
}

function readMessage(name: string, index: number): Message {
  const fields = (definitions[name] ?? '').split(', ').map(readField);
  const byNumber: (Field | undefined)[] = [];
  const byName = new Map<string, Field>();
  for (const field of fields) {
    byNumber[field.number] = field;
    byName.set(field.snake, field);
    byName.set(field.name, field);
  }
  return { name, index, fields, byNumber, byName };
}

/** All messages of OTLP; the index is what {@link Field.message} names. */
export const messages: readonly Message[] = messageNames.map(readMessage);

/** @returns the message called `name` in this file; unknown names are a programming error */
export function message(name: string): Message {
  const found = messages[messageNames.indexOf(name)];
  if (found === undefined) throw new Error(`BUG: no message ${name}`);
  return found;
}

/** The export request of each signal. */
export const requestMessage: Readonly<Record<Signal, Message>> = {
  traces: message('TracesRequest'),
  logs: message('LogsRequest'),
  metrics: message('MetricsRequest'),
  profiles: message('ProfilesRequest'),
};
