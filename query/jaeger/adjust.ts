/**
 * What Jaeger's query service does to a trace before it answers: ids that a client and a server
 * span share are told apart, exact duplicates dropped, attributes sorted, clock skew marked or
 * mended, numeric IPs written out. Nothing stored is changed.
 */
import type {
  AttributeValue,
  KeyValue,
  StoredEvent,
  StoredResource,
  StoredSpan,
} from '../../storage/traces/model.ts';
import { correctClockSkew, type SkewOptions } from '../shown/clock-skew.ts';
import { type ViewSpan, view } from '../shown/view.ts';

export interface AdjustOptions extends SkewOptions {
  /** Events by time; API v1 keeps the order in which they were recorded. */
  readonly sortEvents: boolean;
}

const byKey = (a: KeyValue, b: KeyValue): number => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0);

const byTime = (a: StoredEvent, b: StoredEvent): number =>
  a.timeUnixNano < b.timeUnixNano ? -1 : a.timeUnixNano > b.timeUnixNano ? 1 : 0;

export function sortAttributes(attributes: readonly KeyValue[]): readonly KeyValue[] {
  return attributes.length < 2 ? attributes : attributes.toSorted(byKey);
}

/** All adjusters, in Jaeger's order. */
export function adjust(spans: readonly StoredSpan[], options: AdjustOptions): ViewSpan[] {
  const resources = new Map<StoredResource, StoredResource>();
  const views = spans.map((stored) => {
    const shown = view(stored);
    shown.attributes = normalizeIps(sortAttributes(stored.attributes));
    shown.events = stored.events.map((e) => ({ ...e, attributes: sortAttributes(e.attributes) }));
    if (options.sortEvents) shown.events = shown.events.toSorted(byTime);
    shown.links = stored.links.map((l) => ({ ...l, attributes: sortAttributes(l.attributes) }));
    shown.resource = once(resources, stored.resource, sortedResource);
    return shown;
  });
  separateSharedIds(views);
  const kept = dropDuplicates(views);
  correctClockSkew(kept, options);
  for (const shown of kept) removeEmptyLinks(shown);
  return kept;
}

function once<T>(cache: Map<T, T>, key: T, make: (value: T) => T): T {
  const known = cache.get(key);
  if (known !== undefined) return known;
  const made = make(key);
  cache.set(key, made);
  return made;
}

function sortedResource(resource: StoredResource): StoredResource {
  return { ...resource, attributes: sortAttributes(resource.attributes) };
}

const ipKeys = new Set(['ip', 'peer.ipv4']);

function normalizeIps(attributes: readonly KeyValue[]): readonly KeyValue[] {
  if (!attributes.some((a) => ipKeys.has(a.key))) return attributes;
  return attributes.map((a) => (ipKeys.has(a.key) ? { key: a.key, value: dotted(a.value) } : a));
}

function dotted(value: AttributeValue): AttributeValue {
  if (value.type !== 'int' && value.type !== 'double') return value;
  const n = Number(value.type === 'int' ? BigInt.asUintN(32, value.value) : value.value) >>> 0;
  const text = `${n >>> 24}.${(n >>> 16) & 255}.${(n >>> 8) & 255}.${n & 255}`;
  return { type: 'string', value: text };
}

const server = 2;
const client = 3;

/** Zipkin clients give both ends of a call one id: the server's end becomes a child of its own. */
function separateSharedIds(spans: readonly ViewSpan[]): void {
  const clients = new Set(spans.filter((s) => s.stored.kind === client).map((s) => s.spanId));
  if (clients.size === 0) return;
  const used = new Set(spans.map((s) => s.spanId));
  const renamed = new Map<string, string>();
  let next = 0n;
  for (const span of spans) {
    if (span.stored.kind !== server || !clients.has(span.spanId)) continue;
    let id: string;
    do {
      next += 1n;
      id = next.toString(16).padStart(16, '0');
    } while (used.has(id));
    renamed.set(span.spanId, id);
    span.parentSpanId = span.spanId;
    span.spanId = id;
  }
  for (const span of spans) {
    const parent = renamed.get(span.parentSpanId);
    if (parent !== undefined && parent !== span.spanId) span.parentSpanId = parent;
  }
}

function fingerprint(span: ViewSpan): string {
  const { stored } = span;
  const { resource, scope, events, links, attributes, ...rest } = stored;
  return JSON.stringify(
    [rest, span.attributes, span.events, span.links, span.resource.attributes, scope],
    (_, value: unknown) => (typeof value === 'bigint' ? `${value}` : value),
  );
}

/** The same span sent twice (OTLP is at-least-once) is shown once. */
function dropDuplicates(spans: readonly ViewSpan[]): ViewSpan[] {
  const byId = new Map<string, ViewSpan[]>();
  return spans.filter((span) => {
    const same = byId.get(span.spanId);
    if (same === undefined) {
      byId.set(span.spanId, [span]);
      return true;
    }
    const print = fingerprint(span);
    if (same.some((other) => fingerprint(other) === print)) return false;
    same.push(span);
    return true;
  });
}

const noTrace = '0'.repeat(32);

function removeEmptyLinks(span: ViewSpan): void {
  const valid = span.links.filter((link) => link.traceId !== '' && link.traceId !== noTrace);
  for (let i = valid.length; i < span.links.length; i += 1) {
    span.warnings.push('Invalid span link removed');
  }
  span.links = valid;
}
