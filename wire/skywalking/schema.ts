/** How a field's value is written: proto3's scalars, an enum or a message by name. */
export type Kind = 'string' | 'bool' | 'int32' | 'int64' | 'double' | 'enum' | 'message';

/** A field of a message, as its .proto file declares it. */
export interface Field {
  readonly number: number;
  readonly name: string;
  readonly kind: Kind;
  readonly repeated: boolean;
  /** A map of texts: in JSON an object. */
  readonly isMap: boolean;
  /** Its message when kind is `message`. */
  message: Message | undefined;
  /** Names of the values, by number, when kind is `enum`. */
  readonly enumNames: readonly string[];
}

/** A message of SkyWalking's data collect protocol; `byName` has the names of its JSON form. */
export interface Message {
  readonly name: string;
  readonly fields: readonly Field[];
  readonly byNumber: readonly (Field | undefined)[];
  readonly byName: ReadonlyMap<string, Field>;
}

const enums: Readonly<Record<string, readonly string[]>> = {
  SpanType: ['Entry', 'Exit', 'Local'],
  SpanLayer: ['Unknown', 'Database', 'RPCFramework', 'Http', 'MQ', 'Cache', 'FAAS'],
  RefType: ['CrossProcess', 'CrossThread'],
  EventType: ['Normal', 'Error'],
  ErrorCategory: ['ajax', 'resource', 'vue', 'promise', 'js', 'unknown'],
  PoolType: [
    'CODE_CACHE_USAGE',
    'NEWGEN_USAGE',
    'OLDGEN_USAGE',
    'SURVIVOR_USAGE',
    'PERMGEN_USAGE',
    'METASPACE_USAGE',
    'ZHEAP_USAGE',
    'COMPRESSED_CLASS_SPACE_USAGE',
    'CODEHEAP_NON_NMETHODS_USAGE',
    'CODEHEAP_PROFILED_NMETHODS_USAGE',
    'CODEHEAP_NON_PROFILED_NMETHODS_USAGE',
  ],
  GCPhase: ['NEW', 'OLD', 'NORMAL'],
  SpanReferenceType: ['SKYWALKING', 'ZIPKIN'],
  DetectPoint: ['client', 'server', 'proxy'],
  Protocol: ['HTTP', 'gRPC'],
};

/*
 * Field tables of skywalking-data-collect-protocol (January 2026). One line a message:
 * `number name type`, `*` = repeated, `%` = a map of texts.
 */
