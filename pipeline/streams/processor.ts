import type { Component } from '../../component/component.ts';
import type { Consumer, Context } from '../../component/consumer.ts';
import { PipelineError } from '../../component/errors.ts';
import type { Settings, Timer } from '../../component/settings.ts';
import type { Metrics } from '../../pdata/batch.ts';
import { forgetStreams, type StreamState } from './identity.ts';

/** What a processor makes of streams of points. */
export interface StreamWork<S extends StreamState> {
  newState(): S;
  /**
   * Called at the start.
   * @param state from {@link newState}, or what a predecessor remembered
   * @param size tells how many streams are remembered
   * @returns what becomes of a batch; undefined = nothing is left of it
   */
  open(state: S, size: () => number): (batch: Metrics) => Metrics | undefined;
  /** Points that were left out since the last call, by reason. */
  left(): readonly (readonly [reason: string, points: number])[];
  /** How often streams are forgotten, in ms; 0 or less = never. */
  readonly sweepMs: number;
  /** Streams last seen before this time are forgotten. */
  oldest(): number;
  /** Called at the end. */
  close(): void;
}

/** Rewrites streams of points with what is remembered of them, which passes to a successor. */
class StreamProcessor<S extends StreamState> implements Component, Consumer<'metrics'> {
  readonly mutates = false;
  readonly #type: string;
  readonly #settings: Settings;
  readonly #work: StreamWork<S>;
  readonly #next: Consumer<'metrics'>;
  #state: S | undefined;
  #convert: ((batch: Metrics) => Metrics | undefined) | undefined;
  #timer: Timer | undefined;

  constructor(type: string, settings: Settings, work: StreamWork<S>, next: Consumer<'metrics'>) {
    this.#type = type;
    this.#settings = settings;
    this.#work = work;
    this.#next = next;
  }

  async takeOver(previous: Component): Promise<void> {
    if (!(previous instanceof StreamProcessor) || previous.#type !== this.#type) return;
    this.#state = (previous as StreamProcessor<S>).#handOver();
  }

  /** The streams, which this processor then no longer has. */
  #handOver(): S | undefined {
    const state = this.#state;
    this.#state = undefined;
    this.#convert = undefined;
    return state;
  }

  async start(): Promise<void> {
    const state = (this.#state ??= this.#work.newState());
    this.#convert = this.#work.open(state, () => this.#state?.streams.size ?? 0);
    if (this.#work.sweepMs > 0) this.#sweepLater();
  }

  #sweepLater(): void {
    this.#timer = this.#settings.clock.after(this.#work.sweepMs, () => {
      if (this.#state !== undefined) forgetStreams(this.#state, this.#work.oldest());
      this.#sweepLater();
    });
  }

  async consume(batch: Metrics, ctx: Context): Promise<void> {
    const convert = this.#convert;
    if (convert === undefined) {
      throw new PipelineError('the processor is shut down', { retryable: true });
    }
    let result: Metrics | undefined;
    let left: ReturnType<StreamWork<S>['left']>;
    try {
      result = convert(batch);
    } catch (error) {
      throw PipelineError.from(error);
    } finally {
      left = this.#work.left();
    }
    if (result !== undefined) await this.#next.consume(result, ctx);
    // not before: of a batch that is refused nothing was taken
    for (const [reason, points] of left) this.#settings.ledger.dropped(reason, points);
  }

  async shutdown(): Promise<void> {
    this.#timer?.cancel();
    this.#work.close();
    const state = this.#handOver();
    state?.streams.clear();
    state?.resources.clear();
  }
}

/** A processor of this type that does `work` in a pipeline of metrics. */
export function streamProcessor<T extends StreamState>(
  type: string,
  settings: Settings,
  work: StreamWork<T>,
  next: Consumer<'metrics'>,
): Component & Consumer<'metrics'> {
  return new StreamProcessor(type, settings, work, next);
}
