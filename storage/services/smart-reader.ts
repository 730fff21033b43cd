import { tableName } from '../schema/table.ts';
import { rowsOf, type SqlClient, type SqlParam } from '../sql.ts';
import { type CallOptions, type Deadline, reasonOf, runCall } from '../traces/calls.ts';
import { RowBinaryReader } from '../traces/row-binary.ts';
import {
  type Captured,
  capturedOperations,
  capturedRequests,
  countCaptured,
  readCaptured,
} from './captured-rows.ts';
import {
  type CallEdge,
  computedEdges,
  lastComputed,
  readComputedEdges,
  readSpanEdges,
  spanEdges,
} from './edge-rows.ts';
import { type FlowPair, flowPairs, readFlows } from './flow-rows.ts';
import { buildGraph } from './graph.ts';
import type {
  Measure,
  OperationRed,
  ServiceGraph,
  ServiceOperations,
  ServiceReader,
} from './model.ts';
import { type PeerCalls, peerCalls, readPeers } from './peer-rows.ts';
import {
  readOperations,
  readServices,
  redByOperation,
  redByService,
  redOfSdkSpans,
  type ServiceSpans,
  sdkOperations,
} from './red-rows.ts';
import { everything, type Sample, sampleOf, shareOf } from './sample.ts';
import type { StepWindow } from './window.ts';

/** Where the tables of schema `smart` are, and bounds of each call. */
export interface ServiceReaderOptions {
  readonly client: SqlClient;
  readonly database: string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Time for one call, over all its statements; 8,000 ms unless given. */
  readonly timeoutMs?: number;
  /** Spans that a statement looks at one by one; of more it takes a sample. 500,000 unless given. */
  readonly maxExamined?: number;
}

/** Memory of one statement in bytes, and threads that work on it. */
const statementSettings = { max_memory_usage: 1_500_000_000, max_threads: 2 };
/** Seconds that one statement of a call may take. */
const maxStatementS = 5;
/** Operations of a service that are given. */
const maxOperations = 200;
const minuteS = 60;

/** Services out of the tables of schema `smart`. */
export function createServiceReader(options: ServiceReaderOptions): ServiceReader {
  return new SmartServiceReader(options);
}

/** Services by whether their resources were captured. */
interface Origins {
  readonly capturedOnly: Set<string>;
  readonly mixed: Set<string>;
}

/** What one call has found out, and must say. */
interface Call {
  readonly window: StepWindow;
  readonly deadline: Deadline;
  readonly notes: string[];
  readonly origins: Origins;
}

class SmartServiceReader implements ServiceReader {
  readonly #client: SqlClient;
  readonly #calls: CallOptions;
  readonly #where: { readonly database: string };
  readonly #maxExamined: number;

  constructor(options: ServiceReaderOptions) {
    this.#client = options.client;
    this.#calls = { now: options.now, timeoutMs: options.timeoutMs ?? 8_000 };
    this.#where = { database: options.database };
    this.#maxExamined = options.maxExamined ?? 500_000;
  }