const definitions = {
  Pair: '1 key string, 2 value string',
  IntPair: '1 key string, 2 value int64',
  Segments: '1 segments Segment*',
  Segment:
    '1 traceId string, 2 traceSegmentId string, 3 spans Span*, 4 service string, ' +
    '5 serviceInstance string, 6 isSizeLimited bool',
  Span:
    '1 spanId int32, 2 parentSpanId int32, 3 startTime int64, 4 endTime int64, 5 refs Reference*, ' +
    '6 operationName string, 7 peer string, 8 spanType SpanType, 9 spanLayer SpanLayer, ' +
    '10 componentId int32, 11 isError bool, 12 tags Pair*, 13 logs SpanLog*, 14 skipAnalysis bool',
  SpanLog: '1 time int64, 2 data Pair*',
  Reference:
    '1 refType RefType, 2 traceId string, 3 parentTraceSegmentId string, 4 parentSpanId int32, ' +
    '5 parentService string, 6 parentServiceInstance string, 7 parentEndpoint string, ' +
    '8 networkAddressUsedAtPeer string',
  Instant: '1 seconds int64, 2 nanos int32',
  SpanReference:
    '1 type SpanReferenceType, 2 traceId string, 3 traceSegmentId string, 4 spanId string',
  AttachedEvent:
    '1 startTime Instant, 2 event string, 3 endTime Instant, 4 tags Pair*, 5 summary IntPair*, ' +
    '6 traceContext SpanReference',
  Instance: '1 service string, 2 serviceInstance string, 3 properties Pair*, 4 layer string',
  Ping: '1 service string, 2 serviceInstance string, 3 layer string',
  Cpu: '2 usagePercent double',
  JvmMetrics: '1 metrics JvmMetric*, 2 service string, 3 serviceInstance string',
  JvmMetric:
    '1 time int64, 2 cpu Cpu, 3 memory Memory*, 4 memoryPool MemoryPool*, 5 gc Gc*, ' +
    '6 thread Thread, 7 clazz Class',
  Memory: '1 isHeap bool, 2 init int64, 3 max int64, 4 used int64, 5 committed int64',
  MemoryPool: '1 type PoolType, 2 init int64, 3 max int64, 4 used int64, 5 committed int64',
  Gc: '1 phase GCPhase, 2 count int64, 3 time int64',
  Thread:
    '1 liveCount int64, 2 daemonCount int64, 3 peakCount int64, 4 runnableStateThreadCount int64, ' +
    '5 blockedStateThreadCount int64, 6 waitingStateThreadCount int64, ' +
    '7 timedWaitingStateThreadCount int64',
  Class: '1 loadedClassCount int64, 2 totalUnloadedClassCount int64, 3 totalLoadedClassCount int64',
  ClrMetrics: '1 metrics ClrMetric*, 2 service string, 3 serviceInstance string',
  ClrMetric: '1 time int64, 2 cpu Cpu, 3 gc ClrGc, 4 thread ClrThread',
  ClrGc:
    '1 Gen0CollectCount int64, 2 Gen1CollectCount int64, 3 Gen2CollectCount int64, ' +
    '4 HeapMemory int64',
  ClrThread:
    '1 AvailableCompletionPortThreads int32, 2 AvailableWorkerThreads int32, ' +
    '3 MaxCompletionPortThreads int32, 4 MaxWorkerThreads int32',
  Label: '1 name string, 2 value string',
  Bucket: '1 bucket double, 2 count int64, 3 isNegativeInfinity bool',
  SingleValue: '1 name string, 2 labels Label*, 3 value double',
  Histogram: '1 name string, 2 labels Label*, 3 values Bucket*',
  Meter:
    '1 singleValue SingleValue, 2 histogram Histogram, 3 service string, ' +
    '4 serviceInstance string, 5 timestamp int64',
  Meters: '1 meterData Meter*',
  Log:
    '1 timestamp int64, 2 service string, 3 serviceInstance string, 4 endpoint string, ' +
    '5 body LogBody, 6 traceContext TraceContext, 7 tags LogTags, 8 layer string',
  LogBody: '1 type string, 2 text Text, 3 json Json, 4 yaml Yaml',
  Text: '1 text string',
  Json: '1 json string',
  Yaml: '1 yaml string',
  TraceContext: '1 traceId string, 2 traceSegmentId string, 3 spanId int32',
  LogTags: '1 data Pair*',
  Event:
    '1 uuid string, 2 source Source, 3 name string, 4 type EventType, 5 message string, ' +
    '6 parameters Pair%, 7 startTime int64, 8 endTime int64, 9 layer string',
  Source: '1 service string, 2 serviceInstance string, 3 endpoint string',
  PagePerformance:
    '1 service string, 2 serviceVersion string, 3 time int64, 4 pagePath string, ' +
    '5 redirectTime int32, 6 dnsTime int32, 7 ttfbTime int32, 8 tcpTime int32, 9 transTime int32, ' +
    '10 domAnalysisTime int32, 11 fptTime int32, 12 domReadyTime int32, 13 loadPageTime int32, ' +
    '14 resTime int32, 15 sslTime int32, 16 ttlTime int32, 17 firstPackTime int32, 18 fmpTime int32',
  WebVitals:
    '1 service string, 2 serviceVersion string, 3 time int64, 4 pagePath string, 5 fmpTime int32, ' +
    '6 cls double, 7 lcpTime int32',
  Resource:
    '1 service string, 2 serviceVersion string, 3 time int64, 4 pagePath string, 5 name string, ' +
    '6 duration int32, 7 size int32, 8 resourceType string, 9 protocol string',
  Interaction:
    '1 service string, 2 serviceVersion string, 3 time int64, 4 pagePath string, 5 inpTime int32',
  BrowserError:
    '1 uniqueId string, 2 service string, 3 serviceVersion string, 4 time int64, ' +
    '5 pagePath string, 6 category ErrorCategory, 7 grade string, 8 message string, 9 line int32, ' +
    '10 col int32, 11 stack string, 12 errorUrl string, 13 firstReportedError bool',
  MeshMetrics: '1 httpMetrics HttpMetrics, 2 tcpMetrics TcpMetrics',
  HttpMetrics: '1 metrics HttpMetric*',
  TcpMetrics: '1 metrics TcpMetric*',
  HttpMetric:
    '1 startTime int64, 2 endTime int64, 3 sourceServiceName string, ' +
    '4 sourceServiceInstance string, 5 destServiceName string, 6 destServiceInstance string, ' +
    '7 endpoint string, 8 latency int32, 9 responseCode int32, 10 status bool, ' +
    '11 protocol Protocol, 12 detectPoint DetectPoint, 13 tlsMode string, ' +
    '14 internalErrorCode string, 15 internalRequestLatencyNanos int64, ' +
    '16 internalResponseLatencyNanos int64, 17 sourceInstanceProperties Pair*, ' +
    '18 destInstanceProperties Pair*',
  TcpMetric:
    '1 startTime int64, 2 endTime int64, 3 sourceServiceName string, ' +
    '4 sourceServiceInstance string, 5 destServiceName string, 6 destServiceInstance string, ' +
    '7 detectPoint DetectPoint, 8 tlsMode string, 9 internalErrorCode string, ' +
    '10 internalRequestLatencyNanos int64, 11 internalResponseLatencyNanos int64, ' +
    '12 sourceInstanceProperties Pair*, 13 destInstanceProperties Pair*, 14 receivedBytes int64, ' +
    '15 sentBytes int64',
} as const;

