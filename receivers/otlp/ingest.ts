import type { Consumer, Context } from '../../component/consumer.ts';
import type { Attributes, Counter, Settings, Tracer } from '../../component/settings.ts';
import type { Signal, SignalData } from '../../component/signals.ts';
import { parseJson } from '../../pdata/json.ts';
import { parseRequest } from '../../pdata/parse.ts';
import type { Status } from '../../wire/status/status.ts';
import { statusOf } from './failure.ts';
import { itemNames } from './items.ts';

/** How a request body is encoded. */
export type Format = 'protobuf' | 'json';

/** Takes request bodies of one signal over one transport and hands batches on. */
/** What the Go collector calls the receipt of a signal in its spans. */
const operations: Readonly<Record<Signal, string>> = {
  traces: 'TraceDataReceived',
  metrics: 'MetricsReceived',
  logs: 'LogsReceived',
  profiles: 'ProfilesReceived',
};

export class Ingest<S extends Signal> {
  readonly signal: S;
  readonly #next: Consumer<S>;
  readonly #accepted: Counter;
  readonly #refused: Counter;
  readonly #failed: Counter;
  readonly #attributes: Attributes;
  readonly #tracer: Tracer;
  readonly #spanName: string;
  #used = false;

  constructor(signal: S, next: Consumer<S>, settings: Settings, transport: 'grpc' | 'http') {
    this.signal = signal;
    this.#next = next;
    const name = itemNames[signal];
    const unit = `{${name}}`;
    const counter = (what: string, description: string): Counter =>
      settings.meter.counter(`otelcol_receiver_${what}_${name}`, { description, unit });
    this.#accepted = counter('accepted', 'Items that were pushed into the pipeline.');
    this.#refused = counter('refused', 'Items that the pipeline refused; the sender may retry.');
    this.#failed = counter('failed', 'Items that the pipeline can never take.');
    this.#attributes = { receiver: settings.id, transport };
    this.#tracer = settings.tracer;
    this.#spanName = `receiver/${settings.id}/${operations[signal]}`;
  }

  /** From its first items on a receiver shows all its counters, at 0. */
  #begin(): void {
    this.#used = true;
    for (const counter of [this.#accepted, this.#refused, this.#failed]) {
      counter.add(0, this.#attributes);
    }
  }

  /**
   * Takes one body; the bytes belong to the batch from here on. `done` is called exactly once:
   * without a status when the pipeline accepted it.
   */
  take(body: Buffer, format: Format, ctx: Context, done: (refusal?: Status) => void): void {
    if (this.#tracer.enabled) this.#traced(body, format, ctx, done);
    else this.#take(body, format, ctx, done);
  }

  #traced(body: Buffer, format: Format, ctx: Context, done: (refusal?: Status) => void): void {
    const span = this.#tracer.start(this.#spanName, 'internal', ctx.traceparent);
    if (span === undefined) {
      this.#take(body, format, ctx, done);
      return;
    }
    span.set('transport', this.#attributes.transport!);
    span.set('format', format);
    const inside = { ...ctx, traceparent: span.traceparent };
    this.#take(body, format, inside, (refusal, items = 0) => {
      const name = itemNames[this.signal];
      span.set(`accepted_${name}`, refusal === undefined ? items : 0);
      span.set(`refused_${name}`, refusal === undefined ? 0 : items);
      span.end(refusal?.message);
      done(refusal);
    });
  }

  #take(
    body: Buffer,
    format: Format,
    ctx: Context,
    done: (refusal?: Status, items?: number) => void,
  ): void {
    let items = 0;
    const refuse = (error: unknown): void => {
      const failed = error instanceof Error && 'retryable' in error && error.retryable === false;
      if (items > 0) (failed ? this.#failed : this.#refused).add(items, this.#attributes);
      done(statusOf(error), items);
    };
    try {
      const parse = format === 'json' ? parseJson : parseRequest;
      const batch = parse(this.signal, body);
      items = batch.itemCount;
      if (items === 0) {
        done();
        return;
      }
      if (!this.#used) this.#begin();
      const given = this.#next.mutates ? batch.editable() : batch;
      this.#next.consume(given as unknown as SignalData[S], ctx).then(() => {
        this.#accepted.add(items, this.#attributes);
        done(undefined, items);
      }, refuse);
    } catch (error) {
      refuse(error);
    }
  }
}
