import type { StoredTrace } from './model.ts';

/** How a filter compares; {@link TraceFilter} says what each means. */
export const filterOps = [
  '=',
  '!=',
  '=~',
  '!~',
  'contains',
  'exists',
  '!exists',
  '>',
  '>=',
  '<',
  '<=',
] as const;

/** One of {@link filterOps}. */
export type FilterOp = (typeof filterOps)[number];

/**
 * A condition on the attributes under one key, wherever a span has them: its own, those of its
 * resource and scope, of its events and links. Some names stand for fields of the span, see
 * `fields.ts`.
 *
 * - `=`, `=~`, `contains` compare with the string form (arrays, maps, bytes: typed JSON). `=~` is
 *   an RE2 pattern that must match the whole value; `.` matches line breaks, too.
 * - `>` and its like compare numbers: ints, doubles and texts that are numbers. All else is false.
 * - `exists`: there is such an attribute; `!exists`: there is none. `value` is ignored.
 * - `!=` and `!~`: there is such an attribute, and none whose value is equal or matches. A span
 *   that lacks the key is not found, as in TraceQL.
 */
export interface TraceFilter {
  readonly key: string;
  readonly op: FilterOp;
  readonly value: string;
}

/**
 * What a trace must have: one span that fulfils every condition here at once. Absent = any.
 * `tags` compare by string form with span, resource, scope, event and link attributes (each tag may
 * be found in another place of that span); `error=true` means status ERROR.
 */
export interface TraceQuery {
  readonly service?: string;
  /** Any of these; empty = any at all. */
  readonly services?: readonly string[];
  readonly operation?: string;
  /** 0 unset, 1 ok, 2 error. */
  readonly statusCode?: number;
  readonly filters?: readonly TraceFilter[];
  readonly tags?: readonly (readonly [key: string, value: string])[];
  /** Span duration in nanoseconds, inclusive. */
  readonly minDurationNs?: bigint;
  readonly maxDurationNs?: bigint;
  /** Span start, nanoseconds since 1970, inclusive. */
  readonly startMinNs: bigint;
  readonly startMaxNs: bigint;
  /** Traces to return, newest first. */
  readonly limit: number;
}

/** A found trace without its spans; times are nanoseconds since 1970. */
export interface TraceSummary {
  /** 32 lower-case hex digits. */
  readonly traceId: string;
  /** '' when the trace has no root among its stored spans. */
  readonly rootServiceName: string;
  readonly rootOperationName: string;
  readonly startUnixNano: bigint;
  readonly endUnixNano: bigint;
  readonly spanCount: number;
  readonly errorSpanCount: number;
  /** Spans whose parent is not stored in the trace. */
  readonly orphanSpanCount: number;
  /** It is of several stored traces, which were found to belong together before. */
  readonly joined?: boolean;
  readonly services: readonly {
    readonly name: string;
    readonly spanCount: number;
    readonly errorSpanCount: number;
  }[];
}

/** The answer to a search. */
export interface FoundTraces {
  /** Newest first. */
  readonly traces: readonly TraceSummary[];
  /** True when more traces match than were returned. */
  readonly truncated: boolean;
  /** Given when time ran out: spans of the range that start before this were not looked at. */
  readonly searchedFromNs?: bigint;
}

/** A span name of a service, with its kind. */
export interface Operation {
  readonly name: string;
  /** OTLP SpanKind. */
  readonly kind: number;
}

/** Calls from one service to another. */
export interface Dependency {
  readonly parent: string;
  readonly child: string;
  readonly callCount: number;
}

/** The store cannot answer: down, out of time, or over a limit. */
export class ReadError extends Error {
  readonly reason: 'unavailable' | 'timeout' | 'too_broad' | 'internal';

  constructor(message: string, reason: ReadError['reason'], cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'ReadError';
    this.reason = reason;
  }
}

/** What narrows and bounds the reading of whole traces; times are nanoseconds since 1970. */
export interface GetTracesOptions {
  /** Narrows the time range where the caller knows it; a trace outside is found all the same. */
  readonly startNs?: bigint;
  readonly endNs?: bigint;
  /**
   * Spans of all of them together. Several traces that have more are not read: the call rejects
   * with reason `too_broad`. A single one is cut off. What a reader joins to them does not count.
   */
  readonly maxSpans?: number;
  /** Ends the call when nobody waits for its answer any more. */
  readonly signal?: AbortSignal | undefined;
}

/** Traces as the query languages and front ends see them. All methods reject with ReadError. */
export interface TraceReader {
  /** Names of all services with spans, sorted. */
  services(): Promise<readonly string[]>;
  /** Distinct operations of a service, by name; only of one SpanKind where that is given. */
  operations(service: string, kind?: number): Promise<readonly Operation[]>;
  findTraces(query: TraceQuery): Promise<FoundTraces>;
  /** Puts found traces that belong together into one, where the reader can do that. */
  joinFound?(traces: readonly TraceSummary[]): Promise<readonly TraceSummary[]>;
  /** Whole traces in the order of `ids` (32 hex digits); those that are not stored are left out. */
  getTraces(ids: readonly string[], options?: GetTracesOptions): Promise<readonly StoredTrace[]>;
  dependencies(startNs: bigint, endNs: bigint): Promise<readonly Dependency[]>;
}
