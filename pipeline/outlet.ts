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

/** Where a receiver hands batches of one signal to its pipelines: counted, and traced. */
export class Outlet<S extends Signal> {
  readonly #signal: S;
  readonly #next: Consumer<S>;
  readonly #receipts: Receipts;
  readonly #settings: Settings;
  readonly #format: string;
  #used = false;

  /** @param format that the data came in, for the program's own spans */
  constructor(signal: S, next: Consumer<S>, settings: Settings, transport: string, format: string) {
    this.#signal = signal;
    this.#next = next;
    this.#receipts = new Receipts(settings, signal, transport);
    this.#settings = settings;
    this.#format = format;
  }

  /** Settles with what refused the batch, or nothing when it was accepted. */
  async deliver(batch: Batch<S>, ctx: Context): Promise<PipelineError | undefined> {
    if (!this.#used) {
      this.#used = true;
      this.#receipts.begin();
    }
    const span = this.#span(ctx);
    const given = this.#next.mutates ? batch.editable() : batch;
    const inside = span === undefined ? ctx : { ...ctx, traceparent: span.traceparent };
    const items = batch.itemCount;
    let refusal: PipelineError | undefined;
    try {
      await this.#next.consume(given, inside);
      this.#receipts.accepted(items);
    } catch (error) {
      refusal = PipelineError.from(error);
      this.#receipts.refused(items);
    }
    if (span !== undefined) this.#end(span, items, refusal);
    return refusal;
  }

  /** Counts items that could not be read. */
  failed(items: number): void {
    this.#receipts.failed(items);
  }

  #span(ctx: Context): OwnSpan | undefined {
    const { tracer, id } = this.#settings;
    if (!tracer.enabled) return undefined;
    const name = `receiver/${id}/${operations[this.#signal]}`;
    return tracer.start(name, 'internal', ctx.traceparent);
  }

  #end(span: OwnSpan, items: number, refusal: PipelineError | undefined): void {
    const name = itemNames[this.#signal];
    span.set('transport', this.#receipts.attributes.transport!);
    span.set('format', this.#format);
    span.set(`accepted_${name}`, refusal === undefined ? items : 0);
    span.set(`refused_${name}`, refusal === undefined ? 0 : items);
    span.end(refusal?.message);
  }
}
