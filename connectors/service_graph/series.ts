import type { Metrics } from '../../pdata/batch.ts';
import { MetricsBuilder } from '../../pdata/builder.ts';
import { encodeValue } from '../../pdata/values.ts';
import { packAttributes, writePacked } from '../../pipeline/series/attributes.ts';
import { wholeField } from '../../pipeline/series/explicit.ts';
import { type Histograms, histogramsOf } from '../../pipeline/series/histograms.ts';
import { SeriesKey } from '../../pipeline/series/key.ts';
import { Column, SeriesTable } from '../../pipeline/series/table.ts';
import { connectionLabels, type EdgeStore } from './edge-store.ts';

/** Series whose last request is older are forgotten. */
const staleMs = 15 * 60_000;

/** Which side of a request had no span. */
export type VirtualNode = '' | 'client' | 'server';

/** Requests between services: a series for each combination of their labels. */
export class RequestSeries {
  /** No room for more series. */
  full = false;
  readonly #table = new SeriesTable();
  readonly #counts = new Column();
  /** Clock.monotonicMs() of the last request. */
  readonly #updated = new Column();
  readonly #failed = new Column();
  readonly #client: Histograms;
  readonly #server: Histograms;
  readonly #dimensions: readonly string[];
  readonly #extraLabel: boolean;
  readonly #seed: number;
  readonly #key = new SeriesKey();

  /** @param buckets upper bounds in seconds, or the number of exponential buckets */
  constructor(
    buckets: readonly number[] | number,
    own: { dimensions: readonly string[]; extraLabel: boolean; seed: number },
  ) {
    this.#client = histogramsOf(buckets);
    this.#server = histogramsOf(buckets);
    this.#dimensions = own.dimensions;
    this.#extraLabel = own.extraLabel;
    this.#seed = own.seed;
  }

  get bytes(): number {
    const columns = this.#counts.bytes * 3;
    return this.#table.bytes + columns + this.#client.bytes + this.#server.bytes;
  }

  /** Counts edge `i` of the store. @returns false when there is no room for its series */
  add(edges: EdgeStore, i: number, virtual: VirtualNode, nowMs: number): boolean {
    const key = this.#key;
    key.reset();
    key.text(edges.clients[i]!);
    key.text(edges.servers[i]!);
    key.byte(edges.connections[i]! * 2 + edges.failed[i]!);
    key.text(edges.clientDimensions[i]!);
    key.text(edges.serverDimensions[i]!);
    if (this.#extraLabel) key.text(virtual);
    const hash = key.hash(this.#seed);
    let series = this.#table.find(key, hash);
    if (series < 0) {
      if (this.full) return false;
      const attributes = packAttributes(this.#attributesOf(edges, i, virtual));
      series = this.#table.add(key, hash, attributes);
      for (const column of [this.#counts, this.#updated, this.#failed]) column.open(series);
      this.#client.open(series);
      this.#server.open(series);
      this.#failed.values[series] = edges.failed[i]!;
    }
    this.#counts.values[series]! += 1;
    this.#updated.values[series] = nowMs;
    this.#server.record(series, edges.serverSeconds[i]!, 1);
    this.#client.record(series, edges.clientSeconds[i]!, 1);
    return true;
  }

  #attributesOf(edges: EdgeStore, i: number, virtual: VirtualNode): Map<string, Uint8Array> {
    const attributes = new Map([
      ['client', encodeValue(edges.clients[i]!)],
      ['server', encodeValue(edges.servers[i]!)],
      ['connection_type', encodeValue(connectionLabels[edges.connections[i]!]!)],
      ['failed', encodeValue(edges.failed[i] === 1)],
    ]);
    this.#unpack('client_', edges.clientDimensions[i]!, attributes);
    this.#unpack('server_', edges.serverDimensions[i]!, attributes);
    if (this.#extraLabel) attributes.set('virtual_node', encodeValue(virtual));
    return attributes;
  }

  /** @param packed see {@link packDimensions} */
  #unpack(prefix: string, packed: string, attributes: Map<string, Uint8Array>): void {
    const bytes = Buffer.from(packed, 'latin1');
    for (let at = 0; at < bytes.length; ) {
      const name = this.#dimensions[bytes.readUInt16LE(at)]!;
      const size = bytes.readUInt32LE(at + 2);
      const value = bytes.toString('utf8', at + 6, at + 6 + size);
      attributes.set(prefix + name, encodeValue(value));
      at += 6 + size;
    }
  }

  /** Forgets series without requests for 15 minutes. */
  clean(nowMs: number): void {
    const left = this.#table.retain((i) => this.#updated.values[i]! + staleMs >= nowMs);
    if (left === undefined) return;
    for (const column of [this.#counts, this.#updated, this.#failed]) column.reorder(left);
    this.#client.reorder(left);
    this.#server.reorder(left);
  }

  /** All series as metrics, cumulative since `startNs`; undefined when there are none. */
  build(startNs: number, timeNs: number): Metrics | undefined {
    if (this.#table.size === 0) return undefined;
    const builder = new MetricsBuilder();
    builder.resource();
    builder.scope('traces_service_graph');
    const times = { startNs, timeNs };
    builder.metric('traces_service_graph_request_total');
    builder.sum(2, true);
    this.#writeCounts(builder, times, () => true);
    if (this.#failed.values.subarray(0, this.#table.size).includes(1)) {
      builder.metric('traces_service_graph_request_failed_total');
      builder.sum(2, true);
      this.#writeCounts(builder, times, (i) => this.#failed.values[i] === 1);
    }
    this.#writeDurations(builder, 'traces_service_graph_request_server', this.#server, times);
    this.#writeDurations(builder, 'traces_service_graph_request_client', this.#client, times);
    return builder.finish();
  }

  #writeCounts(builder: MetricsBuilder, times: Times, wanted: (i: number) => boolean): void {
    const w = builder.writer;
    for (let i = 0; i < this.#table.size; i += 1) {
      if (!wanted(i)) continue;
      const point = builder.openPoint();
      this.#writeTimes(builder, times);
      wholeField(w, 6, this.#counts.values[i]!);
      this.#writeAttributes(builder, 7, i);
      builder.closePoint(point);
    }
  }

  #writeDurations(
    builder: MetricsBuilder,
    name: string,
    histograms: Histograms,
    times: Times,
  ): void {
    builder.metric(name, 's');
    histograms.begin(builder, 2);
    for (let i = 0; i < this.#table.size; i += 1) {
      const point = builder.openPoint();
      this.#writeTimes(builder, times);
      histograms.write(builder.writer, i);
      this.#writeAttributes(builder, histograms.fields.attributes, i);
      builder.closePoint(point);
    }
  }

  #writeTimes(builder: MetricsBuilder, { startNs, timeNs }: Times): void {
    wholeField(builder.writer, 2, startNs);
    wholeField(builder.writer, 3, timeNs);
  }

  #writeAttributes(builder: MetricsBuilder, field: number, i: number): void {
    const table = this.#table;
    writePacked(builder.writer, field, table.arena, table.extraStart(i), table.extraEnd(i));
  }
}

/** Nanoseconds since 1970. */
interface Times {
  readonly startNs: number;
  readonly timeNs: number;
}
