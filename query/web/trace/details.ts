/** One span with all that it says, out of its OTLP/JSON. */

import { stitchAttributes } from '../../stitched/rewrite.ts';
import type {
  ShownAttribute,
  ShownValue,
  SpanDetails,
  SpanEvent,
  SpanLink,
  TraceRow,
} from '../contract/trace.ts';
import { groupAttributes } from './attribute-meaning.ts';
import type { SpanGroup } from './packed-spans.ts';

/** Characters of a value that are shown; the JSON of the span has all of them. */
const mostChars = 32_768;

// OTLP/JSON as this program wrote it: what is absent is empty.
interface AnyValue {
  readonly stringValue?: string;
  readonly boolValue?: boolean;
  readonly intValue?: string;
  readonly doubleValue?: number | string;
  readonly bytesValue?: string;
  readonly arrayValue?: { readonly values?: readonly AnyValue[] };
  readonly kvlistValue?: { readonly values?: readonly KeyValue[] };
}

interface KeyValue {
  readonly key: string;
  readonly value: AnyValue;
}

interface Attributes {
  readonly attributes?: readonly KeyValue[];
  readonly droppedAttributesCount?: number;
}

interface Span extends Attributes {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly traceState?: string;
  readonly flags?: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly events?: readonly (Attributes & { timeUnixNano: string; name?: string })[];
  readonly droppedEventsCount?: number;
  readonly links?: readonly (Attributes & {
    traceId: string;
    spanId: string;
    traceState?: string;
  })[];
  readonly droppedLinksCount?: number;
  readonly status?: { readonly message?: string };
}

interface Scope extends Attributes {
  readonly name?: string;
  readonly version?: string;
}

interface DetailsOf {
  readonly version: string;
  readonly row: TraceRow;
  readonly parentIndex: number | null;
  /** OTLP/JSON of the span. */
  readonly json: string;
  readonly group: SpanGroup;
}

/**
 * Times and ids as the page shows them. @throws SyntaxError when `json` is none: a programming
 * error
 */
export function detailsOf({ version, row, parentIndex, json, group }: DetailsOf): SpanDetails {
  const span = JSON.parse(json) as Span;
  const scope = JSON.parse(group.scope) as Scope;
  const attributes = shown(span.attributes);
  return {
    version,
    row,
    traceId: span.traceId,
    parentSpanId: span.parentSpanId ?? '',
    parentIndex,
    traceState: span.traceState ?? '',
    flags: span.flags ?? 0,
    startUnixNano: span.startTimeUnixNano,
    endUnixNano: span.endTimeUnixNano,
    statusMessage: span.status?.message ?? '',
    attributes: groupAttributes(attributes),
    resource: groupAttributes(shown((JSON.parse(group.resource) as Attributes).attributes)),
    scope: {
      name: scope.name ?? '',
      version: scope.version ?? '',
      attributes: shown(scope.attributes),
    },
    events: eventsOf(span),
    links: linksOf(span),
    dropped: {
      attributes: span.droppedAttributesCount ?? 0,
      events: span.droppedEventsCount ?? 0,
      links: span.droppedLinksCount ?? 0,
    },
    stitching: stitchingOf(attributes),
  };
}

/** A row for a parent that is not stored: nothing but what its children say of it. */
export function missingDetails(version: string, traceId: string, row: TraceRow): SpanDetails {
  return {
    version,
    row,
    traceId,
    parentSpanId: '',
    parentIndex: null,
    traceState: '',
    flags: 0,
    startUnixNano: '0',
    endUnixNano: '0',
    statusMessage: '',
    attributes: [],
    resource: [],
    scope: { name: '', version: '', attributes: [] },
    events: [],
    links: [],
    dropped: { attributes: 0, events: 0, links: 0 },
    stitching: null,
  };
}

function eventsOf({ events = [], startTimeUnixNano }: Span): SpanEvent[] {
  const startNs = BigInt(startTimeUnixNano);
  return events.map((event) => ({
    name: event.name ?? '',
    sinceStartNs: Number(BigInt(event.timeUnixNano) - startNs),
    timeUnixNano: event.timeUnixNano,
    attributes: shown(event.attributes),
    dropped: event.droppedAttributesCount ?? 0,
  }));
}

function linksOf({ links = [] }: Span): SpanLink[] {
  return links.map((link) => ({
    traceId: link.traceId,
    spanId: link.spanId,
    traceState: link.traceState ?? '',
    attributes: shown(link.attributes),
    dropped: link.droppedAttributesCount ?? 0,
  }));
}

function stitchingOf(attributes: readonly ShownAttribute[]): SpanDetails['stitching'] {
  const text = (key: string): string =>
    attributes.find((attribute) => attribute.key === key)?.value.text ?? '';
  const stitching = {
    rule: text(stitchAttributes.rule),
    evidence: text(stitchAttributes.evidence),
    unlinked: text(stitchAttributes.unlinked),
    storedTraceId: text(stitchAttributes.traceId),
    storedParentSpanId: text(stitchAttributes.parentSpanId),
  };
  return Object.values(stitching).every((value) => value === '') ? null : stitching;
}

function shown(attributes: readonly KeyValue[] = []): ShownAttribute[] {
  return attributes.map(({ key, value }) => ({ key, value: shownValue(value) }));
}

function shownValue(value: AnyValue): ShownValue {
  const [type, text] = typed(value);
  const cut = Math.max(0, text.length - mostChars);
  return { type, text: cut === 0 ? text : text.slice(0, mostChars), cut };
}

function typed(value: AnyValue): [ShownValue['type'], string] {
  if (value.stringValue !== undefined) return ['string', value.stringValue];
  if (value.intValue !== undefined) return ['int', value.intValue];
  if (value.boolValue !== undefined) return ['bool', String(value.boolValue)];
  if (value.doubleValue !== undefined) return ['double', String(value.doubleValue)];
  if (value.bytesValue !== undefined) return ['bytes', value.bytesValue];
  if (value.arrayValue !== undefined) return ['array', JSON.stringify(plain(value))];
  if (value.kvlistValue !== undefined) return ['map', JSON.stringify(plain(value))];
  return ['empty', ''];
}

/** As people write it in JSON: integers beyond 2^53 stay texts. */
function plain(value: AnyValue): unknown {
  if (value.arrayValue !== undefined) return (value.arrayValue.values ?? []).map(plain);
  if (value.kvlistValue !== undefined) {
    const entries = value.kvlistValue.values ?? [];
    return Object.fromEntries(entries.map(({ key, value: own }) => [key, plain(own)]));
  }
  if (value.intValue !== undefined) {
    const number = Number(value.intValue);
    return Number.isSafeInteger(number) ? number : value.intValue;
  }
  return value.stringValue ?? value.boolValue ?? value.doubleValue ?? value.bytesValue ?? null;
}