  graph(window: StepWindow): Promise<ServiceGraph> {
    const none: ServiceGraph = { window, nodes: [], edges: [], notes: [] };
    return runCall(this.#calls, none, async (deadline) => {
      const [origins, services] = await Promise.all([
        this.#origins(window, deadline),
        this.#services(window, deadline),
      ]);
      const call: Call = { window, deadline, notes: [], origins };
      const spans = spansOf(services.values());
      const [calls, captured, peers, flows, sdk] = await Promise.all([
        this.#edges(call, services, spans),
        this.#captured(call),
        this.#peers(call, spans),
        this.#flows(call),
        this.#sdkSpans(call),
      ]);
      for (const [name, own] of sdk) services.set(name, own);
      const { nodes, edges } = buildGraph({
        services,
        // Without their requests, captured services are better known by all their spans.
        capturedOnly: captured === undefined ? new Set() : origins.capturedOnly,
        calls,
        captured: captured ?? { edges: [], servers: new Map() },
        peers,
        flows,
      });
      return { window, nodes, edges, notes: call.notes };
    });
  }

  operations(service: string, window: StepWindow): Promise<ServiceOperations> {
    const none: ServiceOperations = { window, operations: [], truncated: false, notes: [] };
    return runCall(this.#calls, none, async (deadline) => {
      const origins = await this.#origins(window, deadline);
      const notes: string[] = [];
      const call: Call = { window, deadline, notes, origins };
      const isCaptured = origins.capturedOnly.has(service);
      const { sql, sample } = await this.#operationsStatement(service, call);
      const bytes = await this.#query(sql, deadline, { service });
      const all = readOperations(bytes, window, shareOf(sample))
        .map(({ name, kind, red }): OperationRed => {
          const entry: Measure = kind === 2 || kind === 5 ? 'requests' : 'spans';
          const measure = isCaptured ? 'captured' : entry;
          return { name, kind, measure, red: red.total, series: red.series };
        })
        .sort((a, b) => isEntry(b) - isEntry(a) || b.red.calls - a.red.calls);
      if (shareOf(sample) > 1) notes.push(sampled('Operations', sample));
      const truncated = all.length > maxOperations;
      return { window, operations: all.slice(0, maxOperations), truncated, notes };
    });
  }

  async #operationsStatement(
    service: string,
    { window, deadline, origins }: Call,
  ): Promise<{ sql: string; sample: Sample }> {
    const all = { sample: everything };
    if (origins.mixed.has(service)) return { sql: sdkOperations(this.#where, window), ...all };
    if (!origins.capturedOnly.has(service)) {
      return { sql: redByOperation(this.#where, window), ...all };
    }
    const sample = this.#sample(window, await this.#countCaptured(window, deadline));
    return { sql: capturedOperations(this.#where, window, sample), sample };
  }

  async #origins(window: StepWindow, deadline: Deadline): Promise<Origins> {
    const day = (seconds: number) => `toDate(toDateTime(${seconds}, 'UTC'))`;
    const sql = `SELECT service, toUInt8(max(c)) AS captured, toUInt8(min(c)) AS only
      FROM (SELECT service,
          mapContains(attributes, 'wirestitch.capture.source') AS c
        FROM ${tableName(this.#where, 'resources')}
        WHERE day >= ${day(window.fromS)} - 1 AND day <= ${day(window.toS)} + 1)
      GROUP BY service HAVING captured = 1 LIMIT 100000`;
    const origins: Origins = { capturedOnly: new Set(), mixed: new Set() };
    const r = new RowBinaryReader(await this.#query(sql, deadline));
    while (!r.done) {
      const service = r.string();
      r.uint8();
      (r.uint8() === 1 ? origins.capturedOnly : origins.mixed).add(service);
    }
    return origins;
  }

  async #services(window: StepWindow, deadline: Deadline): Promise<Map<string, ServiceSpans>> {
    return readServices(await this.#query(redByService(this.#where, window), deadline), window);
  }

  /** Figures without captured spans, of services that have both. */
  async #sdkSpans(call: Call): Promise<Map<string, ServiceSpans>> {
    const { window, deadline, origins } = call;
    if (origins.mixed.size === 0) return new Map();
    const sql = redOfSdkSpans(this.#where, window);
    const note =
      'Services with an SDK that were captured, too, are counted with all their spans: choose a ' +
      'shorter range to count each request once.';
    return this.#or(call, new Map(), note, async () =>
      readServices(await this.#query(sql, deadline, { services: [...origins.mixed] }), window),
    );
  }

  async #edges(
    call: Call,
    services: ReadonlyMap<string, ServiceSpans>,
    spans: number,
  ): Promise<readonly CallEdge[]> {
    const { window, notes } = call;
    const { fromS, toS } = window;
    const sample = this.#sample(window, spans);
    const note = 'Calls between services are incomplete: choose a shorter range.';
    if (shareOf(sample) === 1) {
      return this.#or(call, [], note, () => this.#spanEdges(call, fromS, toS, everything));
    }
    return this.#or(call, [], note, async () => {
      const sql = lastComputed(this.#where, fromS, toS);
      const [row] = await rowsOf<{ last: number }>(this.#client, sql, call.deadline());
      const last = Number(row?.last ?? 0);
      const newestS = Math.max(fromS, last === 0 ? fromS : last + minuteS);
      const left = spansSince(services.values(), window, newestS);
      const newestSample = sampleOf({ ...window, fromS: newestS }, left, this.#maxExamined);
      if (shareOf(newestSample) > 1) notes.push(sampled('Calls between services', newestSample));
      // Nothing is computed: the whole window is counted on its spans.
      if (newestS === fromS) return await this.#spanEdges(call, fromS, toS, newestSample);
      const [whole, computed, newest] = await Promise.all([
        this.#spanEdges(call, fromS, toS, sampleOf(window, spans, this.#maxExamined / 4)),
        this.#computedEdges(call),
        newestS < toS ? this.#spanEdges(call, newestS, toS, newestSample) : [],
      ]);
      // Of the whole window only what is not counted: protocols and addresses.
      const facts = whole.map((edge) => ({ ...edge, red: emptied(edge.red) }));
      return [...computed, ...newest.map(withoutFacts), ...facts];
    });
  }

  async #spanEdges(call: Call, fromS: number, toS: number, sample: Sample): Promise<CallEdge[]> {
    const sql = spanEdges(this.#where, fromS, toS, sample);
    return readSpanEdges(await this.#query(sql, call.deadline), shareOf(sample));
  }

  async #computedEdges({ window, deadline }: Call): Promise<CallEdge[]> {
    const sql = computedEdges(this.#where, window.fromS, window.toS);
    return readComputedEdges(await this.#query(sql, deadline));
  }

  async #countCaptured(window: StepWindow, deadline: Deadline): Promise<number> {
    const r = new RowBinaryReader(await this.#query(countCaptured(this.#where, window), deadline));
    return r.float64();
  }

  #captured(call: Call): Promise<Captured | undefined> {
    const { window, deadline, origins } = call;
    const none: Captured = { edges: [], servers: new Map() };
    if (origins.capturedOnly.size + origins.mixed.size === 0) return Promise.resolve(none);
    const note =
      'Captured requests are counted once for each place where they were seen: choose a shorter ' +
      'range to count each once.';
    return this.#or<Captured | undefined>(call, undefined, note, async () => {
      const sample = this.#sample(window, await this.#countCaptured(window, deadline));
      if (shareOf(sample) > 1) call.notes.push(sampled('Captured requests', sample));
      const sql = capturedRequests(this.#where, window, sample);
      return readCaptured(await this.#query(sql, deadline), window, shareOf(sample));
    });
  }

  #peers(call: Call, spans: number): Promise<PeerCalls[]> {
    const { window, deadline } = call;
    const sample = this.#sample(window, spans);
    const note =
      'Databases, queues and others that send no spans are left out: choose a shorter range.';
    return this.#or<PeerCalls[]>(call, [], note, async () => {
      const sql = peerCalls(this.#where, window.fromS, window.toS, sample);
      const peers = readPeers(await this.#query(sql, deadline), shareOf(sample));
      if (shareOf(sample) > 1 && peers.length > 0) {
        call.notes.push(sampled('Calls to those that send no spans', sample));
      }
      return peers;
    });
  }

  #flows(call: Call): Promise<FlowPair[]> {
    const { window, deadline } = call;
    const note = 'Connections out of flow logs are left out: choose a shorter range.';
    return this.#or<FlowPair[]>(call, [], note, async () =>
      readFlows(await this.#query(flowPairs(this.#where, window), deadline)),
    );
  }

  /** What is too much for the limits is left out, and said so. */
  async #or<T>(call: Call, none: T, note: string, read: () => Promise<T>): Promise<T> {
    try {
      return await read();
    } catch (error) {
      const reason = reasonOf(error);
      if (reason !== 'timeout' && reason !== 'too_broad') throw error;
      call.notes.push(note);
      return none;
    }
  }

  #sample(window: StepWindow, spans: number): Sample {
    return sampleOf(window, spans, this.#maxExamined);
  }

  #query(sql: string, deadline: Deadline, params: Record<string, SqlParam> = {}) {
    const { timeoutMs, settings } = deadline();
    const most = Math.min(Number(settings?.max_execution_time ?? maxStatementS), maxStatementS);
    return this.#client.query(sql, {
      timeoutMs,
      settings: { ...settings, ...statementSettings, max_execution_time: most },
      params,
    });
  }
}

/** 1 of what the service was asked for, 0 of what it did besides. */
function isEntry({ measure }: OperationRed): number {
  return measure === 'spans' ? 0 : 1;
}

function sampled(what: string, sample: Sample): string {
  return `${what} are estimated from one in ${shareOf(sample)}.`;
}

function spansOf(services: Iterable<ServiceSpans>): number {
  let spans = 0;
  for (const { entries, others } of services) spans += entries.total.calls + others.total.calls;
  return spans;
}

/** Spans of the steps that reach beyond a time, in seconds since 1970. */
function spansSince(services: Iterable<ServiceSpans>, window: StepWindow, sinceS: number): number {
  const first = Math.floor((sinceS - window.fromS) / window.stepS);
  let spans = 0;
  for (const { entries, others } of services) {
    for (const { series } of [entries, others]) {
      for (let step = first; step < window.steps; step++) spans += series.calls[step] ?? 0;
    }
  }
  return spans;
}

function emptied(red: CallEdge['red']): CallEdge['red'] {
  red.calls = 0;
  red.errors = 0;
  red.bands.fill(0);
  return red;
}

/** Without what the sample of the whole window says too. */
function withoutFacts(edge: CallEdge): CallEdge {
  return { ...edge, protocols: new Map() };
}
