import type { Component } from '../../component/component.ts';
import type { Consumer, Context } from '../../component/consumer.ts';
import { PipelineError } from '../../component/errors.ts';
import type { ProcessorFactory } from '../../component/factory.ts';
import type { Settings, Timer } from '../../component/settings.ts';
import type { Signal } from '../../component/signals.ts';
import type { Metrics } from '../../pdata/batch.ts';
import { newStreamState, type StreamState } from '../../pipeline/streams/identity.ts';
import { Accumulator } from './accumulator.ts';
import { type Config, config } from './config.ts';
import { metrics, Telemetry } from './telemetry.ts';

const sweepMs = 60_000;

class Processor implements Component, Consumer<'metrics'> {
  readonly mutates = false;
  readonly #settings: Settings;
  readonly #config: Config;
  readonly #next: Consumer<'metrics'>;
  readonly #telemetry: Telemetry;
  #state: StreamState | undefined;
  #accumulator: Accumulator | undefined;
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
  #handOver(): StreamState | undefined {
    const state = this.#state;
    this.#state = undefined;
    this.#accumulator = undefined;
    return state;
  }

  async start(): Promise<void> {
    const { clock } = this.#settings;
    const state = (this.#state ??= newStreamState(this.#settings));
    const { max_streams: limit } = this.#config;
    this.#accumulator = new Accumulator(state, limit, clock, this.#telemetry);
    this.#telemetry.start(this.#config, () => this.#state?.streams.size ?? 0);
    this.#sweepLater();
  }

  #sweepLater(): void {
    const { clock } = this.#settings;
    this.#timer = clock.after(sweepMs, () => {
      this.#accumulator?.forget(clock.monotonicMs() - this.#config.max_stale);
      this.#sweepLater();
    });
  }

  async consume(batch: Metrics, ctx: Context): Promise<void> {
    const accumulator = this.#accumulator;
    if (accumulator === undefined) {
      throw new PipelineError('the processor is shut down', { retryable: true });
    }
    let result: Metrics | undefined;
    try {
      result = accumulator.convert(batch);
    } catch (error) {
      throw PipelineError.from(error);
    }
    this.#telemetry.report();
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
  if (signal !== 'metrics') throw new Error(`BUG: deltatocumulative in a pipeline of ${signal}`);
  const processor = new Processor(settings, given, next as unknown as Consumer<'metrics'>);
  return processor as unknown as Component & Consumer<S>;
}

/** Adds deltas up to cumulative sums and histograms. */
export const factory: ProcessorFactory<Config> = {
  kind: 'processor',
  type: 'deltatocumulative',
  stability: { metrics: 'alpha' },
  description: 'Adds the points of delta streams up to cumulative ones.',
  config,
  metrics,
  create,
};
