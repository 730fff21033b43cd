import type { Instances } from './instances.ts';
import { contextIds } from './log.ts';
import { Attributes, type InstanceRecord, type Pair, RecordTranslator, timeOf } from './records.ts';
import { nanoseconds } from './times.ts';
import type { Translator } from './translator.ts';

/** SeverityNumber of what is normal and of what is an error. */
const severity = { info: 9, error: 17 } as const;

/** Event of event/Event.proto. */
interface Event {
  readonly uuid: string;
  readonly source?: {
    readonly service: string;
    readonly serviceInstance: string;
    readonly endpoint: string;
  };
  readonly name: string;
  readonly type: number;
  readonly message: string;
  readonly parameters: readonly Pair[];
  readonly startTime: bigint;
  readonly endTime: bigint;
  readonly layer: string;
}

function describeEvent(event: Event, nowMs: number): InstanceRecord[] {
  const { source } = event;
  const attributes = new Attributes()
    .put('sw8.event.uuid', event.uuid)
    .put('sw8.endpoint', source?.endpoint ?? '')
    .put('sw8.service_layer', event.layer)
    .pairs(event.parameters, 'sw8.event.parameter.');
  if (event.endTime !== 0n) attributes.set('sw8.event.end_time', timeOf(event.endTime, 'end time'));
  return [
    {
      service: source?.service ?? '',
      instance: source?.serviceInstance ?? '',
      timeUnixNano: timeOf(event.startTime, 'start time'),
      observedTimeUnixNano: nanoseconds(nowMs),
      severityNumber: event.type === 1 ? severity.error : severity.info,
      severityText: event.type === 1 ? 'Error' : 'Normal',
      eventName: event.name,
      attributes,
      ...(event.message === '' ? {} : { body: event.message }),
    },
  ];
}

/** Events of services, such as an upgrade (Event). */
export function eventTranslator(instances: Instances): Translator<'logs'> {
  return new RecordTranslator<Event>('Event', instances, describeEvent);
}

/** InstanceProperties of management/Management.proto. */
interface InstanceProperties {
  readonly service: string;
  readonly serviceInstance: string;
  readonly properties: readonly Pair[];
  readonly layer: string;
}

/** What instances say of themselves: remembered for their resources, and an event each. */
export function propertiesTranslator(instances: Instances): Translator<'logs'> {
  const describe = (message: InstanceProperties, nowMs: number): InstanceRecord[] => {
    const { service, serviceInstance: instance, properties, layer } = message;
    instances.report(service, instance, properties);
    const attributes = new Attributes()
      .put('sw8.service_layer', layer)
      .pairs(properties, 'sw8.instance.');
    const now = nanoseconds(nowMs);
    const eventName = 'skywalking.instance.properties';
    const times = { timeUnixNano: now, observedTimeUnixNano: now };
    const level = { severityNumber: severity.info };
    return [{ service, instance, ...times, ...level, eventName, attributes }];
  };
  return new RecordTranslator<InstanceProperties>('Instance', instances, describe);
}

interface Instant {
  readonly seconds: bigint;
  readonly nanos: number;
}

/** SpanAttachedEvent of language-agent/Tracing.proto. */
interface AttachedEvent {
  readonly startTime?: Instant;
  readonly event: string;
  readonly endTime?: Instant;
  readonly tags: readonly Pair[];
  readonly summary: readonly { readonly key: string; readonly value: bigint }[];
  readonly traceContext?: {
    readonly type: number;
    readonly traceId: string;
    readonly traceSegmentId: string;
    readonly spanId: string;
  };
}

const noInstant: Instant = { seconds: 0n, nanos: 0 };

function instant({ seconds, nanos }: Instant, what: string): bigint {
  return timeOf(seconds * 1000n, what) + BigInt(Math.max(0, nanos) % 1_000_000_000);
}

function hexId(text: string, size: number): Uint8Array | undefined {
  const whole = text.padStart(size * 2, '0');
  const isId = new RegExp(`^[0-9a-fA-F]{${size * 2}}$`).test(whole) && /[^0]/.test(whole);
  return isId ? Buffer.from(whole, 'hex') : undefined;
}

/** The span of an event: SkyWalking's by segment and number, Zipkin's by its own id. */
function spanOf(
  context: NonNullable<AttachedEvent['traceContext']>,
  attributes: Attributes,
): { traceId?: Uint8Array; spanId?: Uint8Array } {
  const { type, traceId, traceSegmentId, spanId } = context;
  if (type !== 1)
    return contextIds({ traceId, traceSegmentId, spanId: Number(spanId) | 0 }, attributes);
  const trace = hexId(traceId, 16);
  const span = hexId(spanId, 8);
  if (trace !== undefined && span !== undefined) return { traceId: trace, spanId: span };
  attributes.put('zipkin.trace_id', traceId).put('zipkin.span_id', spanId);
  return {};
}

function describeAttached(event: AttachedEvent, nowMs: number): InstanceRecord[] {
  const attributes = new Attributes();
  const { startTime = noInstant, endTime, traceContext } = event;
  const ids = traceContext === undefined ? {} : spanOf(traceContext, attributes);
  if (endTime !== undefined) {
    attributes.put('sw8.event.end_time', instant(endTime, 'end time'));
  }
  for (const { key, value } of event.summary) attributes.set(`sw8.summary.${key}`, value);
  attributes.pairs(event.tags);
  const timeUnixNano = instant(startTime, 'start time');
  const times = { timeUnixNano, observedTimeUnixNano: nanoseconds(nowMs) };
  const common = { service: '', instance: '', severityNumber: severity.info };
  return [{ ...common, ...times, eventName: event.event, attributes, ...ids }];
}

/** Events of the system below a span (SpanAttachedEvent), with that span's ids. */
export function attachedEventTranslator(instances: Instances): Translator<'logs'> {
  return new RecordTranslator<AttachedEvent>('AttachedEvent', instances, describeAttached);
}
