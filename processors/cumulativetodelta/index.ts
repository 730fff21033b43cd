import type { Component } from '../../component/component.ts';
import type { Consumer } from '../../component/consumer.ts';
import { PipelineError } from '../../component/errors.ts';
import type { ProcessorFactory } from '../../component/factory.ts';
import type { Settings, Timer } from '../../component/settings.ts';
import type { Signal } from '../../component/signals.ts';
import type { Metrics } from '../../pdata/batch.ts';
import { type Config, config } from './config.ts';
import { Converter, type ConverterState, newConverterState } from './converter.ts';
import { chooser } from './match.ts';
import { metrics, Telemetry } from './telemetry.ts';

class Processor implements Component, Consumer<'metrics'> {
  readonly mutates = false;
  readonly #settings: Settings;
  readonly #config: Config;
  readonly #next: Consumer<'metrics'>;
  readonly #telemetry: Telemetry;
  #state: ConverterState | undefined;
  #converter: Converter | undefined;
  #timer: Timer | undefined;

  constructor(settings: Settings, given: Config, next: Consumer<'metrics'>) {
    this.#settings = settings;
    this.#config = given;
    this.#next = next;
    this.#telemetry = new Telemetry(settings);
  }

  async takeOver(previous: Component): Promise<void> {
    if (previous instanceof Processor) this.#state = previous.#handOver();
  }

  /** The streams, which this processor then no longer has. */
  #handOver(): ConverterState | undefined {
    const state = this.#state;
    this.#state = undefined;
    this.#converter = undefined;
    return state;
  }

  async start(): Promise<void> {
    const state = (this.#state ??= newConverterState(this.#settings));
    const chosen = chooser(this.#config, this.#settings.logger);
    this.#converter = new Converter(state, this.#config.initial_value, chosen, this.#telemetry);
    this.#telemetry.start(() => this.#state?.streams.size ?? 0);
    if (this.#config.max_staleness > 0) this.#sweepLater();
  }

  #sweepLater(): void {
    const { clock } = this.#settings;
    const { max_staleness: age } = this.#config;
    this.#timer = clock.after(age, () => {
      this.#converter?.forget(clock.unixMs() - age);
      this.#sweepLater();
    });
  }

  async consume(batch: Metrics, ctx: Parameters<Consumer<'metrics'>['consume']>[1]): Promise<void> {
    const converter = this.#converter;
    if (converter === undefined) {
      throw new PipelineError('the processor is shut down', { retryable: true });
    }
    let result: Metrics | undefined;
    try {
      result = converter.convert(batch);
    } catch (error) {
      throw PipelineError.from(error);
    }
    this.#telemetry.report();
    const mismatches = converter.takeMismatches();
    if (mismatches > 0) {
      const text = 'Points in histogram series have different buckets; some data is dropped';
      this.#settings.logger.warn(text, { points: mismatches });
    }
    if (result !== undefined) await this.#next.consume(result, ctx);
  }

  async shutdown(): Promise<void> {
    this.#timer?.cancel();
    this.#telemetry.close();
    const state = this.#handOver();
    state?.streams.clear();
    state?.resources.clear();
  }
}

function create<S extends Signal>(
  signal: S,
  settings: Settings,
  given: Config,
  next: Consumer<S>,
): Component & Consumer<S> {
  if (signal !== 'metrics') throw new Error(`BUG: cumulativetodelta in a pipeline of ${signal}`);
  const processor = new Processor(settings, given, next as unknown as Consumer<'metrics'>);
  return processor as unknown as Component & Consumer<S>;
}

/** Turns cumulative sums and histograms into deltas. */
export const factory: ProcessorFactory<Config> = {
  kind: 'processor',
  type: 'cumulativetodelta',
  stability: { metrics: 'beta' },
  description: 'Turns monotonic sums and histograms from cumulative to delta temporality.',
  config,
  metrics,
  create,
};
