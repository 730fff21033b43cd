import type { Consumer, Context } from '../../component/consumer.ts';
import { PipelineError } from '../../component/errors.ts';
import { Receipts } from '../../component/receipts.ts';
import type { Settings, Tracer } from '../../component/settings.ts';
import { itemNames, type Signal } from '../../component/signals.ts';
import type { Batch } from '../../pdata/batch.ts';

/** What the Go collector calls the receipt of a signal in its spans. */
const operations: Readonly<Record<Signal, string>> = {
  traces: 'TraceDataReceived',
  metrics: 'MetricsReceived',
  logs: 'LogsReceived',
  profiles: 'ProfilesReceived',
};

/** Hands batches of one signal to the pipelines, and counts what becomes of them. */
export class Outlet<S extends Signal = Signal> {
  readonly #signal: S;
  readonly #next: Consumer<S>;
  readonly #receipts: Receipts;
  readonly #tracer: Tracer;
  readonly #spanName: string;
  #used = false;

  constructor(signal: S, next: Consumer<S>, settings: Settings, transport: 'grpc' | 'http') {
    this.#signal = signal;
    this.#next = next;
    this.#receipts = new Receipts(settings, signal, transport);
    this.#tracer = settings.tracer;
    this.#spanName = `receiver/${settings.id}/${operations[signal]}`;
  }

  /** `done` is called once, with what refused the batch or nothing. */
  deliver(batch: Batch<S>, ctx: Context, done: (refusal?: PipelineError) => void): void {
    if (!this.#used) {
      this.#used = true;
      this.#receipts.begin();
    }
    if (!this.#tracer.enabled) {
      this.#deliver(batch, ctx, done);
      return;
    }
    const span = this.#tracer.start(this.#spanName, 'internal', ctx.traceparent);
    if (span === undefined) {
      this.#deliver(batch, ctx, done);
      return;
    }
    span.set('transport', this.#receipts.attributes.transport!);
    span.set('format', 'skywalking');
    this.#deliver(batch, { ...ctx, traceparent: span.traceparent }, (refusal) => {
      const name = itemNames[this.#signal];
      span.set(`accepted_${name}`, refusal === undefined ? batch.itemCount : 0);
      span.set(`refused_${name}`, refusal === undefined ? 0 : batch.itemCount);
      span.end(refusal?.message);
      done(refusal);
    });
  }

  #deliver(batch: Batch<S>, ctx: Context, done: (refusal?: PipelineError) => void): void {
    const items = batch.itemCount;
    const given = this.#next.mutates ? batch.editable() : batch;
    this.#next.consume(given, ctx).then(
      () => {
        this.#receipts.accepted(items);
        done();
      },
      (error: unknown) => {
        const refusal = PipelineError.from(error);
        this.#receipts.refused(items);
        done(refusal);
      },
    );
  }
}
