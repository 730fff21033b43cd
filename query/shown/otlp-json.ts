/** Messages of OTLP/JSON of spans as they are shown. */
import type {
  AttributeValue,
  KeyValue,
  StoredEvent,
  StoredLink,
  StoredResource,
  StoredScope,
} from '../../storage/traces/model.ts';
import type { ViewSpan } from './view.ts';

/** A message in JSON; fields at their defaults are left out. */
export type Json = { [key: string]: unknown };

const warningsKey = '@jaeger@warnings';

/** The entry where there is a text. */
export function text(key: string, value: string): Json {
  return value === '' ? {} : { [key]: value };
}

function count(key: string, value: number): Json {
  return value === 0 ? {} : { [key]: value };
}

function withCount(target: Json, dropped: number): Json {
  return { ...target, ...count('droppedAttributesCount', dropped) };
}

/** A Resource message. */
export function resourceOf(resource: StoredResource): Json {
  return withCount({ ...attributesOf(resource.attributes) }, resource.droppedAttributesCount);
}

/** An InstrumentationScope message. */
export function scopeOf(scope: StoredScope): Json {
  const named = { ...text('name', scope.name), ...text('version', scope.version) };
  return withCount({ ...named, ...attributesOf(scope.attributes) }, scope.droppedAttributesCount);
}

/** A Span message. */
export function spanOf(span: ViewSpan): Json {
  const { stored } = span;
  const attributes =
    span.warnings.length === 0 ? span.attributes : [...span.attributes, warning(span.warnings)];
  return {
    traceId: stored.traceId,
    spanId: span.spanId,
    ...text('traceState', stored.traceState),
    ...text('parentSpanId', span.parentSpanId),
    ...count('flags', stored.flags),
    name: stored.name,
    ...count('kind', stored.kind),
    startTimeUnixNano: `${span.startUnixNano}`,
    endTimeUnixNano: `${span.endUnixNano}`,
    ...attributesOf(attributes),
    ...count('droppedAttributesCount', stored.droppedAttributesCount),
    ...list('events', span.events.map(eventOf)),
    ...count('droppedEventsCount', stored.droppedEventsCount),
    ...list('links', span.links.map(linkOf)),
    ...count('droppedLinksCount', stored.droppedLinksCount),
    status: { ...text('message', stored.statusMessage), ...count('code', stored.statusCode) },
  };
}

function warning(texts: readonly string[]): KeyValue {
  const values = texts.map((value) => ({ type: 'string' as const, value }));
  return { key: warningsKey, value: { type: 'array', value: values } };
}

function eventOf(event: StoredEvent): Json {
  const base = { timeUnixNano: `${event.timeUnixNano}`, ...text('name', event.name) };
  return withCount({ ...base, ...attributesOf(event.attributes) }, event.droppedAttributesCount);
}

function linkOf(link: StoredLink): Json {
  const ids = {
    traceId: link.traceId,
    spanId: link.spanId,
    ...text('traceState', link.traceState),
  };
  const all = withCount({ ...ids, ...attributesOf(link.attributes) }, link.droppedAttributesCount);
  return { ...all, ...count('flags', link.flags) };
}

function list(key: string, values: readonly Json[]): Json {
  return values.length === 0 ? {} : { [key]: values };
}

function attributesOf(attributes: readonly KeyValue[]): Json {
  return list('attributes', attributes.map(keyValue));
}

function keyValue({ key, value }: KeyValue): Json {
  return { key, value: anyValue(value) };
}

function anyValue(value: AttributeValue): Json {
  switch (value.type) {
    case 'empty':
      return {};
    case 'string':
      return { stringValue: value.value };
    case 'bool':
      return { boolValue: value.value };
    case 'int':
      return { intValue: `${value.value}` };
    case 'double':
      return { doubleValue: Number.isFinite(value.value) ? value.value : nonFinite(value.value) };
    case 'bytes':
      return { bytesValue: Buffer.from(value.value).toString('base64') };
    case 'array':
      return { arrayValue: list('values', value.value.map(anyValue)) };
    default:
      return { kvlistValue: list('values', value.value.map(keyValue)) };
  }
}

/** The names that protobuf's JSON mapping gives them. */
function nonFinite(value: number): string {
  return Number.isNaN(value) ? 'NaN' : value > 0 ? 'Infinity' : '-Infinity';
}
