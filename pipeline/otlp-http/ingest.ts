import type { Consumer, Context } from '../../component/consumer.ts';
import { Receipts } from '../../component/receipts.ts';
import type { Settings, Tracer } from '../../component/settings.ts';
import { itemNames, type Signal, type SignalData } from '../../component/signals.ts';
import { parseJson } from '../../pdata/json.ts';
import { parseRequest } from '../../pdata/parse.ts';
import type { Status } from '../../wire/status/status.ts';
import { statusOf } from './failure.ts';

/** How a request body is encoded. */
export type Format = 'protobuf' | 'json';

/** What the Go collector calls the receipt of a signal in its spans. */
const operations: Readonly<Record<Signal, string>> = {
  traces: 'TraceDataReceived',
  metrics: 'MetricsReceived',
  logs: 'LogsReceived',
  profiles: 'ProfilesReceived',
};

/** Takes request bodies of one signal over one transport and hands batches on. */
export class Ingest<S extends Signal> {
  readonly signal: S;
  readonly #next: Consumer<S>;
  readonly #receipts: Receipts;
  readonly #tracer: Tracer;
  readonly #spanName: string;

  constructor(signal: S, next: Consumer<S>, settings: Settings, transport: 'grpc' | 'http') {
    this.signal = signal;
    this.#next = next;
    this.#receipts = new Receipts(settings, signal, transport);
    this.#tracer = settings.tracer;
    this.#spanName = `receiver/${settings.id}/${operations[signal]}`;
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
    span.set('transport', this.#receipts.attributes.transport!);
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
      if (items > 0) this.#receipts.refused(items);
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
      const given = this.#next.mutates ? batch.editable() : batch;
      this.#next.consume(given as unknown as SignalData[S], ctx).then(() => {
        this.#receipts.accepted(items);
        done(undefined, items);
      }, refuse);
    } catch (error) {
      refuse(error);
    }
  }
}
