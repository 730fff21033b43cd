/** What stitching reads of a span and what it answers. */
import type { ObservationPoint } from '../wire/observation/points.ts';

/** What only captured spans have. A string that is not known is ''. */
export interface Capture {
  readonly point: ObservationPoint;
  /** `tcp`, `udp`. */
  readonly transport: string;
  readonly clientAddress: string;
  readonly clientPort: number;
  readonly serverAddress: string;
  readonly serverPort: number;
  /** TCP sequence number of the first byte of each message; 0 is a number like others. */
  readonly requestSequence: number | undefined;
  readonly responseSequence: number | undefined;
  /** Hash of the first bytes of each message. */
  readonly requestHead: string;
  readonly responseHead: string;
  /** Chain of work of the system call with the message's first byte, unique on the host. */
  readonly syscallRequest: string;
  readonly syscallResponse: string;
  /** X-Request-ID. */
  readonly requestId: string;
  readonly responseRequestId: string;
  /** Trace context that the request carries. */
  readonly headerTraceId: string;
  readonly headerSpanId: string;
  /** Ids of the business that a plugin read in the messages: equal ids are one piece of work. */
  readonly businessIds: readonly string[];
  /** False where the response was not seen: then the end says little. */
  readonly answered: boolean;
  /** True where less than a whole message was seen, so that texts may be cut. */
  readonly cut: boolean;
  /** What two sightings of one message must agree on where both have it, by attribute name. */
  readonly facts: ReadonlyMap<string, string>;
}

/** A span, stored or captured, as far as the rules look at it. */
export interface StitchSpan {
  /** 32 hex digits. */
  readonly traceId: string;
  /** 16 hex digits. */
  readonly spanId: string;
  /** 16 hex digits, '' for none. */
  readonly parentSpanId: string;
  /** Nanoseconds since 1970. */
  readonly startNs: bigint;
  readonly endNs: bigint;
  /** OTLP SpanKind. */
  readonly kind: number;
  readonly service: string;
  /** Identity of the host whose clock the times are of; '' = not known. */
  readonly host: string;
  /** Identity of the process that the span describes, unique over hosts; '' = not known. */
  readonly process: string;
  /** Undefined for spans of an SDK. */
  readonly capture: Capture | undefined;
}

/** What a link rests on, the strongest first. */
export const rules = [
  'span_id',
  'syscall',
  'request_id',
  'tcp_sequence',
  'datagram',
  'address_translation',
  'business_id',
  'process_trace_id',
] as const;

/** A name of {@link rules}. */
export type Rule = (typeof rules)[number];

/**
 * Why a span has no parent: `root` (nothing asks for one), `no_evidence` (captured, and no rule
 * names a parent), `ambiguous` (several are equally good), `conflict` (rules contradict each
 * other), `parent_not_stored`, `cycle` (the links would run in a circle), `limit` (too many spans).
 */
export type Unlinked =
  | 'root'
  | 'no_evidence'
  | 'ambiguous'
  | 'conflict'
  | 'parent_not_stored'
  | 'cycle'
  | 'limit';

/** What a span's parent is, by its index, and why; or why it has none. */
export type Link =
  | { readonly parent: number; readonly rule: Rule; readonly evidence: string }
  | { readonly parent: -1; readonly unlinked: Unlinked };

/** A trace that was found to be part of another. */
export interface TraceJoin {
  readonly from: string;
  readonly to: string;
  readonly rule: Rule;
}

/** Tolerances and a bound of the work. */
export interface StitchOptions {
  /** How long a message may take between two places. */
  readonly networkDelayNs: number;
  /** How much the clocks of two hosts may differ. */
  readonly clockOffsetNs: number;
  /** More spans are not linked at all. */
  readonly maxSpans: number;
}

/** 50 ms on the way, 10 ms between clocks, 50,000 spans. */
export const defaultStitchOptions: StitchOptions = {
  networkDelayNs: 50e6,
  clockOffsetNs: 10e6,
  maxSpans: 50_000,
};

/** The answer for all spans that were given, originals and copies. */
export interface Stitched {
  /** By index of the span. */
  readonly links: readonly Link[];
  /** One for each trace id that is not the one of its root. */
  readonly joins: readonly TraceJoin[];
  /** Spans without a parent, by reason. */
  readonly unlinked: ReadonlyMap<Unlinked, number>;
}
