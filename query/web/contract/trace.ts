/**
 * What the page asks and is told about one trace. Types only.
 *
 * A trace is shown as rows: its spans in the order of their tree (parents before children, children
 * by start), and a row for each parent that spans name and that is not stored. A row is named by
 * its number in that order, `index`, which holds for one `version` of the trace.
 * Offsets are nanoseconds since `startUnixNano` of the outline, durations nanoseconds.
 */

/** Who saw a span: the SDK of an application, a system call, or packets on a network. */
export type SpanSource = 'application' | 'system_call' | 'network';

/**
 * What is odd about a span.
 * - `cycle`: its parents led in a circle, which is cut here: it is shown without its parent
 * - `duplicate_id`: another span of the trace has its id; children are shown below the first
 * - `negative`: it ends before it begins; shown with no duration
 * - `before_parent`: it begins before its parent does: two clocks do not agree
 * - `off_axis`: its times are days away from all others'; it is not drawn
 * - `adjusted`: its times are moved into its parent's, as was asked for
 */
export type SpanMark =
  | 'cycle'
  | 'duplicate_id'
  | 'negative'
  | 'before_parent'
  | 'off_axis'
  | 'adjusted';

type TraceWarningKind = SpanMark | 'missing_parent' | 'copies' | 'several_roots';

/** Something about the trace that people should know of before they trust its times. */
export interface TraceWarning {
  readonly kind: TraceWarningKind;
  /** Spans, or for `missing_parent` the rows that stand for parents. */
  readonly count: number;
  /** Index of the first of them; null where there is none to show. */
  readonly first: number | null;
}

/** A service that has spans in the trace. */
export interface TraceService {
  /** '' where a span says none. */
  readonly name: string;
  readonly spans: number;
  readonly errors: number;
  /** Sum of the self times of its spans. */
  readonly selfNs: number;
  /** Its time on the critical path. */
  readonly criticalNs: number;
}

/** Rows of the trace as a picture, 2,000 at most: of several neighbours the longest. */
export interface TraceMap {
  readonly startNs: readonly number[];
  readonly durationNs: readonly number[];
  /** Index in `services`, -1 for a parent that is not stored. */
  readonly service: readonly number[];
  /** 1 where any of the rows that it stands for has an error. */
  readonly error: readonly (0 | 1)[];
}

/**
 * `GET /api/v1/traces/:id` with `adjust=1`: times of clocks that are apart are moved; `fresh=1`: it
 * is read again in any case; `span=<span id>`: its index is told.
 */
export interface TraceOutline {
  /** 32 lower-case hex digits, as asked for. */
  readonly traceId: string;
  /** All ids that its spans are stored under, where it was joined of several; itself included. */
  readonly ids: readonly string[];
  /** The same as long as the spans are the same. */
  readonly version: string;
  /** Decimal nanoseconds since 1970 of offset 0. */
  readonly startUnixNano: string;
  /** From offset 0 to the last end. */
  readonly durationNs: number;
  /** The program's clock, decimal nanoseconds since 1970: a trace that ended lately may grow. */
  readonly nowUnixNano: string;
  readonly spanCount: number;
  readonly errorCount: number;
  /** Spans and parents that are not stored. */
  readonly rowCount: number;
  /** Rows on the longest way down; 1 = only roots. */
  readonly depth: number;
  /** The longest of the spans without a stored parent; null where there are no spans. */
  readonly root: { readonly index: number; readonly service: number; readonly name: string } | null;
  /** By their numbers, which rows name. */
  readonly services: readonly TraceService[];
  readonly sources: Readonly<Record<SpanSource, number>>;
  /** Only some of the spans were read: there are more than the limit, or stitching was cut off. */
  readonly truncated: boolean;
  readonly adjusted: boolean;
  readonly warnings: readonly TraceWarning[];
  readonly critical: {
    /** Row whose interval the path runs through: `root`. */
    readonly index: number;
    readonly durationNs: number;
    /** Spans that are on it. */
    readonly spans: number;
  } | null;
  readonly map: TraceMap;
  /** Index of the span that was asked for, null where it is not in the trace. */
  readonly focus: number | null;
}

