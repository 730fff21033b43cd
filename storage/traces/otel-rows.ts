import type {
  KeyValue,
  StoredEvent,
  StoredLink,
  StoredResource,
  StoredScope,
  StoredSpan,
} from './model.ts';
import type { RowBinaryReader } from './row-binary.ts';
import { readStrings } from './span-row.ts';

/** What {@link OtelSpans} reads, in this order; every version of the contrib table has them. */
export const otelColumns = `TraceId, SpanId, ParentSpanId, TraceState, SpanName, SpanKind,
  ServiceName, ResourceAttributes, ScopeName, ScopeVersion, SpanAttributes,
  toInt64(toUnixTimestamp64Nano(Timestamp)), Duration, StatusCode, StatusMessage,
  arrayMap(t -> toInt64(toUnixTimestamp64Nano(t)), \`Events.Timestamp\`), \`Events.Name\`,
  \`Events.Attributes\`, \`Links.TraceId\`, \`Links.SpanId\`, \`Links.TraceState\`,
  \`Links.Attributes\``;

const kinds = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'];

/** SpanKind from its name: `Server`, or `SPAN_KIND_SERVER` of older writers. */
export function kindOf(name: string): number {
  const plain = name.toLowerCase().replace(/^span_kind_/, '');
  return Math.max(kinds.indexOf(plain), 0);
}

/** Names that the table may have for a SpanKind. */
export function kindNames(kind: number): string[] {
  const name = kinds[kind] ?? kinds[0]!;
  return [name[0]!.toUpperCase() + name.slice(1), `SPAN_KIND_${name.toUpperCase()}`];
}

/** Status code from its name: `Error`, or `STATUS_CODE_ERROR` of older writers. */
export function statusOf(name: string): number {
  const plain = name.toLowerCase().replace(/^status_code_/, '');
  return Math.max(['unset', 'ok', 'error'].indexOf(plain), 0);
}

/** Reads span rows; equal resources and scopes of one answer are one object. */
export class OtelSpans {
  readonly #resources = new Map<string, StoredResource>();
  readonly #scopes = new Map<string, StoredScope>();

  read(r: RowBinaryReader): StoredSpan {
    const ids = {
      traceId: r.string().toLowerCase(),
      spanId: r.string().toLowerCase(),
      parentSpanId: r.string().toLowerCase(),
      traceState: r.string(),
    };
    const name = r.string();
    const kind = kindOf(r.string());
    const service = r.string();
    const resource = this.#resource(service, readStrings(r));
    const scope = this.#scope(r.string(), r.string());
    const attributes = readStrings(r);
    const startUnixNano = BigInt.asUintN(64, r.int64());
    const endUnixNano = BigInt.asUintN(64, startUnixNano + r.uint64());
    const status = { statusCode: statusOf(r.string()), statusMessage: r.string() };
    return {
      ...ids,
      flags: 0,
      name,
      kind,
      startUnixNano,
      endUnixNano,
      attributes,
      droppedAttributesCount: 0,
      events: readEvents(r),
      droppedEventsCount: 0,
      links: readLinks(r),
      droppedLinksCount: 0,
      ...status,
      resource,
      scope,
    };
  }

  /** A table of another writer may lack service.name among the attributes. */
  #resource(service: string, attributes: KeyValue[]): StoredResource {
    if (service !== '' && !attributes.some((a) => a.key === 'service.name')) {
      attributes.unshift({ key: 'service.name', value: { type: 'string', value: service } });
    }
    const key = JSON.stringify(attributes);
    const known = this.#resources.get(key);
    if (known !== undefined) return known;
    const resource = { attributes, droppedAttributesCount: 0, schemaUrl: '' };
    this.#resources.set(key, resource);
    return resource;
  }

  #scope(name: string, version: string): StoredScope {
    const key = JSON.stringify([name, version]);
    const known = this.#scopes.get(key);
    if (known !== undefined) return known;
    const scope = { name, version, attributes: [], droppedAttributesCount: 0, schemaUrl: '' };
    this.#scopes.set(key, scope);
    return scope;
  }
}

function readEvents(r: RowBinaryReader): StoredEvent[] {
  const times = r.array(() => BigInt.asUintN(64, r.int64()));
  const names = r.array(() => r.string());
  const attributes = r.array(() => readStrings(r));
  return times.map((timeUnixNano, i) => ({
    timeUnixNano,
    name: names[i]!,
    attributes: attributes[i]!,
    droppedAttributesCount: 0,
  }));
}

function readLinks(r: RowBinaryReader): StoredLink[] {
  const traceIds = r.array(() => r.string().toLowerCase());
  const spanIds = r.array(() => r.string().toLowerCase());
  const states = r.array(() => r.string());
  const attributes = r.array(() => readStrings(r));
  return traceIds.map((traceId, i) => ({
    traceId,
    spanId: spanIds[i]!,
    traceState: states[i]!,
    attributes: attributes[i]!,
    droppedAttributesCount: 0,
    flags: 0,
  }));
}
