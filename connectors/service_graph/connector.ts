import type { Component } from '../../component/component.ts';
import type { Consumer } from '../../component/consumer.ts';
import type { Counter, Settings, Timer } from '../../component/settings.ts';
import type { Traces } from '../../pdata/batch.ts';
import { sendOn } from '../../pipeline/send-on.ts';
import { defaultBucketsMs } from '../../pipeline/series/histograms.ts';
import { StateMemory } from '../../pipeline/series/memory.ts';
import { GraphAggregator, type GraphState } from './aggregator.ts';
import type { Config } from './config.ts';
import { EdgeStore } from './edge-store.ts';
import { RequestSeries } from './series.ts';
import { telemetry } from './telemetry.ts';

/** Makes metrics of requests between services from their spans. */
export class ServiceGraphConnector implements Component, Consumer<'traces'> {
  readonly mutates = false;
  readonly #settings: Settings;
  readonly #config: Config;
  readonly #next: Consumer<'metrics'>;
  readonly #state: GraphState;
  readonly #aggregator: GraphAggregator;
  readonly #counters: { readonly [K in 'dropped' | 'edges' | 'expired']: Counter };
  readonly #timers = new Map<string, Timer>();
  #exporting: Promise<void> | undefined;
  readonly #memory: StateMemory;

  constructor(settings: Settings, config: Config, next: Consumer<'metrics'>) {
    this.#settings = settings;
    this.#config = config;
    this.#next = next;
    this.#memory = new StateMemory(settings.budget);
    const seed = Math.floor(settings.random.float() * 0x7fffffff);
    const extraLabel = config.virtual_node_extra_label;
    const { dimensions, store, database_name_attributes: databases } = config;
    const startNs = Math.round(settings.clock.unixMs() * 1e6);
    const edges = new EdgeStore(seed);
    const series = new RequestSeries(bucketsOf(config), { dimensions, extraLabel, seed });
    this.#state = { edges, series, startNs, dirty: false };
    const plan = {
      dimensions,
      peerAttributes: config.virtual_node_peer_attributes,
      databaseAttributes: databases.length === 0 ? ['db.name'] : databases,
      maxItems: store.max_items,
      ttlMs: store.ttl,
    };
    this.#aggregator = new GraphAggregator(plan, this.#state);
    this.#counters = telemetry(settings.meter);
  }

  async start(): Promise<void> {
    const { clock, logger } = this.#settings;
    const { cache_loop: cache, store_expiration_loop: expiration } = this.#config;
    const interval = this.#config.metrics_flush_interval;
    if (interval > 0) this.#every('flush', interval, () => this.#export());
    else logger.warn('metrics_flush_interval is 0: metrics are exported with every batch');
    this.#every('clean', cache > 0 ? cache : 60_000, () => {
      this.#state.series.clean(clock.monotonicMs());
      this.#account();
    });
    this.#every('expire', expiration > 0 ? expiration : 2000, () => this.#expire());
  }

  /** Goes on where the other was, unless the series have changed. */
  async takeOver(previous: Component): Promise<void> {
    if (!(previous instanceof ServiceGraphConnector)) return;
    if (shapeOf(previous.#config) !== shapeOf(this.#config)) return;
    const fresh = { ...this.#state };
    Object.assign(this.#state, previous.#state);
    Object.assign(previous.#state, fresh);
    this.#memory.takeOver(previous.#memory);
  }

  #every(name: string, ms: number, run: () => void): void {
    const again = () => {
      this.#timers.set(name, this.#settings.clock.after(ms, again));
      run();
    };
    this.#timers.set(name, this.#settings.clock.after(ms, again));
  }

  #expire(): void {
    const expired = this.#aggregator.expire(this.#settings.clock.monotonicMs());
    if (expired === 0) return;
    this.#counters.expired.add(expired);
    this.#state.dirty = true;
    this.#account();
  }

  async consume(batch: Traces): Promise<void> {
    const { clock, ledger } = this.#settings;
    const items = batch.itemCount;
    if (items === 0) return;
    const done = this.#aggregator.add(batch, clock.monotonicMs());
    this.#state.dirty = true;
    if (done.unnamed > 0) ledger.dropped('no_service_name', done.unnamed);
    ledger.delivered(items - done.unnamed);
    if (done.dropped > 0) this.#counters.dropped.add(done.dropped);
    if (done.edges > 0) this.#counters.edges.add(done.edges);
    if (done.expired > 0) this.#counters.expired.add(done.expired);
    this.#account();
    if (this.#config.metrics_flush_interval <= 0) await this.#export();
  }

  /** Reserves what the state has grown by; when that does not fit nothing new is taken up. */
  #account(): void {
    const { edges, series } = this.#state;
    const bytes = edges.bytes + series.bytes;
    const fits = this.#memory.resize(bytes);
    if (!fits && !series.full) {
      const hint = 'spans of new requests are dropped until there is room again';
      this.#settings.logger.warn(`The memory budget is exhausted: ${hint}`, { bytes });
    }
    series.full = !fits;
  }

  #export(): Promise<void> {
    this.#exporting ??= this.#exportOnce().finally(() => {
      this.#exporting = undefined;
    });
    return this.#exporting;
  }

  async #exportOnce(): Promise<void> {
    const { clock, ledger, logger } = this.#settings;
    const nowMs = clock.unixMs() - this.#config.metrics_timestamp_offset;
    this.#state.dirty = false;
    const metrics = this.#state.series.build(this.#state.startNs, Math.round(nowMs * 1e6));
    if (metrics === undefined) return;
    ledger.created(metrics.itemCount);
    await sendOn(this.#next, metrics, ledger, (error) => {
      this.#state.dirty = true;
      logger.error('failed to flush metrics', { error });
    });
  }

  async shutdown(): Promise<void> {
    for (const timer of this.#timers.values()) timer.cancel();
    this.#timers.clear();
    await this.#exporting;
    if (this.#state.dirty) await this.#export();
    this.#memory.resize(0);
  }
}

/** What series are made of: equal texts where they can go on. */
function shapeOf(config: Config): string {
  const { dimensions, latency_histogram_buckets, exponential_histogram_max_size } = config;
  const buckets = [latency_histogram_buckets, exponential_histogram_max_size];
  return JSON.stringify([dimensions, buckets, config.virtual_node_extra_label]);
}

/** Bounds in seconds, or the number of exponential buckets. */
function bucketsOf(config: Config): readonly number[] | number {
  if (config.exponential_histogram_max_size > 0) return config.exponential_histogram_max_size;
  const ms = config.latency_histogram_buckets ?? defaultBucketsMs;
  return ms.map((bound) => bound / 1000);
}
