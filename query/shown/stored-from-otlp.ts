/** OTLP/JSON traces as stored traces, for files that are shown without being stored. */
import { parseJson } from '../../pdata/json.ts';
import {
  eachElement,
  eachEntry,
  MessageView,
  SpanField,
  SpanReader,
  ValueType,
  ValueView,
} from '../../pdata/readers.ts';
import { atOnce, Pace, type Steps } from '../../storage/steps.ts';
import type {
  AttributeValue,
  KeyValue,
  StoredEvent,
  StoredLink,
  StoredResource,
  StoredScope,
  StoredSpan,
  StoredTrace,
} from '../../storage/traces/model.ts';

/** The value at [start, end) of `bytes`. */
function valueAt(bytes: Uint8Array, start: number, end: number): AttributeValue {
  const view = new ValueView();
  view.locate(bytes, start, end);
  switch (view.type) {
    case ValueType.string:
      return { type: 'string', value: view.string() };
    case ValueType.bool:
      return { type: 'bool', value: view.bool() };
    case ValueType.int:
      return { type: 'int', value: view.bigint() };
    case ValueType.double:
      return { type: 'double', value: view.number() };
    case ValueType.bytes:
      return { type: 'bytes', value: bytes.slice(view.contentStart, view.contentEnd) };
    case ValueType.array: {
      const value: AttributeValue[] = [];
      eachElement(view, (from, to) => value.push(valueAt(bytes, from, to)));
      return { type: 'array', value };
    }
    case ValueType.map: {
      const value: KeyValue[] = [];
      eachEntry(view, (key, from, to) => value.push({ key, value: valueAt(bytes, from, to) }));
      return { type: 'kvlist', value };
    }
    default:
      return { type: 'empty' };
  }
}

function attributesOf(view: MessageView): KeyValue[] {
  const all: KeyValue[] = [];
  view.rewind();
  while (view.nextAttribute()) {
    const { bytes, start, end } = view.value;
    all.push({ key: view.keyText(), value: valueAt(bytes, start, end) });
  }
  return all;
}

/** @param dropped number of the field that counts attributes that were dropped */
function common(view: MessageView, dropped: number) {
  return { attributes: attributesOf(view), droppedAttributesCount: view.uint(dropped) };
}

/** A fixed64 field: nanoseconds since 1970. */
function time(view: MessageView, field: number): bigint {
  view.fixed64(field);
  return (BigInt(view.hi) << 32n) | BigInt(view.lo);
}

/** An id in lower hex, '' when absent. */
function id(view: MessageView, field: number): string {
  if (!view.findField(field)) return '';
  const { bytes, start, end } = view.value;
  return Buffer.from(bytes.subarray(start, end)).toString('hex');
}

function eventsOf(r: SpanReader): StoredEvent[] {
  const all: StoredEvent[] = [];
  while (r.nextEvent()) {
    all.push({ timeUnixNano: time(r.event, 1), name: r.event.string(2), ...common(r.event, 4) });
  }
  return all;
}

function linksOf(r: SpanReader): StoredLink[] {
  const all: StoredLink[] = [];
  while (r.nextLink()) {
    all.push({
      traceId: id(r.link, 1),
      spanId: id(r.link, 2),
      traceState: r.link.string(3),
      flags: r.link.fixed32(6),
      ...common(r.link, 5),
    });
  }
  return all;
}

function spanOf(r: SpanReader, resource: StoredResource, scope: StoredScope): StoredSpan {
  const { item } = r;
  return {
    traceId: id(item, SpanField.traceId),
    spanId: id(item, SpanField.spanId),
    parentSpanId: id(item, SpanField.parentSpanId),
    traceState: item.string(SpanField.traceState),
    flags: item.fixed32(SpanField.flags),
    name: r.name,
    kind: r.kind,
    startUnixNano: time(item, SpanField.start),
    endUnixNano: time(item, SpanField.end),
    ...common(item, SpanField.droppedAttributes),
    events: eventsOf(r),
    droppedEventsCount: item.uint(SpanField.droppedEvents),
    links: linksOf(r),
    droppedLinksCount: item.uint(SpanField.droppedLinks),
    statusCode: r.statusCode,
    statusMessage: r.statusMessage,
    resource,
    scope,
  };
}

/** @returns one entry a trace id, in order of appearance. @throws WireError */
export function otlpJsonTraces(body: Uint8Array): StoredTrace[] {
  return atOnce(otlpJsonSteps(body));
}

/** As {@link otlpJsonTraces}, with turns for others but for the reading of the JSON itself. */
export function* otlpJsonSteps(body: Uint8Array): Steps<StoredTrace[]> {
  const traces = new Map<string, StoredSpan[]>();
  const pace = new Pace();
  const r = new SpanReader(parseJson('traces', body));
  const group = new MessageView();
  while (r.nextResource()) {
    r.bindResourceGroup(group);
    const resource = { ...common(r.resource, 2), schemaUrl: group.string(3) };
    while (r.nextScope()) {
      r.bindScopeGroup(group);
      const named = { name: r.scope.string(1), version: r.scope.string(2) };
      const scope = { ...named, ...common(r.scope, 4), schemaUrl: group.string(3) };
      while (r.nextItem()) {
        const span = spanOf(r, resource, scope);
        const known = traces.get(span.traceId);
        if (known === undefined) traces.set(span.traceId, [span]);
        else known.push(span);
        if (pace.due(2 + span.attributes.length + span.events.length + span.links.length)) yield;
      }
    }
  }
  return Array.from(traces, ([traceId, spans]) => ({ traceId, spans, truncated: false }));
}
