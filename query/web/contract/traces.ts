/** What the search screen asks and is told: found traces, names and tags to choose from. Types only. */

/**
 * Parameters of `GET /api/v1/traces`, all strings. One span of a trace must fulfil all of them.
 *
 * - `start`, `end`: span start, decimal nanoseconds since 1970, inclusive.
 * - `service`: may be given several times: any of these.
 * - `operation`: the span's name.
 * - `status`: `error`, `ok` or `unset`.
 * - `minDuration`, `maxDuration`: duration of the span, inclusive: `100ms`, `1.5s`, `2m`, `250us`.
 * - `filter`: may be given several times, {@link FilterText}.
 * - `limit`: traces, 1 to what the program is configured for; 50 unless given.
 */
export type TraceSearchParameter =
  | 'start'
  | 'end'
  | 'service'
  | 'operation'
  | 'status'
  | 'minDuration'
  | 'maxDuration'
  | 'filter'
  | 'limit';

/**
 * `key op value`: `http.route = /cart`, `http.status_code >= 500`, `error exists`. One space on each
 * side of the operator; the value is everything after it, as it stands. A key with a space, a quote
 * or nothing in it is a JSON string: `"my key" = 1`.
 */
export type FilterText = string;

/**
 * `=~`, `!~`: an RE2 pattern that the whole value must match. `>` and its like compare numbers.
 * `!=` and `!~` want the key to be there with another value; `!exists` wants it not to be there.
 */
export type FilterOp =
  | '='
  | '!='
  | '=~'
  | '!~'
  | 'contains'
  | 'exists'
  | '!exists'
  | '>'
  | '>='
  | '<'
  | '<=';

/** `GET /api/v1/traces`. */
export interface FoundTracesAnswer {
  /** Newest first, by start. */
  readonly traces: readonly FoundTrace[];
  /**
   * Why there may be more: `limit`, as many were found as were asked for; `time`, the search ran out
   * of time before it had looked at all of the range; null, these are all.
   */
  readonly cut: 'limit' | 'time' | null;
  /** With cut `time`: spans that start before this were not looked at, decimal ns since 1970. */
  readonly searchedFromUnixNano: string | null;
  /** What was searched, decimal nanoseconds since 1970. */
  readonly startUnixNano: string;
  readonly endUnixNano: string;
  readonly limit: number;
  /** Largest `limit` that the program takes. */
  readonly maxLimit: number;
  /** Time that the search took, ms. */
  readonly tookMs: number;
}

/** A trace as the search shows it. */
export interface FoundTrace {
  /** 32 lower-case hex digits. */
  readonly traceId: string;
  /** Of the earliest root; '' when no root is stored. */
  readonly rootService: string;
  readonly rootOperation: string;
  /** Earliest start of its spans, decimal nanoseconds since 1970. */
  readonly startUnixNano: string;
  /** From the earliest start to the latest end, ns. */
  readonly durationNs: number;
  readonly spans: number;
  readonly errors: number;
  /** Spans whose parent is not stored. */
  readonly orphans: number;
  /** False when there is no root. */
  readonly hasRoot: boolean;
  /** Most spans first; some of the largest where there are many. */
  readonly services: readonly FoundService[];
  /** Of all services, also those not in the list. */
  readonly serviceCount: number;
}

/** A service of a found trace. */
export interface FoundService {
  readonly name: string;
  readonly spans: number;
  readonly errors: number;
}

/** `GET /api/v1/services`. */
export interface ServicesAnswer {
  /** Names of all services with spans, sorted. */
  readonly services: readonly string[];
  /** True when there are more than an answer has. */
  readonly truncated: boolean;
}

/** `GET /api/v1/operations?service=`. */
export interface OperationsAnswer {
  /** Sorted; one that occurs with several kinds is given once. */
  readonly operations: readonly string[];
  readonly truncated: boolean;
}

/**
 * `GET /api/v1/tag-keys`; parameters `start`, `end`, `service` (several), `text` (what keys must
 * contain, upper and lower case the same), `limit` (1 to 500; 100 unless given).
 */
export interface TagKeysAnswer {
  /** Those that begin with the text first, then most frequent first. */
  readonly keys: readonly TagKeyAnswer[];
  readonly truncated: boolean;
  /** Newest spans that were looked at; what is rarer may be missing. */
  readonly sampledSpans: number;
}

interface TagKeyAnswer {
  readonly key: string;
  /** `field`: a name that stands for a field of the span. */
  readonly places: readonly ('span' | 'resource' | 'scope' | 'event' | 'link' | 'field')[];
  /** Spans of the sample that have it; 0 = known from elsewhere. */
  readonly spans: number;
}

/** `GET /api/v1/tag-values`; parameters as for tag-keys, and `key`. */
export interface TagValuesAnswer {
  /** Those that begin with the text first, then most frequent first. */
  readonly values: readonly TagValueAnswer[];
  readonly truncated: boolean;
  /** Spans with the key that were looked at. */
  readonly sampledSpans: number;
}

interface TagValueAnswer {
  readonly value: string;
  /** Spans of the sample that have it; 0 = known from elsewhere. */
  readonly spans: number;
}
