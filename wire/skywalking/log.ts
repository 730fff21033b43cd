import { SegmentHash, traceIdTo } from './ids.ts';
import type { Instances } from './instances.ts';
import { Attributes, type InstanceRecord, type Pair, RecordTranslator, timeOf } from './records.ts';
import { nanoseconds } from './times.ts';
import type { Carry, Translator } from './translator.ts';

interface TraceContext {
  readonly traceId: string;
  readonly traceSegmentId: string;
  readonly spanId: number;
}

/** LogData of logging/Logging.proto. */
interface LogData {
  readonly timestamp: bigint;
  readonly service: string;
  readonly serviceInstance: string;
  readonly endpoint: string;
  readonly body?: {
    readonly type: string;
    readonly text?: { readonly text: string };
    readonly json?: { readonly json: string };
    readonly yaml?: { readonly yaml: string };
  };
  readonly traceContext?: TraceContext;
  readonly tags?: { readonly data: readonly Pair[] };
  readonly layer: string;
}

/** SeverityNumber of the names that loggers give their levels. */
const severities: Readonly<Record<string, number>> = {
  TRACE: 1,
  FINEST: 1,
  FINER: 1,
  ALL: 1,
  VERBOSE: 1,
  DEBUG: 5,
  FINE: 5,
  CONFIG: 5,
  INFO: 9,
  INFORMATION: 9,
  NOTICE: 10,
  SUCCESS: 10,
  WARN: 13,
  WARNING: 13,
  ERROR: 17,
  SEVERE: 17,
  CRITICAL: 21,
  FATAL: 21,
  ALERT: 22,
  EMERGENCY: 24,
};

const encoder = new TextEncoder();

/** Ids of OpenTelemetry for a trace context, and SkyWalking's as attributes. */
export function contextIds(
  { traceId, traceSegmentId, spanId }: TraceContext,
  attributes: Attributes,
): { traceId?: Uint8Array; spanId?: Uint8Array } {
  attributes.put('sw8.trace_id', traceId).put('sw8.segment_id', traceSegmentId);
  if (traceId === '') return {};
  const trace = encoder.encode(traceId);
  const id = new Uint8Array(16);
  traceIdTo(trace, 0, trace.length, id, 0);
  if (traceSegmentId === '') return { traceId: id };
  attributes.set('sw8.span_id', spanId);
  const segment = encoder.encode(traceSegmentId);
  const hash = new SegmentHash();
  hash.set(segment, 0, segment.length);
  const span = new Uint8Array(8);
  hash.spanIdTo(spanId, span, 0);
  return { traceId: id, spanId: span };
}

function describe(log: LogData, nowMs: number, carry: Carry): InstanceRecord[] {
  if (log.service !== '') {
    // Another service: the instance of the one before says nothing of it.
    if (log.service !== carry.service) carry.instance = '';
    carry.service = log.service;
  }
  if (log.serviceInstance !== '') carry.instance = log.serviceInstance;
  const attributes = new Attributes();
  const { body, tags = { data: [] }, traceContext } = log;
  const level = tags.data.find(({ key }) => key === 'level')?.value ?? '';
  const ids = traceContext === undefined ? {} : contextIds(traceContext, attributes);
  attributes.put('sw8.endpoint', log.endpoint).put('sw8.service_layer', log.layer);
  attributes.put('sw8.log.type', body?.type ?? '');
  let text = body?.text?.text;
  if (body?.json !== undefined) {
    text = body.json.json;
    attributes.set('sw8.log.format', 'json');
  } else if (body?.yaml !== undefined) {
    text = body.yaml.yaml;
    attributes.set('sw8.log.format', 'yaml');
  }
  attributes.pairs(tags.data.filter(({ key }) => key !== 'level'));
  return [
    {
      service: carry.service,
      instance: carry.instance,
      timeUnixNano: timeOf(log.timestamp, 'time of a log'),
      observedTimeUnixNano: nanoseconds(nowMs),
      severityNumber: severities[level.toUpperCase()] ?? 0,
      severityText: level,
      attributes,
      ...(text === undefined ? {} : { body: text }),
      ...ids,
    },
  ];
}

/** Logs that agents collect (LogData). */
export function logTranslator(instances: Instances): Translator<'logs'> {
  return new RecordTranslator<LogData>('Log', instances, describe);
}
