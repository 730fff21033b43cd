import type { Component } from '../../component/component.ts';
import { background, type Consumer, type Context } from '../../component/consumer.ts';
import { Code, PipelineError } from '../../component/errors.ts';
import type { Settings } from '../../component/settings.ts';
import type { Signal } from '../../component/signals.ts';
import type { Batch } from '../../pdata/batch.ts';
import { type BatchTelemetry, batchTelemetry } from '../../pipeline/batch-telemetry.ts';
import type { Config } from './config.ts';
import { Shard } from './shard.ts';

/** The processor: one shard, or one for each combination of the metadata values asked for. */
export class BatchProcessor<S extends Signal> implements Component, Consumer<S> {
  readonly mutates = false;
  readonly #settings: Settings;
  readonly #config: Config;
  readonly #next: Consumer<S>;
  readonly #keys: readonly string[];
  readonly #shards = new Map<string, Shard<S>>();
  #telemetry: BatchTelemetry | undefined;
  #single: Shard<S> | undefined;
  #running = false;

  constructor(settings: Settings, config: Config, next: Consumer<S>) {
    this.#settings = settings;
    this.#config = config;
    this.#next = next;
    this.#keys = config.metadata_keys.map((key) => key.toLowerCase()).sort();
  }

  async start(): Promise<void> {
    this.#telemetry = batchTelemetry(this.#settings, () => this.#shards.size);
    if (this.#keys.length === 0) this.#single = this.#open('', background);
    this.#running = true;
  }

  consume(batch: Batch<S>, ctx: Context): Promise<void> {
    if (!this.#running) {
      const message = 'cannot take data: the batch processor is not running';
      return Promise.reject(new PipelineError(message, { retryable: true }));
    }
    if (batch.itemCount === 0) return Promise.resolve();
    if (this.#single !== undefined) return this.#single.add(batch);
    return this.#shardOf(ctx)?.add(batch) ?? Promise.reject(this.#tooMany());
  }

  async shutdown(): Promise<void> {
    this.#running = false;
    await Promise.all(Array.from(this.#shards.values(), (shard) => shard.flush()));
    this.#telemetry?.close();
    this.#telemetry = undefined;
  }

  #shardOf(ctx: Context): Shard<S> | undefined {
    const values = this.#keys.map((key) => ctx.client.metadata.get(key) ?? []);
    const key = JSON.stringify(values);
    const known = this.#shards.get(key);
    if (known !== undefined) return known;
    const limit = this.#config.metadata_cardinality_limit;
    if (limit > 0 && this.#shards.size >= limit) return undefined;
    const metadata = new Map(this.#keys.map((name, i) => [name, values[i]!] as const));
    return this.#open(key, { ...background, client: { address: '', metadata } });
  }

  #open(key: string, context: Context): Shard<S> {
    const shard = new Shard(this.#settings, this.#config, this.#next, this.#telemetry!, context);
    this.#shards.set(key, shard);
    return shard;
  }

  #tooMany(): PipelineError {
    const message = 'too many batcher metadata-value combinations';
    return new PipelineError(message, { retryable: true, status: Code.RESOURCE_EXHAUSTED });
  }
}
