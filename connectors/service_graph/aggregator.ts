import type { Traces } from '../../pdata/batch.ts';
import { asBuffer } from '../../pdata/proto/as-buffer.ts';
import { noBytes } from '../../pdata/proto/cursor.ts';
import { AttributeScan, SpanScan } from '../../pdata/readers/span-scan.ts';
import { unedited } from '../../pdata/readers/unedited.ts';
import { InternTable, MessageView, SpanReader, ValueType, ValueView } from '../../pdata/readers.ts';
import { SeriesKey } from '../../pipeline/series/key.ts';
import { Connection, EdgeKind, type EdgeStore } from './edge-store.ts';
import type { RequestSeries } from './series.ts';

const spanKind = { server: 2, client: 3, producer: 4, consumer: 5 } as const;

/** What a batch of spans did. */
export interface Aggregated {
  /** Spans of resources without service.name. */
  unnamed: number;
  /** Spans that found no room. */
  dropped: number;
  /** Edges that are new. */
  edges: number;
  /** Edges that expired to make room. */
  expired: number;
}

/** The parts of the configuration that spans are read with. */
export interface GraphPlan {
  readonly dimensions: readonly string[];
  readonly peerAttributes: readonly string[];
  readonly databaseAttributes: readonly string[];
  readonly maxItems: number;
  readonly ttlMs: number;
}

/** All that a service_graph connector knows between two batches. */
export interface GraphState {
  edges: EdgeStore;
  series: RequestSeries;
  /** Nanoseconds since 1970: start of the counters. */
  startNs: number;
  /** Whether requests were counted since the last export. */
  dirty: boolean;
}

/** What a span contributes to an edge. */
interface Side {
  isClient: boolean;
  connection: number;
  service: string;
  seconds: number;
  failed: number;
}

