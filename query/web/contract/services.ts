/** What the services screen asks and is told: the map, the list, the operations. Types only. */

/**
 * Parameters of every route here, all strings: `start`, `end`, decimal nanoseconds since 1970. They
 * are widened to whole minutes.
 */
export interface ServiceWindow {
  /** What the figures are of, decimal nanoseconds since 1970; `end` may be up to a minute ahead. */
  readonly startUnixNano: string;
  readonly endUnixNano: string;
  /** Seconds of it that are past: rates are calls divided by these. */
  readonly seconds: number;
  /** Nanoseconds of one step of a series. */
  readonly stepNs: number;
}

/** Requests, errors, durations. */
export interface RedFigures {
  /** In the window; an estimate where a note says so. */
  readonly calls: number;
  readonly errors: number;
  readonly perSecond: number;
  /** Durations that half, 95 % and 99 % of the calls do not exceed, ns; null without calls. */
  readonly p50Ns: number | null;
  readonly p95Ns: number | null;
  readonly p99Ns: number | null;
}

/** By step of the window, oldest first. */
export interface RedSeriesFigures {
  readonly calls: readonly number[];
  readonly errors: readonly number[];
  /** ns; null in a step without calls. */
  readonly p95Ns: readonly (number | null)[];
}

/** As storage tells them apart; `addresses` are many clients of one server that have no name. */
export type ServiceType = 'service' | 'database' | 'queue' | 'external' | 'address' | 'addresses';

/**
 * How figures were made. `requests`: spans of kind SERVER and CONSUMER. `spans`: all spans, as there
 * are none of these kinds. `captured`: captured requests, each counted once. `callers`: what those
 * who call it measured.
 */
export type Measure = 'requests' | 'spans' | 'captured' | 'callers';

/** A node, and what it did in the window. */
export interface ServiceFigures {
  /** `type:name`; what `focus` takes. */
  readonly id: string;
  readonly type: ServiceType;
  readonly name: string;
  /** `postgresql`, `kafka`, ...; of type `addresses` how many they are; '' = not known. */
  readonly system: string;
  /** Whether it sends spans of its own, or its process was captured. */
  readonly instrumented: boolean;
  readonly measure: Measure;
  readonly red: RedFigures;
}

/** A row of `GET /api/v1/service-list`. */
export interface ServiceRow extends ServiceFigures {
  /** null where only callers measured it. */
  readonly series: RedSeriesFigures | null;
}

/** Answer of the list. */
export interface ServiceListAnswer {
  readonly window: ServiceWindow;
  /** Those with most calls first. */
  readonly services: readonly ServiceRow[];
  /** How many there are, shown or not. */
  readonly total: number;
  readonly truncated: boolean;
  /** What is left out or estimated, for people. */
  readonly notes: readonly string[];
}

/** What flow logs say of the connections from one node to another. */
export interface NetworkFigures {
  readonly connections: number;
  /** Ended with an error or were refused. */
  readonly failedConnections: number;
  readonly packets: number;
  /** Segments sent again, either way; a part of `packets`. */
  readonly retransmissions: number;
  readonly bytesSent: number;
  readonly bytesReceived: number;
  /** Mean and largest time of a TCP handshake, ns; null where none was seen. */
  readonly rttNs: number | null;
  readonly rttMaxNs: number | null;
}

/**
 * Where the calls of an edge were counted. `trace`: on spans whose parent is a span of the other
 * service. `capture`: on captured requests. `peer`: on spans at one end only. `flow`: not at all;
 * there were connections.
 */
export type EdgeSource = 'trace' | 'capture' | 'peer' | 'flow';

/** Calls of one node to another. */
export interface ServiceMapEdge {
  /** Ids of the nodes: who calls, and who is called. */
  readonly from: string;
  readonly to: string;
  readonly source: EdgeSource;
  readonly red: RedFigures;
  /** Most used first; empty = not known. */
  readonly protocols: readonly string[];
  readonly network: NetworkFigures | null;
}

/** A node that is on the map. */
export interface ServiceMapNode extends ServiceFigures {
  /** Its neighbours that are not on this map. */
  readonly hidden: number;
  /** True: it calls nobody and nobody calls it, on the whole map. */
  readonly isolated: boolean;
}

/**
 * `GET /api/v1/service-map`. Further parameters: `focus`, id of a node; `hops`, 1 to 3 (2), how far
 * around it; `limit`, most nodes, 1 to 200 (60); `errors=1`, only edges with errors and their ends.
 */
export interface ServiceMapAnswer {
  readonly window: ServiceWindow;
  /** Those with most calls first. */
  readonly nodes: readonly ServiceMapNode[];
  readonly edges: readonly ServiceMapEdge[];
  /** Of the whole map; with a focus, too. */
  readonly totalNodes: number;
  readonly totalEdges: number;
  /** Nodes that belong here and were cut off by `limit`. */
  readonly cut: number;
  readonly truncated: boolean;
  /** Id of the node in focus, '' without; null: there is no such node in the window. */
  readonly focus: string | null;
  readonly notes: readonly string[];
}

/** A row of `GET /api/v1/service-operations?service=`. */
export interface OperationRow {
  readonly name: string;
  /** OTLP SpanKind. */
  readonly kind: number;
  readonly measure: Measure;
  readonly red: RedFigures;
  readonly series: RedSeriesFigures;
}

/** Answer for one service. */
export interface ServiceOperationsAnswer {
  readonly window: ServiceWindow;
  readonly service: string;
  /** What it was asked for first, then what it did besides; each with most calls first. */
  readonly operations: readonly OperationRow[];
  readonly truncated: boolean;
  readonly notes: readonly string[];
}
