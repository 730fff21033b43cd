import type { Consumer, Context } from '../component/consumer.ts';
import { PipelineError } from '../component/errors.ts';
import { Receipts } from '../component/receipts.ts';
import type { OwnSpan, Settings } from '../component/settings.ts';
import { itemNames, type Signal } from '../component/signals.ts';
import type { Batch } from '../pdata/batch.ts';

/** What the Go collector calls the receipt of a signal in its spans. */
const operations: Readonly<Record<Signal, string>> = {
  traces: 'TraceDataReceived',
  metrics: 'MetricsReceived',
  logs: 'LogsReceived',
  profiles: 'ProfilesReceived',
};

/** The program's own span of one receipt. */
class ReceiptSpan {
  /** What goes on with the data. */
  readonly context: Context;
  readonly #span: OwnSpan;
  readonly #items: string;

  constructor(span: OwnSpan, ctx: Context, items: string) {
    this.context = { ...ctx, traceparent: span.traceparent };
    this.#span = span;
    this.#items = items;
  }

  /** @param refusal absent = the items were accepted */
  end(items: number, refusal: string | undefined): void {
    this.#span.set(`accepted_${this.#items}`, refusal === undefined ? items : 0);
    this.#span.set(`refused_${this.#items}`, refusal === undefined ? 0 : items);
    this.#span.end(refusal);
  }
}

/** Where a receiver hands batches of one signal to its pipelines: counted, and traced. */
export class Outlet<S extends Signal> {
  readonly #signal: S;
  readonly #next: Consumer<S>;
  readonly #receipts: Receipts;
  readonly #settings: Settings;
  readonly #format: string | undefined;
  readonly #spanName: string;

  /** @param format that the data came in, for the program's own spans */
  constructor(
    signal: S,
    next: Consumer<S>,
    settings: Settings,
    transport: string,
    format?: string,
  ) {
    this.#signal = signal;
    this.#next = next;
    this.#receipts = new Receipts(settings, signal, transport);
    this.#settings = settings;
    this.#format = format;
    this.#spanName = `receiver/${settings.id}/${operations[signal]}`;
  }

  /** Settles with what refused the batch, or nothing when it was accepted. */
  deliver(batch: Batch<S>, ctx: Context): Promise<PipelineError | undefined> {
    return new Promise((resolve) => this.hand(batch, ctx, resolve));
  }

  /** `done` is called once, with what refused the batch or nothing. */
  hand(batch: Batch<S>, ctx: Context, done: (refusal?: PipelineError) => void): void {
    const span = this.span(ctx);
    if (span === undefined) {
      this.pass(batch, ctx, done);
      return;
    }
    const items = batch.itemCount;
    this.pass(batch, span.context, (refusal) => {
      span.end(items, refusal?.message);
      done(refusal);
    });
  }

  /** {@link hand} without a span: for who reads the data within one. */
  pass(batch: Batch<S>, ctx: Context, done: (refusal?: PipelineError) => void): void {
    this.#receipts.begin();
    const items = batch.itemCount;
    const refuse = (reason: unknown): void => {
      const refusal = PipelineError.from(reason);
      this.#receipts.refused(items);
      done(refusal);
    };
    let settled: Promise<void>;
    try {
      settled = this.#next.consume(this.#next.mutates ? batch.editable() : batch, ctx);
    } catch (error) {
      refuse(error);
      return;
    }
    settled.then(() => {
      this.#receipts.accepted(items);
      done();
    }, refuse);
  }

  /** A span of the program's own for one receipt; undefined when none is recorded. */
  span(ctx: Context, format = this.#format): ReceiptSpan | undefined {
    const { tracer } = this.#settings;
    if (!tracer.enabled) return undefined;
    const span = tracer.start(this.#spanName, 'internal', ctx.traceparent);
    if (span === undefined) return undefined;
    span.set('transport', this.#receipts.attributes.transport!);
    if (format !== undefined) span.set('format', format);
    return new ReceiptSpan(span, ctx, itemNames[this.#signal]);
  }

  /** Shows all counters before something counts. */
  begin(): void {
    this.#receipts.begin();
  }

  /** Counts items that were refused before the pipeline saw them. */
  refused(items: number): void {
    this.#receipts.refused(items);
  }

  /** Counts items that could not be read. */
  failed(items: number): void {
    this.#receipts.failed(items);
  }
}