/** Pairs the spans of clients and servers into requests. */
export class GraphAggregator {
  readonly #plan: GraphPlan;
  readonly #state: GraphState;
  readonly #scan: SpanScan;
  readonly #resource: AttributeScan;
  /** Where the scans have what they found, of each attribute. */
  readonly #dimensions: readonly number[];
  readonly #peers: readonly number[];
  readonly #databases: readonly number[];
  readonly #value = new ValueView();
  readonly #texts = new InternTable(4096);
  readonly #packs = new LatinTable();
  readonly #pack = new SeriesKey();
  readonly #link = new MessageView();
  readonly #side: Side = { isClient: false, connection: 0, service: '', seconds: 0, failed: 0 };
  readonly #key: { bytes: Uint8Array; trace: number; span: number } = {
    bytes: noBytes,
    trace: -1,
    span: -1,
  };
  #resourceBytes: Uint8Array = noBytes;
  #nowMs = 0;
  #done: Aggregated = { unnamed: 0, dropped: 0, edges: 0, expired: 0 };

  constructor(plan: GraphPlan, state: GraphState) {
    this.#plan = plan;
    this.#state = state;
    const { dimensions, peerAttributes, databaseAttributes } = plan;
    const names = [...new Set([...dimensions, ...peerAttributes, ...databaseAttributes])];
    this.#scan = new SpanScan(names);
    this.#resource = new AttributeScan([...names, 'service.name']);
    const placesOf = (list: readonly string[]) => list.map((name) => names.indexOf(name) * 2);
    this.#dimensions = placesOf(dimensions);
    this.#peers = placesOf(peerAttributes);
    this.#databases = placesOf(databaseAttributes);
  }

  get #edges(): EdgeStore {
    return this.#state.edges;
  }

  get #series(): RequestSeries {
    return this.#state.series;
  }

  /** @param nowMs Clock.monotonicMs() */
  add(batch: Traces, nowMs: number): Aggregated {
    this.#nowMs = nowMs;
    this.#done = { unnamed: 0, dropped: 0, edges: 0, expired: 0 };
    const reader = new SpanReader(unedited(batch));
    while (reader.nextResource()) {
      const { bytes, start, end } = reader.resource;
      this.#resourceBytes = bytes;
      this.#resource.scan(bytes, start, end, 1);
      const named = this.#findService();
      while (reader.nextScope()) {
        while (reader.nextItem()) {
          if (named) this.#addSpan(reader);
          else this.#done.unnamed += 1;
        }
      }
    }
    return this.#done;
  }

  #findService(): boolean {
    const { found } = this.#resource;
    const at = found.length - 2;
    if (found[at]! < 0) return false;
    this.#side.service = this.#text(this.#resourceBytes, found[at]!, found[at + 1]!);
    return true;
  }

  /** An AnyValue as text. */
  #text(b: Uint8Array, start: number, end: number): string {
    const value = this.#value;
    value.locate(b, start, end);
    if (value.type !== ValueType.string) return value.toText();
    return this.#texts.get(b, value.contentStart, value.contentEnd);
  }

  #addSpan(reader: SpanReader): void {
    const scan = this.#scan;
    const { bytes, start, end } = reader.item;
    scan.scan(bytes, start, end);
    const side = this.#side;
    const { kind } = scan;
    side.isClient = kind === spanKind.client || kind === spanKind.producer;
    if (!side.isClient && kind !== spanKind.server && kind !== spanKind.consumer) return;
    const messaging = kind === spanKind.producer || kind === spanKind.consumer;
    side.connection = messaging ? Connection.messaging : Connection.direct;
    side.seconds = scan.durationNs / 1e9;
    side.failed = scan.statusCode === 2 ? 1 : 0;
    if (kind === spanKind.consumer && this.#addLinked(reader)) return;
    const key = this.#key;
    key.bytes = bytes;
    key.trace = scan.traceId;
    key.span = side.isClient ? scan.spanId : scan.parentSpanId;
    this.#upsert();
  }

  /** A consumer by its links to producers. @returns false when it has none */
  #addLinked(reader: SpanReader): boolean {
    let linked = false;
    while (reader.nextLink()) {
      linked = true;
      const link = this.#link;
      link.bindBytes(reader.link.bytes, reader.link.start, reader.link.end);
      const key = this.#key;
      key.bytes = link.bytes;
      key.trace = link.findField(1) && link.value.end > link.value.start ? link.value.start : -1;
      key.span = link.findField(2) && link.value.end > link.value.start ? link.value.start : -1;
      this.#addConsumer();
    }
    return linked;
  }

  #addConsumer(): void {
    const { bytes, trace, span } = this.#key;
    const edges = this.#edges;
    const hash = edges.hash(bytes, trace, span);
    const producer = edges.find(EdgeKind.request, hash, bytes, trace, span);
    if (!this.#makeRoom()) return;
    const edge = edges.add(EdgeKind.pendingConsumer, hash, this.#key, this.#expiry());
    this.#done.edges += 1;
    this.#fill(edge);
    if (producer >= 0 && edges.clients[producer] !== '') this.#serve(producer, edge);
  }

  /** Completes a waiting consumer with what its producer said. */
  #serve(producer: number, consumer: number): void {
    const edges = this.#edges;
    edges.served[producer] = 1;
    edges.clients[consumer] = edges.clients[producer]!;
    edges.clientSeconds[consumer] = edges.clientSeconds[producer]!;
    edges.connections[consumer] = edges.connections[producer]!;
    edges.clientDimensions[consumer] = edges.clientDimensions[producer]!;
    if (edges.failed[producer] === 1) edges.failed[consumer] = 1;
    this.#finish(consumer);
  }

  #upsert(): void {
    const { bytes, trace, span } = this.#key;
    const edges = this.#edges;
    const hash = edges.hash(bytes, trace, span);
    let edge = edges.find(EdgeKind.request, hash, bytes, trace, span);
    if (edge < 0) {
      if (!this.#makeRoom()) return;
      edge = edges.add(EdgeKind.request, hash, this.#key, this.#expiry());
      this.#done.edges += 1;
    }
    this.#fill(edge);
    if (this.#side.isClient && this.#side.connection === Connection.messaging) {
      let waiting = edges.find(EdgeKind.pendingConsumer, hash, bytes, trace, span);
      while (waiting >= 0) {
        const older = edges.next(waiting);
        this.#serve(edge, waiting);
        waiting = older;
      }
    }
    if (edges.clients[edge] !== '' && edges.servers[edge] !== '') this.#finish(edge);
  }

  #finish(edge: number): void {
    const edges = this.#edges;
    if (edges.clients[edge] === '' || edges.servers[edge] === '') return;
    if (!this.#series.add(edges, edge, '', this.#nowMs)) this.#done.dropped += 1;
    edges.remove(edge);
  }

  #expiry(): number {
    return this.#nowMs + this.#plan.ttlMs;
  }

  #makeRoom(): boolean {
    if (this.#edges.size < this.#plan.maxItems && !this.#series.full) return true;
    if (this.#expireOldest(this.#nowMs)) return true;
    this.#done.dropped += 1;
    return false;
  }

  /** Puts what the span says on an edge. */
  #fill(edge: number): void {
    const edges = this.#edges;
    const side = this.#side;
    edges.connections[edge] = side.connection;
    if (side.failed === 1) edges.failed[edge] = 1;
    const dimensions = this.#dimensions.length > 0 ? this.#packDimensions() : '';
    if (side.isClient) {
      edges.clients[edge] = side.service;
      edges.clientSeconds[edge] = side.seconds;
      edges.clientDimensions[edge] = dimensions;
      edges.peers[edge] = this.#firstOf(this.#peers, false) ?? '';
      const database = this.#firstOf(this.#databases, true);
      if (database === undefined) return;
      edges.connections[edge] = Connection.database;
      edges.servers[edge] = database;
      edges.serverSeconds[edge] = side.seconds;
    } else {
      edges.servers[edge] = side.service;
      edges.serverSeconds[edge] = side.seconds;
      edges.serverDimensions[edge] = dimensions;
    }
  }

  /** The first of some attributes that is there; those of the resource first if `inResource`. */
  #firstOf(places: readonly number[], inResource: boolean): string | undefined {
    for (const at of places) {
      const own = this.#resource.found;
      if (inResource && own[at]! >= 0) {
        return this.#text(this.#resourceBytes, own[at]!, own[at + 1]!);
      }
      const { found } = this.#scan.attributes;
      if (found[at]! >= 0) return this.#text(this.#scan.bytes, found[at]!, found[at + 1]!);
    }
    return undefined;
  }

  /** Values of the dimensions: for each its number, length and text, as one string of bytes. */
  #packDimensions(): string {
    const pack = this.#pack;
    pack.reset();
    this.#dimensions.forEach((at, i) => {
      const inResource = this.#resource.found[at]! >= 0;
      const found = inResource ? this.#resource.found : this.#scan.attributes.found;
      if (found[at]! < 0) return;
      pack.byte(i);
      pack.byte(i >>> 8);
      const bytes = inResource ? this.#resourceBytes : this.#scan.bytes;
      pack.value(this.#value, bytes, found[at]!, found[at + 1]!);
    });
    return this.#packs.get(pack.bytes, pack.length);
  }

  /** Ends edges that have waited too long. @returns how many */
  expire(nowMs: number): number {
    this.#done = { unnamed: 0, dropped: 0, edges: 0, expired: 0 };
    while (this.#expireOldest(nowMs));
    return this.#done.expired;
  }

  #expireOldest(nowMs: number): boolean {
    const edges = this.#edges;
    const edge = edges.expired(nowMs);
    if (edge < 0) return false;
    if (edges.served[edge] === 0) {
      this.#done.expired += 1;
      this.#makeVirtual(edge, nowMs);
    }
    edges.remove(edge);
    return true;
  }

  /** Counts a request of which one side had no span, where that side can be named. */
  #makeVirtual(edge: number, nowMs: number): void {
    const edges = this.#edges;
    if (this.#plan.peerAttributes.length === 0) return;
    edges.connections[edge] = Connection.virtual;
    if (edges.kinds[edge] === EdgeKind.request && edges.clients[edge] === '' && edges.root[edge]) {
      edges.clients[edge] = 'user';
      this.#series.add(edges, edge, 'client', nowMs);
    }
    if (edges.servers[edge] === '') {
      edges.servers[edge] = edges.peers[edge] || 'unknown';
      this.#series.add(edges, edge, 'server', nowMs);
    }
  }
}

/** Strings for bytes that repeat, one unit a byte. */
class LatinTable {
  readonly #texts = new Map<string, string>();

  get(b: Uint8Array, length: number): string {
    const text = asBuffer(b).toString('latin1', 0, length);
    const known = this.#texts.get(text);
    if (known !== undefined) return known;
    if (this.#texts.size >= 4096) this.#texts.clear();
    this.#texts.set(text, text);
    return text;
  }
}
