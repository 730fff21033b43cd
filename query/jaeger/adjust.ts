/**
 * What Jaeger's query service does to a trace before it answers: ids that a client and a server
 * span share are told apart, exact duplicates dropped, attributes sorted, clock skew marked or
 * mended, numeric IPs written out. Nothing stored is changed.
 */
import { hash } from 'node:crypto';
import { Pace, type Steps } from '../../storage/steps.ts';
import type {
  AttributeValue,
  KeyValue,
  StoredEvent,
  StoredResource,
  StoredScope,
  StoredSpan,
} from '../../storage/traces/model.ts';
import { correctClockSkew, type SkewOptions } from '../shown/clock-skew.ts';
import { type ViewSpan, view } from '../shown/view.ts';

/** How a trace is adjusted. */
export interface AdjustOptions extends SkewOptions {
  /** Puts events in order of time; API v1 keeps the order in which they were recorded. */
  readonly sortEvents: boolean;
}

const byKey = (a: KeyValue, b: KeyValue): number => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0);

const byTime = (a: StoredEvent, b: StoredEvent): number =>
  a.timeUnixNano < b.timeUnixNano ? -1 : a.timeUnixNano > b.timeUnixNano ? 1 : 0;

/** Attributes by key, in the order of UTF-16 code units. */
export function sortAttributes(attributes: readonly KeyValue[]): readonly KeyValue[] {
  return attributes.length < 2 ? attributes : attributes.toSorted(byKey);
}

/** All adjusters, in Jaeger's order. */
export function* adjust(spans: readonly StoredSpan[], options: AdjustOptions): Steps<ViewSpan[]> {
  const views = yield* sortedViews(spans, options);
  yield* separateSharedIds(views);
  const kept = yield* withoutDuplicates(views);
  yield* correctClockSkew(kept, options);
  const pace = new Pace();
  for (const shown of kept) {
    removeEmptyLinks(shown);
    if (pace.due(1 + shown.links.length)) yield;
  }
  return kept;
}

function* sortedViews(
  spans: readonly StoredSpan[],
  { sortEvents }: AdjustOptions,
): Steps<ViewSpan[]> {
  const resources = new Map<StoredResource, StoredResource>();
  const pace = new Pace();
  const views: ViewSpan[] = [];
  for (const stored of spans) {
    const shown = view(stored);
    shown.attributes = normalizeIps(sortAttributes(stored.attributes));
    shown.events = stored.events.map((e) => ({ ...e, attributes: sortAttributes(e.attributes) }));
    if (sortEvents) shown.events = shown.events.toSorted(byTime);
    shown.links = stored.links.map((l) => ({ ...l, attributes: sortAttributes(l.attributes) }));
    shown.resource = once(resources, stored.resource, sortedResource);
    views.push(shown);
    if (pace.due(piecesOf(stored))) yield;
  }
  return views;
}

/** Attributes, events and links of a span, and itself. */
function piecesOf({ attributes, events, links }: StoredSpan): number {
  let pieces = 1 + attributes.length;
  for (const event of events) pieces += 1 + event.attributes.length;
  for (const link of links) pieces += 1 + link.attributes.length;
  return pieces;
}

function once<K, V>(cache: Map<K, V>, key: K, make: (key: K) => V): V {
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
function* separateSharedIds(spans: readonly ViewSpan[]): Steps<void> {
  const pace = new Pace();
  const clients = new Set<string>();
  const used = new Set<string>();
  for (const { stored, spanId } of spans) {
    if (stored.kind === client) clients.add(spanId);
    used.add(spanId);
    if (pace.due()) yield;
  }
  if (clients.size === 0) return;
  const renamed = new Map<string, string>();
  let next = 0n;
  for (const span of spans) {
    if (pace.due()) yield;
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
    if (pace.due()) yield;
  }
}

/** Says of spans that share an id whether they are the same, in little memory. */
class Fingerprints {
  readonly #sets = new Map<StoredResource | StoredScope, string>();

  of({ stored, attributes, events, links, resource: shown }: ViewSpan): string {
    const { resource: _, scope, events: _e, links: _l, attributes: _a, ...rest } = stored;
    const resource = once(this.#sets, shown, (set) => printOf(set.attributes));
    const parts = [rest, attributes, events, links, resource, once(this.#sets, scope, printOf)];
    return printOf(parts);
  }
}

function printOf(value: unknown): string {
  const text = JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'bigint' ? `${inner}` : inner,
  );
  return hash('sha256', text, 'base64');
}

/** A fingerprint takes about as long as sorting so many attributes. */
const printPieces = 20;

/** The same span sent twice (OTLP is at-least-once) is shown once. */
function* withoutDuplicates(spans: readonly ViewSpan[]): Steps<ViewSpan[]> {
  const pace = new Pace();
  const prints = new Fingerprints();
  const first = new Map<string, ViewSpan>();
  const seen = new Map<string, Set<string>>();
  const kept: ViewSpan[] = [];
  for (const span of spans) {
    const other = first.get(span.spanId);
    if (other === undefined) first.set(span.spanId, span);
    else {
      const same = once(seen, span.spanId, () => new Set([prints.of(other)]));
      const print = prints.of(span);
      if (pace.due(printPieces)) yield;
      if (same.has(print)) continue;
      same.add(print);
    }
    kept.push(span);
    if (pace.due()) yield;
  }
  return kept;
}

const noTrace = '0'.repeat(32);

function removeEmptyLinks(span: ViewSpan): void {
  const valid = span.links.filter((link) => link.traceId !== '' && link.traceId !== noTrace);
  for (let i = valid.length; i < span.links.length; i += 1) {
    span.warnings.push('Invalid span link removed');
  }
  span.links = valid;
}