/** What spans are looked for; all that is given must hold. */
export interface RowFilter {
  /** In name, service, span id, status message, attributes (keys and values), events; any case. */
  readonly text?: string;
  /** Index in `services`. */
  readonly service?: number;
  readonly errors?: boolean;
  /** On the critical path. */
  readonly critical?: boolean;
  /** Exactly this span name: with `service`, what a row of the table of operations stands for. */
  readonly name?: string;
}

/** `tree`: parents before children; the others are flat lists, earliest or longest first. */
export type RowOrder = 'tree' | 'start' | 'duration' | 'self';

/** Which rows are shut: those below them are not shown. */
export interface RowCollapse {
  /** Rows with children from this depth on (0 = roots) are shut; absent = none is. */
  readonly depth?: number;
  /** Indexes of rows of which the opposite holds; 10,000 at most. */
  readonly toggled: readonly number[];
}

/** `POST /api/v1/traces/:id/rows`. */
export interface RowsRequest {
  readonly version: string;
  readonly adjust?: boolean;
  /** First position, 0 on, in the order asked for and without what is shut. */
  readonly offset: number;
  /** At most 1,000. */
  readonly limit: number;
  /** `tree` unless given; the others are flat, longest first or by start. */
  readonly order?: RowOrder;
  readonly collapse?: RowCollapse;
  readonly filter?: RowFilter;
  /** Only rows that match, and in the tree what is above them. */
  readonly only?: boolean;
  /** An index: where its row is, and what hides it. */
  readonly locate?: number;
}

/** A row as a table shows it. Times are nanoseconds, offsets count from the start of the axis. */
export interface TraceRow {
  readonly index: number;
  /** 0 for roots. */
  readonly depth: number;
  /** Rows directly below it. */
  readonly children: number;
  /** All rows below it. */
  readonly below: number;
  /** Spans with an error among them. */
  readonly errorsBelow: number;
  readonly shut: boolean;
  /** It stands for a parent that is not stored: it has a span id, and its children's times. */
  readonly missing: boolean;
  /** 16 lower-case hex digits. */
  readonly spanId: string;
  /** Index in `services`; -1 where `missing`. */
  readonly service: number;
  readonly name: string;
  /** OTLP SpanKind, 0 to 5. */
  readonly kind: number;
  /** OTLP status code: 0 unset, 1 ok, 2 error. */
  readonly status: number;
  readonly startNs: number;
  readonly durationNs: number;
  /** Time in which none of its children ran. */
  readonly selfNs: number;
  readonly source: SpanSource;
  /** Observation point of a captured span, '' of others. */
  readonly point: string;
  /** Rule by which a captured span was linked to its parent; '' where none did. */
  readonly rule: string;
  /** Why a captured span has no parent; '' where that is not so. */
  readonly unlinked: string;
  readonly events: number;
  readonly links: number;
  readonly marks: readonly SpanMark[];
  /** Its stretches of the critical path: from, to, from, to, ... as offsets, by time. */
  readonly critical: readonly number[];
  readonly match: boolean;
}

/** A stretch of rows, in the order that was asked for. */
export interface RowsAnswer {
  /** Another than asked for: the trace has changed, and `rows` is empty. */
  readonly version: string;
  readonly offset: number;
  readonly rows: readonly TraceRow[];
  /** Rows in all, without what is shut. */
  readonly total: number;
  /** Spans that match, those that are hidden included; 0 without a filter. */
  readonly matches: number;
  /** Nearest positions outside of this window whose rows match, or hide one that does; or null. */
  readonly previousMatch: number | null;
  readonly nextMatch: number | null;
  /** Of `locate`: position, or -1, and the indexes of the shut rows that hide it, outermost first. */
  readonly located?: { readonly position: number; readonly hiddenBy: readonly number[] };
}

/** `POST /api/v1/traces/:id/find`: the next span that matches, in the order of the tree. */
export interface FindRequest {
  readonly version: string;
  readonly adjust?: boolean;
  readonly filter: RowFilter;
  /** Index from which on is looked, itself left out; -1 = from the beginning. */
  readonly from: number;
  readonly direction: 'next' | 'previous';
}

/** The next span that matches, in the order of the tree. */
export interface FindAnswer {
  readonly version: string;
  /** Index of the span, after the last the first; null where none matches. */
  readonly index: number | null;
  /** Indexes of the rows above it, outermost first. */
  readonly above: readonly number[];
  /** It is the so manieth match, from 1; 0 where there is none. */
  readonly ordinal: number;
  readonly total: number;
}

