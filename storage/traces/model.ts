/**
 * Spans as the storage gives them back: plain objects with everything that OTLP has, for the query
 * side, where a result is thousands of spans and not millions.
 */

/** An OTLP AnyValue; `empty` is a value that is not set. */
export type AttributeValue =
  | { readonly type: 'empty' }
  | { readonly type: 'string'; readonly value: string }
  | { readonly type: 'bool'; readonly value: boolean }
  | { readonly type: 'int'; readonly value: bigint }
  | { readonly type: 'double'; readonly value: number }
  | { readonly type: 'bytes'; readonly value: Uint8Array }
  | { readonly type: 'array'; readonly value: readonly AttributeValue[] }
  | { readonly type: 'kvlist'; readonly value: readonly KeyValue[] };

/** An attribute. A list may have a key twice. */
export interface KeyValue {
  readonly key: string;
  readonly value: AttributeValue;
}

/** An OTLP Resource with the schema URL of its group. */
export interface StoredResource {
  readonly attributes: readonly KeyValue[];
  readonly droppedAttributesCount: number;
  readonly schemaUrl: string;
}

/** An OTLP InstrumentationScope with the schema URL of its group. */
export interface StoredScope {
  readonly name: string;
  readonly version: string;
  readonly attributes: readonly KeyValue[];
  readonly droppedAttributesCount: number;
  readonly schemaUrl: string;
}

/** An event of a span; times are nanoseconds since 1970. */
export interface StoredEvent {
  readonly timeUnixNano: bigint;
  readonly name: string;
  readonly attributes: readonly KeyValue[];
  readonly droppedAttributesCount: number;
}

/** A link of a span. */
export interface StoredLink {
  /** 32 lower-case hex digits. */
  readonly traceId: string;
  /** 16 lower-case hex digits. */
  readonly spanId: string;
  readonly traceState: string;
  readonly attributes: readonly KeyValue[];
  readonly droppedAttributesCount: number;
  readonly flags: number;
}

/** A span with everything that OTLP has; times are nanoseconds since 1970. */
export interface StoredSpan {
  /** 32 lower-case hex digits. */
  readonly traceId: string;
  /** 16 lower-case hex digits. */
  readonly spanId: string;
  /** 16 lower-case hex digits, or '' for a root. */
  readonly parentSpanId: string;
  readonly traceState: string;
  readonly flags: number;
  readonly name: string;
  /** OTLP SpanKind, 0 (unspecified) to 5 (consumer). */
  readonly kind: number;
  readonly startUnixNano: bigint;
  readonly endUnixNano: bigint;
  readonly attributes: readonly KeyValue[];
  readonly droppedAttributesCount: number;
  readonly events: readonly StoredEvent[];
  readonly droppedEventsCount: number;
  readonly links: readonly StoredLink[];
  readonly droppedLinksCount: number;
  /** 0 unset, 1 ok, 2 error. */
  readonly statusCode: number;
  readonly statusMessage: string;
  /** Shared by all spans of the same resource: compare by identity. */
  readonly resource: StoredResource;
  /** Shared by all spans of the same scope: compare by identity. */
  readonly scope: StoredScope;
}

/** All stored spans of a trace. */
export interface StoredTrace {
  /** The id that was asked for; spans may carry others where traces were joined. */
  readonly traceId: string;
  /** By start time. */
  readonly spans: readonly StoredSpan[];
  /** True when a limit cut spans off. */
  readonly truncated: boolean;
  /** All ids under which it is stored, where it was joined of several. */
  readonly ids?: readonly string[];
}

/** `service.name` of a resource, or '' when it has none. */
export function serviceName(resource: StoredResource): string {
  const found = resource.attributes.find((a) => a.key === 'service.name')?.value;
  return found?.type === 'string' ? found.value : '';
}
