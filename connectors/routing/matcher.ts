import type { Context as SenderContext } from '../../component/consumer.ts';
import type { Signal } from '../../component/signals.ts';
import { OttlRuntimeError, Place } from '../../ottl/index.ts';
import type { Batch, Logs, Metrics, Traces } from '../../pdata/batch.ts';
import { type GroupReader, LogReader, MetricReader, SpanReader } from '../../pdata/readers.ts';
import type { Decision } from './compile.ts';
import { matchesRequest } from './request-condition.ts';

/** Which items of a batch a route takes. */
export interface Matched {
  /** 1 for each item that is taken. */
  readonly items: Uint8Array;
  readonly count: number;
  /** The first failure of the condition; what it failed on is not taken. */
  readonly failure: OttlRuntimeError | undefined;
}

/** Tests the routes on one batch. Items count in the order of the readers. */
export class Matcher<S extends Signal> {
  readonly #batch: Batch<S>;
  readonly #ctx: SenderContext;
  #failure: OttlRuntimeError | undefined;
  #taken: Uint8Array = new Uint8Array(0);
  #count = 0;

  constructor(batch: Batch<S>, ctx: SenderContext) {
    this.#batch = batch;
    this.#ctx = ctx;
  }

  /** @param left 1 for each item that the route may take */
  match(decision: Decision, left: Uint8Array): Matched {
    this.#failure = undefined;
    this.#taken = new Uint8Array(left.length);
    this.#count = 0;
    if (decision.context === 'request') {
      const all = matchesRequest(decision.request, this.#ctx.client.metadata);
      if (all) this.#take(left, 0, left.length);
    } else if (decision.context === 'resource') this.#byResource(decision.test, left);
    else if (decision.context === 'metric') this.#byMetric(decision.test, left);
    else if (signalOf[decision.context] === this.#batch.signal) this.#byItem(decision.test, left);
    return { items: this.#taken, count: this.#count, failure: this.#failure };
  }

  #take(left: Uint8Array, from: number, to: number): void {
    for (let i = from; i < to; i += 1) {
      if (left[i] === 0) continue;
      this.#taken[i] = 1;
      this.#count += 1;
    }
  }

  #holds(test: (place: Place) => boolean, place: Place): boolean {
    place.next();
    try {
      return test(place);
    } catch (error) {
      if (!(error instanceof OttlRuntimeError)) throw error;
      this.#failure ??= error;
      return false;
    }
  }

  #byResource(test: (place: Place) => boolean, left: Uint8Array): void {
    const reader = readerOf(this.#batch);
    const place = new Place(reader, this.#ctx.client);
    let first = 0;
    while (reader.nextResource()) {
      const last = first + reader.countItems();
      if (isAny(left, first, last) && this.#holds(test, place)) this.#take(left, first, last);
      first = last;
    }
  }

  #byMetric(test: (place: Place) => boolean, left: Uint8Array): void {
    if (this.#batch.signal !== 'metrics') return;
    const reader = new MetricReader(this.#batch as Metrics);
    const place = new Place(reader, this.#ctx.client);
    let first = 0;
    while (reader.nextResource()) {
      while (reader.nextScope()) {
        while (reader.nextMetric()) {
          const last = first + reader.countItems();
          if (isAny(left, first, last) && this.#holds(test, place)) this.#take(left, first, last);
          first = last;
        }
      }
    }
  }

  #byItem(test: (place: Place) => boolean, left: Uint8Array): void {
    const reader = readerOf(this.#batch);
    const place = new Place(reader, this.#ctx.client);
    for (let i = 0; reader.nextAnyItem(); i += 1) {
      if (left[i] === 0 || !this.#holds(test, place)) continue;
      this.#taken[i] = 1;
      this.#count += 1;
    }
  }
}

const signalOf = { span: 'traces', log: 'logs', datapoint: 'metrics' } as const;

function isAny(left: Uint8Array, from: number, to: number): boolean {
  for (let i = from; i < to; i += 1) if (left[i] !== 0) return true;
  return false;
}

function readerOf(batch: Batch<Signal>): GroupReader<Signal> {
  if (batch.signal === 'traces') return new SpanReader(batch as Traces);
  if (batch.signal === 'logs') return new LogReader(batch as Logs);
  return new MetricReader(batch as Metrics);
}
