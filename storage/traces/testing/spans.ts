/** Spans for tests of readers. */
import type {
  AttributeValue,
  KeyValue,
  StoredResource,
  StoredScope,
  StoredSpan,
} from '../model.ts';

/** When they begin, one second a trace. */
export const baseNs = BigInt(Date.UTC(2026, 0, 5, 10, 0, 0)) * 1_000_000n;
export const second = 1_000_000_000n;

export const text = (value: string): AttributeValue => ({ type: 'string', value });
export const int = (value: bigint): AttributeValue => ({ type: 'int', value });
export const pairs = (entries: Record<string, AttributeValue>): KeyValue[] =>
  Object.entries(entries).map(([key, value]) => ({ key, value }));

export function resource(
  service: string,
  more: Record<string, AttributeValue> = {},
): StoredResource {
  const attributes = pairs({ 'service.name': text(service), ...more });
  return { attributes, droppedAttributesCount: 0, schemaUrl: '' };
}

export const noScope: StoredScope = {
  name: '',
  version: '',
  attributes: [],
  droppedAttributesCount: 0,
  schemaUrl: '',
};
export const web = resource('web', { 'k8s.pod.name': text('web-1') });
export const api = resource('api', { 'k8s.pod.name': text('api-1'), cpus: int(4n) });

export const traceId = (n: number) => n.toString(16).padStart(32, '0');
export const spanId = (n: number) => n.toString(16).padStart(16, '0');

export function span(trace: number, id: number, fields: Partial<StoredSpan> = {}): StoredSpan {
  const startUnixNano = fields.startUnixNano ?? baseNs + BigInt(trace) * second;
  return {
    traceId: traceId(trace),
    spanId: spanId(id),
    parentSpanId: '',
    traceState: '',
    flags: 0,
    name: 'op',
    kind: 2,
    startUnixNano,
    endUnixNano: startUnixNano + 1_000n,
    attributes: [],
    droppedAttributesCount: 0,
    events: [],
    droppedEventsCount: 0,
    links: [],
    droppedLinksCount: 0,
    statusCode: 0,
    statusMessage: '',
    resource: web,
    scope: noScope,
    ...fields,
  };
}
