/** What the services of a time range did, as storage knows it. */
import type { Red } from './bands.ts';
import type { StepWindow } from './window.ts';

/** Figures by step of a window; each list has one number a step. */
export interface RedSeries {
  readonly calls: Float64Array;
  readonly errors: Float64Array;
  /** 95 % took at most so many ns; NaN where there was no call. */
  readonly p95Ns: Float64Array;
}

/**
 * How a figure was made. `requests`: spans of kind SERVER and CONSUMER. `spans`: all spans, of a
 * service that has none of these kinds. `captured`: requests that were captured at the service's
 * end, each counted once wherever it was seen. `callers`: what those who call it measured.
 */
export type Measure = 'requests' | 'spans' | 'captured' | 'callers';

/**
 * `service`: sends spans, or capture knows its name. `database`, `queue`: by the protocol or the
 * attributes of its callers. `external`: known by a host name only. `address`: by an address only.
 * `addresses`: many of these in one.
 */
export type NodeType = 'service' | 'database' | 'queue' | 'external' | 'address' | 'addresses';

/** Who calls or is called. */
export interface ServiceNode {
  /** `type:name`. */
  readonly id: string;
  readonly type: NodeType;
  readonly name: string;
  /** `postgresql`, `kafka`, ... where it is known, else ''; of addresses how many they are. */
  readonly system: string;
  /** Whether it sends spans of its own, or its process was captured. */
  readonly instrumented: boolean;
  readonly measure: Measure;
  readonly red: Red;
  /** Absent where only callers measured it. */
  readonly series?: RedSeries;
}

/** What flow logs say of the connections between two nodes. */
export interface NetworkFigures {
  /** Connections of TCP, or pairs of UDP ports, that had packets. */
  readonly connections: number;
  /** Those that ended with an error, or were refused. */
  readonly failedConnections: number;
  readonly packets: number;
  /** Segments that were sent again, either way; a part of `packets`. */
  readonly retransmissions: number;
  /** From client to server, and back: bytes of frames. */
  readonly bytesSent: number;
  readonly bytesReceived: number;
  /** Mean and largest time of a handshake, ns; undefined where none was seen. */
  readonly rttNs: number | undefined;
  readonly rttMaxNs: number | undefined;
}

/**
 * Where the calls of an edge were counted. `trace`: a span whose parent is a span of the other
 * service. `capture`: a captured request between the two. `peer`: spans of the client (or the
 * consumer of a queue) without a span at the other end. `flow`: connections only, no calls.
 */
export type EdgeSource = 'trace' | 'capture' | 'peer' | 'flow';

/** Calls of one node to another. */
export interface ServiceEdge {
  /** Ids of nodes: who calls, and who is called. */
  readonly from: string;
  readonly to: string;
  /** The source that saw most calls. */
  readonly source: EdgeSource;
  readonly red: Red;
  /** `http`, `grpc`, `mysql`, ...: sorted, most used first; empty = not known. */
  readonly protocols: readonly string[];
  readonly network?: NetworkFigures;
}

/** The graph of a window, nodes and edges with most calls first. */
export interface ServiceGraph {
  readonly window: StepWindow;
  readonly nodes: readonly ServiceNode[];
  readonly edges: readonly ServiceEdge[];
  /** What is left out or not exact, and what to do about it, for people. */
  readonly notes: readonly string[];
}

/** An operation of a service: spans of one name and kind. */
export interface OperationRed {
  readonly name: string;
  /** OTLP SpanKind. */
  readonly kind: number;
  readonly measure: Measure;
  readonly red: Red;
  readonly series: RedSeries;
}

/** The operations of a service in a window. */
export interface ServiceOperations {
  readonly window: StepWindow;
  /** What it was asked for first, then what it did besides; each with most calls first. */
  readonly operations: readonly OperationRed[];
  /** True when there are more. */
  readonly truncated: boolean;
  readonly notes: readonly string[];
}

/** All methods reject with ReadError. */
export interface ServiceReader {
  graph(window: StepWindow): Promise<ServiceGraph>;
  operations(service: string, window: StepWindow): Promise<ServiceOperations>;
}