/** A typed value. `text` is what is shown, searched for and copied. */
export interface ShownValue {
  readonly type: 'string' | 'bool' | 'int' | 'double' | 'bytes' | 'array' | 'map' | 'empty';
  /** Arrays and maps as JSON, bytes as base64. */
  readonly text: string;
  /** Characters that were left out at the end; the JSON of the span has them. */
  readonly cut: number;
}

/** An attribute with its type. */
export interface ShownAttribute {
  readonly key: string;
  readonly value: ShownValue;
}

/** What an attribute is about, by its key. */
export type AttributeMeaning =
  | 'stitching'
  | 'http'
  | 'rpc'
  | 'database'
  | 'messaging'
  | 'genai'
  | 'exception'
  | 'network'
  | 'process'
  | 'other';

/** Attributes with one meaning, groups in a fixed order. */
export interface AttributeGroup {
  readonly meaning: AttributeMeaning;
  readonly attributes: readonly ShownAttribute[];
}

/** An event of a span; `dropped` counts attributes that its sender left out. */
export interface SpanEvent {
  readonly name: string;
  /** Since the start of the span; may be negative. */
  readonly sinceStartNs: number;
  readonly timeUnixNano: string;
  readonly attributes: readonly ShownAttribute[];
  readonly dropped: number;
}

/** A link to another span, which need not be stored; `dropped` as in {@link SpanEvent}. */
export interface SpanLink {
  readonly traceId: string;
  readonly spanId: string;
  readonly traceState: string;
  readonly attributes: readonly ShownAttribute[];
  readonly dropped: number;
}

/** `GET /api/v1/traces/:id/spans/:index?version=&adjust=`. */
export interface SpanDetails {
  readonly version: string;
  readonly row: TraceRow;
  readonly traceId: string;
  /** '' for a root. */
  readonly parentSpanId: string;
  readonly parentIndex: number | null;
  readonly traceState: string;
  readonly flags: number;
  /** As stored. */
  readonly startUnixNano: string;
  readonly endUnixNano: string;
  readonly statusMessage: string;
  readonly attributes: readonly AttributeGroup[];
  readonly resource: readonly AttributeGroup[];
  readonly scope: {
    readonly name: string;
    readonly version: string;
    readonly attributes: readonly ShownAttribute[];
  };
  readonly events: readonly SpanEvent[];
  readonly links: readonly SpanLink[];
  /** Counts of what the sender left out. */
  readonly dropped: {
    readonly attributes: number;
    readonly events: number;
    readonly links: number;
  };
  /** How a captured or moved span came where it is shown; null for others. */
  readonly stitching: {
    /** What the link to the parent rests on, '' where there is none. */
    readonly rule: string;
    readonly evidence: string;
    /** Why there is no parent, '' where there is one. */
    readonly unlinked: string;
    /** As stored, where another is shown; else ''. */
    readonly storedTraceId: string;
    /** As stored, where another is shown; '' also where it had none. */
    readonly storedParentSpanId: string;
  } | null;
}

/** `GET /api/v1/traces/:id/operations?version=&adjust=`: spans by service and name. */
export interface TraceOperations {
  readonly version: string;
  /** By self time, most first; 5,000 at most. */
  readonly operations: readonly TraceOperation[];
  readonly truncated: boolean;
}

/** Spans of one service and name in the trace. */
export interface TraceOperation {
  /** Index in `services`. */
  readonly service: number;
  readonly name: string;
  readonly count: number;
  readonly errors: number;
  readonly totalNs: number;
  readonly minNs: number;
  readonly maxNs: number;
  /** Half of them took no longer. */
  readonly medianNs: number;
  readonly selfNs: number;
  readonly criticalNs: number;
}

/** `GET /api/v1/traces/:id/growth?version=&adjust=`: whether spans have come. */
export interface TraceGrowth {
  readonly version: string;
  readonly spanCount: number;
  /** Spans more than the version that was asked about has; 0 also when that is forgotten. */
  readonly more: number;
}

/** `GET /api/v1/traces/:id/sql`. */
export interface TraceSql {
  /** One SELECT that gives these spans from the tables that the page reads. */
  readonly sql: string;
}
