/** Spans out of the store: by Jaeger's API, and each once more by the view `otel_traces`. */
import assert from 'node:assert/strict';
import { eventually } from './all-in-one.ts';
import type { Stored } from './stored.ts';

interface Attribute {
  readonly key: string;
  readonly value: Readonly<Record<string, unknown>>;
}

/** Integers stay texts, as OTLP/JSON has them. */
export const plain = (attributes: readonly Attribute[] = []): Record<string, unknown> =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));

/** A span as it came out; attributes of one key that come twice are one. */
export interface Got {
  readonly resource: Record<string, unknown>;
  readonly scope: string;
  readonly traceId: string;
  readonly spanId: string;
  /** '' without a parent. */
  readonly parentSpanId: string;
  readonly name: string;
  readonly kind: number;
  /** Nanoseconds since 1970. */
  readonly start: string;
  readonly end: string;
  readonly attributes: Record<string, unknown>;
  readonly events: readonly {
    readonly time: string;
    readonly name: string;
    readonly attributes: Record<string, unknown>;
  }[];
  readonly status: Record<string, unknown>;
}

/** OTLP/JSON of spans, as far as it is compared. */
export interface ResourceSpans {
  readonly resource?: { readonly attributes?: readonly Attribute[] };
  readonly scopeSpans: readonly {
    readonly scope?: { readonly name?: string };
    readonly spans: readonly {
      readonly traceId: string;
      readonly spanId: string;
      readonly parentSpanId?: string;
      readonly name: string;
      readonly kind?: number;
      readonly startTimeUnixNano: string;
      readonly endTimeUnixNano: string;
      readonly attributes?: readonly Attribute[];
      readonly events?: readonly {
        timeUnixNano: string;
        name?: string;
        attributes?: readonly Attribute[];
      }[];
      readonly status?: Record<string, unknown>;
    }[];
  }[];
}

/** Spans of OTLP/JSON. */
export function spansIn(groups: readonly ResourceSpans[]): Got[] {
  return groups.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ scope, spans }) =>
      spans.map((span) => ({
        resource: plain(resource?.attributes),
        scope: scope?.name ?? '',
        traceId: span.traceId,
        spanId: span.spanId,
        parentSpanId: span.parentSpanId ?? '',
        name: span.name,
        kind: span.kind ?? 0,
        start: span.startTimeUnixNano,
        end: span.endTimeUnixNano,
        attributes: plain(span.attributes),
        events: (span.events ?? []).map(({ timeUnixNano, name = '', attributes }) => ({
          time: timeUnixNano,
          name,
          attributes: plain(attributes),
        })),
        status: span.status ?? {},
      })),
    ),
  );
}

/** A row of view `otel_traces`. */
interface Row {
  readonly time: string;
  readonly TraceId: string;
  readonly SpanId: string;
  readonly ParentSpanId: string;
  readonly SpanName: string;
  readonly SpanKind: string;
  readonly ResourceAttributes: Record<string, string>;
  readonly ScopeName: string;
  readonly SpanAttributes: Record<string, string>;
  readonly Duration: string;
  readonly StatusCode: string;
  readonly StatusMessage: string;
  readonly eventTimes: readonly string[];
  readonly eventNames: readonly string[];
  readonly eventAttributes: readonly Record<string, string>[];
}

const columns = `toString(toUnixTimestamp64Nano(Timestamp)) AS time, TraceId, SpanId, ParentSpanId,
  SpanName, SpanKind, ResourceAttributes, ScopeName, SpanAttributes, toString(Duration) AS Duration,
  StatusCode, StatusMessage, Events.Name AS eventNames, Events.Attributes AS eventAttributes,
  arrayMap(t -> toString(toUnixTimestamp64Nano(t)), Events.Timestamp) AS eventTimes`;

const kinds = ['Unspecified', 'Internal', 'Server', 'Client', 'Producer', 'Consumer'];
const codes = ['Unset', 'Ok', 'Error'];

type Values = Readonly<Record<string, unknown>>;

/** A value as the view has it; lists hold texts. @param whole how it has a double that is whole */
function textOf(value: unknown, whole: (value: number) => string): string {
  if (typeof value === 'number') return Number.isInteger(value) ? whole(value) : String(value);
  if (typeof value !== 'object' || value === null) return String(value);
  const { values = [] } = value as { values?: readonly object[] };
  return JSON.stringify(values.map((one) => Object.values(one)[0]));
}

const mapped = (values: Values, text: (value: unknown) => string): Record<string, string> =>
  Object.fromEntries(Object.entries(values).map(([key, value]) => [key, text(value)]));

/** Attributes of spans. */
const texts = (values: Values) => mapped(values, (value) => textOf(value, String));

/** Attributes of events and resources: typed JSON (docs/schema.md), but for texts. */
const typed = (values: Values) =>
  mapped(values, (value) => textOf(value, (number) => `${number}.0`));

/** What the view shows of a span that Jaeger's API gave. */
function rowOf(span: Got): Row {
  return {
    time: span.start,
    TraceId: span.traceId,
    SpanId: span.spanId,
    ParentSpanId: span.parentSpanId,
    SpanName: span.name,
    SpanKind: kinds[span.kind]!,
    ResourceAttributes: typed(span.resource),
    ScopeName: span.scope,
    SpanAttributes: texts(span.attributes),
    Duration: String(BigInt(span.end) - BigInt(span.start)),
    StatusCode: codes[Number(span.status.code ?? 0)]!,
    StatusMessage: String(span.status.message ?? ''),
    eventNames: span.events.map(({ name }) => name),
    eventAttributes: span.events.map(({ attributes }) => typed(attributes)),
    eventTimes: span.events.map(({ time }) => time),
  };
}

/**
 * Waits until `count` spans of a service are stored; more than that is an error. Each is compared
 * between Jaeger's API and SQL.
 * @returns them as Jaeger's API gives them
 */
export async function storedSpans(stored: Stored, service: string, count: number): Promise<Got[]> {
  const sql = `SELECT ${columns} FROM otel_traces WHERE ServiceName = '${service}'`;
  const rows = await stored.whole<Row>(`spans of ${service}`, sql, count);
  assert.equal(rows.length, count);
  const byId = new Map(rows.map((row) => [`${row.TraceId} ${row.SpanId}`, row]));
  assert.equal(byId.size, count, 'no span is stored twice');
  let spans: Got[] = [];
  await eventually(`${count} spans of ${service} are found`, async () => {
    spans = await byJaeger(stored.jaeger, service);
    return spans.length >= count;
  });
  assert.equal(spans.length, count);
  for (const span of spans) {
    assert.deepEqual(byId.get(`${span.traceId} ${span.spanId}`), rowOf(span));
  }
  return spans;
}

/** All spans of a service: those of other services in its traces are left out. */
async function byJaeger(base: string, service: string): Promise<Got[]> {
  const search = new URLSearchParams({
    'query.service_name': service,
    'query.start_time_min': '2023-01-01T00:00:00Z',
    'query.start_time_max': new Date(Date.now() + 3_600_000).toISOString(),
    'query.search_depth': '1500',
    'query.raw_traces': 'true',
  });
  const response = await fetch(`${base}/api/v3/traces?${search}`);
  assert.equal(response.status, 200);
  assert.equal(response.headers.get('x-wirestitch-truncated'), null);
  const { result } = (await response.json()) as { result: { resourceSpans: ResourceSpans[] } };
  return spansIn(result.resourceSpans).filter(
    ({ resource }) => resource['service.name'] === service,
  );
}
