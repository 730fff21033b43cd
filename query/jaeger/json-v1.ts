/** The JSON of Jaeger's HTTP API v1 (the model of Jaeger UI and Grafana). */
import { inTurns } from '../../storage/steps.ts';
import {
  type KeyValue,
  type StoredResource,
  type StoredTrace,
  serviceName,
} from '../../storage/traces/model.ts';
import { type ViewSpan, view } from '../shown/view.ts';
import { adjust, sortAttributes } from './adjust.ts';
import { Entries, Items, Later } from './json-text.ts';
import { rawValue } from './json-value.ts';

/** The service name shown for a resource that has none, as Jaeger 2 writes it. */
export const missingServiceName = 'missing-service-name';

/** A tag, or a field of a log. Ints beyond what a double holds, NaN and infinities are texts. */
export interface V1KeyValue {
  key: string;
  type: 'string' | 'bool' | 'int64' | 'float64' | 'binary';
  value: string | number | boolean;
}

/** A parent or a link. */
export interface V1Reference {
  refType: 'CHILD_OF' | 'FOLLOWS_FROM';
  traceID: string;
  spanID: string;
}

/** A span in the form of API v1. */
export interface V1Span {
  traceID: string;
  spanID: string;
  operationName: string;
  references: V1Reference[];
  /** Microseconds since 1970. */
  startTime: number;
  /** Microseconds. */
  duration: number;
  tags: V1KeyValue[];
  logs: { timestamp: number; fields: V1KeyValue[] }[];
  processID: string;
  warnings: string[] | null;
}

/** What spans of one resource share. */
export interface V1Process {
  serviceName: string;
  tags: V1KeyValue[];
}

/** A trace in the form of API v1. */
export interface V1Trace {
  traceID: string;
  spans: V1Span[];
  processes: Record<string, V1Process>;
  warnings: string[] | null;
}

/** How a trace is shown. */
export interface V1Options {
  /** Leave the trace as it is stored. */
  readonly raw: boolean;
  readonly maxClockSkewNs: bigint;
}

const missingParentText = 'invalid parent span IDs=%s; skipping clock skew adjustment';
const kinds = ['', 'internal', 'server', 'client', 'producer', 'consumer'];
const maxSafe = BigInt(Number.MAX_SAFE_INTEGER);

/** The tag value of `span.kind`; '' for unspecified. */
export function kindName(kind: number): string {
  return kinds[kind] ?? '';
}

/**
 * One trace as /api/traces/{id} shows it: an object of the form {@link V1Trace}. Its spans are made
 * as they are written. Rejects with the reason of `signal`.
 */
export async function v1Trace(
  trace: StoredTrace,
  options: V1Options,
  signal?: AbortSignal,
): Promise<Entries> {
  const adjusted = options.raw
    ? undefined
    : adjust(trace.spans, { ...options, missingParentText, sortEvents: false });
  const spans = adjusted === undefined ? views(trace) : await inTurns(adjusted, signal);
  const processes = new Processes();
  const shown = function* (): Generator<V1Span> {
    for (const span of spans) yield toSpan(span, processes, options.raw);
  };
  return new Entries({
    traceID: trace.traceId,
    spans: new Items(shown()),
    processes: new Later(() => new Entries(processes.named)),
    warnings: trace.truncated ? [truncatedText(trace)] : null,
  });
}

/** The spans as they are stored. */
function* views({ spans }: StoredTrace): Generator<ViewSpan> {
  for (const span of spans) yield view(span);
}

/** What is said of a trace that is not there as a whole. */
export function truncatedText({ spans }: StoredTrace): string {
  return `only ${spans.length} spans of this trace are shown`;
}

/** Identical processes share an id, numbered as they appear. */
class Processes {
  readonly named: Record<string, V1Process> = {};
  readonly #known = new Map<string, string>();
  readonly #byResource = new Map<StoredResource, string>();

