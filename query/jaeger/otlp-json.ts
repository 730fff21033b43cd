/** OTLP/JSON traces as stored traces, for files that are shown without being stored. */
import type {
  AttributeValue,
  KeyValue,
  StoredEvent,
  StoredLink,
  StoredSpan,
  StoredTrace,
} from '../../storage/traces/model.ts';
import { ParameterError } from './go-text.ts';

type Json = { [key: string]: unknown };

function objects(value: unknown): Json[] {
  return Array.isArray(value) ? value.filter((v): v is Json => typeof v === 'object' && !!v) : [];
}

function object(value: unknown): Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Json)
    : {};
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function number(value: unknown): number {
  const n = Number(value ?? 0);
  return Number.isFinite(n) ? n : 0;
}

function big(value: unknown): bigint {
  if (typeof value === 'number' && Number.isInteger(value)) return BigInt(value);
  if (typeof value === 'string' && /^-?\d{1,20}$/.test(value)) return BigInt(value);
  return 0n;
}

function anyValue(value: Json, depth: number): AttributeValue {
  if (depth > 32) throw new ParameterError('cannot read OTLP JSON: values nested deeper than 32');
  if ('stringValue' in value) return { type: 'string', value: text(value.stringValue) };
  if ('boolValue' in value) return { type: 'bool', value: value.boolValue === true };
  if ('intValue' in value) return { type: 'int', value: big(value.intValue) };
  if ('doubleValue' in value) return { type: 'double', value: Number(value.doubleValue) };
  if ('bytesValue' in value) {
    return { type: 'bytes', value: Buffer.from(text(value.bytesValue), 'base64') };
  }
  if ('arrayValue' in value) {
    const values = objects(object(value.arrayValue).values).map((v) => anyValue(v, depth + 1));
    return { type: 'array', value: values };
  }
  if ('kvlistValue' in value) {
    return { type: 'kvlist', value: attributes(object(value.kvlistValue).values, depth + 1) };
  }
  return { type: 'empty' };
}

function attributes(value: unknown, depth = 0): KeyValue[] {
  return objects(value).map((kv) => ({
    key: text(kv.key),
    value: anyValue(object(kv.value), depth),
  }));
}

function common(source: Json): { attributes: KeyValue[]; droppedAttributesCount: number } {
  return {
    attributes: attributes(source.attributes),
    droppedAttributesCount: number(source.droppedAttributesCount),
  };
}

function eventOf(event: Json): StoredEvent {
  return { timeUnixNano: big(event.timeUnixNano), name: text(event.name), ...common(event) };
}

function linkOf(link: Json): StoredLink {
  return {
    traceId: text(link.traceId).toLowerCase(),
    spanId: text(link.spanId).toLowerCase(),
    traceState: text(link.traceState),
    flags: number(link.flags),
    ...common(link),
  };
}

function spanOf(
  span: Json,
  resource: StoredSpan['resource'],
  scope: StoredSpan['scope'],
): StoredSpan {
  return {
    traceId: text(span.traceId).toLowerCase(),
    spanId: text(span.spanId).toLowerCase(),
    parentSpanId: text(span.parentSpanId).toLowerCase(),
    traceState: text(span.traceState),
    flags: number(span.flags),
    name: text(span.name),
    kind: number(span.kind),
    startUnixNano: big(span.startTimeUnixNano),
    endUnixNano: big(span.endTimeUnixNano),
    ...common(span),
    events: objects(span.events).map(eventOf),
    droppedEventsCount: number(span.droppedEventsCount),
    links: objects(span.links).map(linkOf),
    droppedLinksCount: number(span.droppedLinksCount),
    statusCode: number(object(span.status).code),
    statusMessage: text(object(span.status).message),
    resource,
    scope,
  };
}

/** @returns one entry a trace id, in order of appearance. @throws ParameterError */
export function otlpJsonTraces(body: Uint8Array): StoredTrace[] {
  let request: unknown;
  try {
    request = JSON.parse(Buffer.from(body).toString('utf8'));
  } catch (error) {
    throw new ParameterError(`cannot unmarshal OTLP JSON: ${(error as Error).message}`);
  }
  const traces = new Map<string, StoredSpan[]>();
  for (const group of objects(object(request).resourceSpans)) {
    const resource = { ...common(object(group.resource)), schemaUrl: text(group.schemaUrl) };
    for (const scoped of objects(group.scopeSpans)) {
      const named = object(scoped.scope);
      const ids = { name: text(named.name), version: text(named.version) };
      const scope = { ...ids, ...common(named), schemaUrl: text(scoped.schemaUrl) };
      for (const json of objects(scoped.spans)) {
        const span = spanOf(json, resource, scope);
        const known = traces.get(span.traceId);
        if (known === undefined) traces.set(span.traceId, [span]);
        else known.push(span);
      }
    }
  }
  return [...traces].map(([traceId, spans]) => ({ traceId, spans, truncated: false }));
}
