import type { Component } from '../../component/component.ts';
import type { Consumer, Context } from '../../component/consumer.ts';
import { PipelineError } from '../../component/errors.ts';
import type { Settings } from '../../component/settings.ts';
import type { Signal } from '../../component/signals.ts';
import type { Batch, Metrics } from '../../pdata/batch.ts';
import { type Config, unknownKeys } from './config.ts';
import { LogCounter, MetricCounter, SpanCounter } from './walk.ts';

type CountSignal = 'traces' | 'logs' | 'metrics';

interface AnyCounter {
  count(batch: unknown, client: Context['client'], nowNs: number): Metrics | undefined;
}

/** Counts what is in each batch and sends the counts on; the sender waits for that. */
export class CountConnector<S extends Signal> implements Component, Consumer<S> {
  readonly mutates = false;
  readonly #settings: Settings;
  readonly #config: Config;
  readonly #next: Consumer<'metrics'>;
  readonly #counter: AnyCounter;

  constructor(from: S, settings: Settings, config: Config, next: Consumer<'metrics'>) {
    this.#settings = settings;
    this.#config = config;
    this.#next = next;
    const seed = Math.floor(settings.random.float() * 0x7fffffff);
    const own = { environment: settings, seed };
    const makers = {
      traces: () => new SpanCounter(config, own),
      logs: () => new LogCounter(config, own),
      metrics: () => new MetricCounter(config, own),
    } as const;
    this.#counter = makers[from as CountSignal]() as AnyCounter;
  }

  async start(): Promise<void> {
    const keys = unknownKeys(this.#config);
    if (keys.length === 0) return;
    this.#settings.logger.warn('Unknown keys have no effect', { keys });
  }

  async shutdown(): Promise<void> {}

  async consume(batch: Batch<S>, ctx: Context): Promise<void> {
    const { clock, ledger } = this.#settings;
    const items = batch.itemCount;
    let counts: Metrics | undefined;
    try {
      counts = this.#counter.count(batch, ctx.client, Math.round(clock.unixMs() * 1e6));
    } catch (error) {
      throw new PipelineError((error as Error).message, { retryable: true, cause: error });
    }
    if (counts !== undefined) {
      await this.#next.consume(counts, ctx);
      ledger.created(counts.itemCount);
    }
    ledger.delivered(items);
  }
}