  /** `moved` are span attributes that describe the process. */
  idOf(resource: StoredResource, moved: readonly KeyValue[]): string {
    const seen = moved.length === 0 ? this.#byResource.get(resource) : undefined;
    if (seen !== undefined) return seen;
    const attributes = resource.attributes.filter((a) => a.key !== 'service.name');
    const all = moved.length === 0 ? attributes : sortAttributes([...attributes, ...moved]);
    const process: V1Process = {
      serviceName: serviceName(resource) || missingServiceName,
      tags: all.map(toTag),
    };
    const print = JSON.stringify(process);
    let id = this.#known.get(print);
    if (id === undefined) {
      id = `p${this.#known.size + 1}`;
      this.#known.set(print, id);
      this.named[id] = process;
    }
    if (moved.length === 0) this.#byResource.set(resource, id);
    return id;
  }
}

const libraryKeys = new Set([
  'telemetry.sdk.language',
  'telemetry.sdk.name',
  'telemetry.sdk.version',
  'telemetry.distro.name',
  'telemetry.distro.version',
]);

const micros = (ns: bigint): number => Number(ns / 1000n);

function toSpan(span: ViewSpan, processes: Processes, raw: boolean): V1Span {
  const { stored } = span;
  const moved = raw ? [] : span.attributes.filter((a) => libraryKeys.has(a.key));
  const own =
    moved.length === 0 ? span.attributes : span.attributes.filter((a) => !moved.includes(a));
  const tags = spanTags(span, own);
  return {
    traceID: stored.traceId,
    spanID: span.spanId,
    operationName: stored.name,
    references: references(span),
    startTime: micros(span.startUnixNano),
    duration: micros(span.endUnixNano - span.startUnixNano),
    tags: raw ? tags : tags.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0)),
    logs: span.events.map((event) => ({
      timestamp: micros(event.timeUnixNano),
      fields: eventFields(event.name, event.attributes),
    })),
    processID: processes.idOf(span.resource, moved),
    warnings: span.warnings.length === 0 ? null : span.warnings,
  };
}

function eventFields(name: string, attributes: readonly KeyValue[]): V1KeyValue[] {
  const fields = attributes.map(toTag);
  if (name === '' || attributes.some((a) => a.key === 'event')) return fields;
  return [{ key: 'event', type: 'string', value: name }, ...fields];
}

function spanTags(span: ViewSpan, attributes: readonly KeyValue[]): V1KeyValue[] {
  const { stored } = span;
  const tags: V1KeyValue[] = [];
  const text = (key: string, value: string): void => {
    if (value !== '') tags.push({ key, type: 'string', value });
  };
  text('otel.scope.name', stored.scope.name);
  text('otel.scope.version', stored.scope.version);
  for (const attribute of attributes) tags.push(toTag(attribute));
  text('span.kind', kindName(stored.kind));
  if (stored.statusCode === 1) text('otel.status_code', 'OK');
  if (stored.statusCode === 2) {
    text('otel.status_code', 'ERROR');
    tags.push({ key: 'error', type: 'bool', value: true });
  }
  text('otel.status_description', stored.statusMessage);
  text('w3c.tracestate', stored.traceState);
  return tags;
}

function references(span: ViewSpan): V1Reference[] {
  const found: V1Reference[] = [];
  if (span.parentSpanId !== '') {
    const traceID = span.stored.traceId;
    found.push({ refType: 'CHILD_OF', traceID, spanID: span.parentSpanId });
  }
  for (const link of span.links) {
    const type = link.attributes.find((a) => a.key === 'opentracing.ref_type')?.value;
    const child = type?.type === 'string' && type.value === 'child_of';
    const refType = child ? 'CHILD_OF' : 'FOLLOWS_FROM';
    found.push({ refType, traceID: link.traceId, spanID: link.spanId });
  }
  return found;
}

function toTag({ key, value }: KeyValue): V1KeyValue {
  switch (value.type) {
    case 'string':
      return { key, type: 'string', value: value.value };
    case 'bool':
      return { key, type: 'bool', value: value.value };
    case 'int': {
      const safe = value.value <= maxSafe && value.value >= -maxSafe;
      return { key, type: 'int64', value: safe ? Number(value.value) : `${value.value}` };
    }
    case 'double':
      return { key, type: 'float64', value: finite(value.value) };
    case 'bytes':
      return { key, type: 'binary', value: Buffer.from(value.value).toString('base64') };
    case 'empty':
      return { key, type: 'string', value: '' };
    default:
      return { key, type: 'string', value: rawValue(value) };
  }
}

/** JSON has no NaN or infinity: they are shown as text. */
function finite(value: number): number | string {
  return Number.isFinite(value) ? value : String(value);
}