/** Messages that are read; names as in the .proto files. */
export type MessageName = keyof typeof definitions;

const scalars: readonly string[] = ['string', 'bool', 'int32', 'int64', 'double'];

function fieldOf(text: string): Field & { readonly typeName: string } {
  const [number = '', name = '', type = ''] = text.split(' ');
  const typeName = type.replace(/[*%]$/, '');
  const enumNames = enums[typeName] ?? [];
  let kind: Kind = 'message';
  if (scalars.includes(typeName)) kind = typeName as Kind;
  else if (enumNames.length > 0) kind = 'enum';
  const repeated = type !== typeName;
  const isMap = type.endsWith('%');
  const known = { number: Number(number), name, kind, repeated, isMap, enumNames, typeName };
  return { ...known, message: undefined };
}

function messageOf(name: string, text: string): Message {
  const fields = text.split(', ').map(fieldOf);
  const byNumber: (Field | undefined)[] = [];
  for (const field of fields) byNumber[field.number] = field;
  return { name, fields, byNumber, byName: new Map(fields.map((f) => [f.name, f])) };
}

const messages = new Map<string, Message>(
  Object.entries(definitions).map(([name, text]) => [name, messageOf(name, text)]),
);

for (const { fields } of messages.values()) {
  for (const field of fields as readonly (Field & { readonly typeName: string })[]) {
    if (field.kind === 'message') field.message = message(field.typeName as MessageName);
  }
}

/** The table of a message. */
export function message(name: MessageName): Message {
  const found = messages.get(name);
  if (found === undefined) throw new Error(`BUG: no message ${name}`);
  return found;
}
