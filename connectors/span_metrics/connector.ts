import type { Component } from '../../component/component.ts';
import type { Consumer } from '../../component/consumer.ts';
import type { Settings, Timer } from '../../component/settings.ts';
import type { Traces } from '../../pdata/batch.ts';
import { sendOn } from '../../pipeline/send-on.ts';
import { StateMemory } from '../../pipeline/series/memory.ts';
import { Aggregator } from './aggregator.ts';
import type { Config } from './config.ts';
import { Flush } from './flush.ts';
import { readGates } from './gates.ts';
import { planOf } from './plan.ts';
import { ResourceKeys } from './resource-keys.ts';
import { SpanMetricsState } from './state.ts';

/** Counts spans, and exports what it counted at a fixed interval. */
export class SpanMetricsConnector implements Component, Consumer<'traces'> {
  readonly mutates = false;
  readonly #settings: Settings;
  readonly #config: Config;
  readonly #next: Consumer<'metrics'>;
  readonly #state: SpanMetricsState;
  readonly #aggregator: Aggregator;
  readonly #flush: Flush;
  #timer: Timer | undefined;
  #exporting: Promise<void> | undefined;
  readonly #memory: StateMemory;

  constructor(settings: Settings, config: Config, next: Consumer<'metrics'>) {
    this.#settings = settings;
    this.#config = config;
    this.#next = next;
    this.#memory = new StateMemory(settings.budget);
    const { random } = settings;
    this.#state = new SpanMetricsState(config.resource_metrics_cache_size, {
      seed: Math.floor(random.float() * 0x7fffffff),
      instanceId: uuid(random.bytes(16)),
    });
    const plan = planOf(config, readGates(settings.gates));
    this.#aggregator = new Aggregator(plan, this.#state, {
      resourceKeys: new ResourceKeys(config.resource_metrics_key_attributes),
      random,
    });
    this.#flush = new Flush(config, this.#state, plan.prefix);
  }

  async start(): Promise<void> {
    if (this.#config.dimensions_cache_size !== 0) {
      const hint = 'please use aggregation_cardinality_limit instead';
      this.#settings.logger.warn(`dimensions_cache_size is deprecated, ${hint}`);
    }
    this.#arm();
  }

  /** Goes on counting where the other was, unless the series have changed. */
  async takeOver(previous: Component): Promise<void> {
    if (!(previous instanceof SpanMetricsConnector)) return;
    if (shapeOf(previous.#config) !== shapeOf(this.#config)) return;
    this.#state.adopt(previous.#state);
    this.#memory.takeOver(previous.#memory);
  }

  #arm(): void {
    this.#timer = this.#settings.clock.after(this.#config.metrics_flush_interval, () => {
      this.#arm();
      this.#exporting ??= this.#export(false).finally(() => {
        this.#exporting = undefined;
      });
    });
  }

  async consume(batch: Traces): Promise<void> {
    const { clock, ledger } = this.#settings;
    const items = batch.itemCount;
    if (items === 0) return;
    const startNs = Math.round(clock.unixMs() * 1e6);
    const done = this.#aggregator.add(batch, startNs, clock.monotonicMs());
    this.#state.dirty = true;
    if (done.unnamed > 0) ledger.dropped('no_service_name', done.unnamed);
    if (done.refused > 0) ledger.dropped('memory_budget', done.refused);
    ledger.delivered(items - done.unnamed - done.refused);
    if (done.grown) this.#account();
  }

  /** Reserves what the state has grown by; when that does not fit it may not grow any more. */
  #account(): void {
    const { bytes } = this.#state;
    const fits = this.#memory.resize(bytes);
    if (!fits && !this.#aggregator.full) {
      const hint = 'new series count as one until there is room again';
      this.#settings.logger.warn(`The memory budget is exhausted: ${hint}`, { bytes });
    }
    this.#aggregator.full = !fits;
  }

  async #export(last: boolean): Promise<void> {
    const { clock, ledger, logger } = this.#settings;
    const nowNs = Math.round(clock.unixMs() * 1e6);
    const metrics = this.#flush.build({ nowNs, last });
    this.#flush.reset(clock.monotonicMs());
    this.#account();
    if (metrics === undefined) return;
    ledger.created(metrics.itemCount);
    await sendOn(this.#next, metrics, ledger, (error) => {
      this.#state.dirty = true;
      logger.error('Failed ConsumeMetrics', { error });
    });
  }

  async shutdown(): Promise<void> {
    this.#timer?.cancel();
    this.#timer = undefined;
    await this.#exporting;
    if (this.#state.dirty) await this.#export(true);
    this.#state.resources.clear();
    this.#state.evicted.clear();
    this.#account();
  }
}

/** What series are made of: equal texts where they can go on. */
function shapeOf(config: Config): string {
  const { histogram, exemplars, events, dimensions, calls_dimensions } = config;
  const { exclude_dimensions, resource_metrics_key_attributes, aggregation_temporality } = config;
  const { include_instrumentation_scope, enable_metrics_sampling_method } = config;
  return JSON.stringify([
    [histogram, exemplars, events, dimensions, calls_dimensions, exclude_dimensions],
    [resource_metrics_key_attributes, aggregation_temporality, include_instrumentation_scope],
    [enable_metrics_sampling_method, config.aggregation_cardinality_limit],
  ]);
}

/** A random (version 4) UUID of 16 random bytes. */
function uuid(random: Uint8Array): string {
  const bytes = Buffer.from(random);
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  const cuts = [0, 8, 12, 16, 20, 32];
  return cuts
    .slice(1)
    .map((end, i) => hex.slice(cuts[i], end))
    .join('-');
}
