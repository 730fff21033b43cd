import type { Consumer, Context } from '../../component/consumer.ts';
import { Receipts } from '../../component/receipts.ts';
import type { MemoryBudget, Settings, Tracer } from '../../component/settings.ts';
import { itemNames, type Signal } from '../../component/signals.ts';
import { parseJson } from '../../pdata/json.ts';
import { defaultLimits, parseRequest } from '../../pdata/parse.ts';
import type { Status } from '../../wire/status/status.ts';
import { statusOf } from './failure.ts';
import { ParseMemory, TooLargeError } from './parse-memory.ts';

/** How a request body is encoded. */
export type Format = 'protobuf' | 'json';

/** What the Go collector calls the receipt of a signal in its spans. */
const operations: Readonly<Record<Signal, string>> = {
  traces: 'TraceDataReceived',
  metrics: 'MetricsReceived',
  logs: 'LogsReceived',
  profiles: 'ProfilesReceived',
};

/**
 * How a request ends: without a status when the pipeline accepted it.
 * @param http answer of HTTP where it is not what the status stands for
 */
export type Done = (refusal?: Status, http?: number) => void;

/** Takes request bodies of one signal over one transport and hands batches on. */
export class Ingest<S extends Signal> {
  readonly signal: S;
  readonly #next: Consumer<S>;
  readonly #receipts: Receipts;
  readonly #budget: MemoryBudget;
  readonly #tracer: Tracer;
  readonly #spanName: string;

  constructor(signal: S, next: Consumer<S>, settings: Settings, transport: 'grpc' | 'http') {
    this.signal = signal;
    this.#next = next;
    this.#receipts = new Receipts(settings, signal, transport);
    this.#budget = settings.budget;
    this.#tracer = settings.tracer;
    this.#spanName = `receiver/${settings.id}/${operations[signal]}`;
  }

  /**
   * Takes one body, whose bytes are reserved with the budget and belong to the batch from here on;
   * what it takes beside them is reserved until `done`, which is called exactly once.
   */
  take(body: Buffer, format: Format, ctx: Context, done: Done): void {
    if (this.#tracer.enabled) this.#traced(body, format, ctx, done);
    else this.#take(body, format, ctx, done);
  }

  #traced(body: Buffer, format: Format, ctx: Context, done: Done): void {
    const span = this.#tracer.start(this.#spanName, 'internal', ctx.traceparent);
    if (span === undefined) {
      this.#take(body, format, ctx, done);
      return;
    }
    span.set('transport', this.#receipts.attributes.transport!);
    span.set('format', format);
    const inside = { ...ctx, traceparent: span.traceparent };
    this.#take(body, format, inside, (refusal, http, items = 0) => {
      const name = itemNames[this.signal];
      span.set(`accepted_${name}`, refusal === undefined ? items : 0);
      span.set(`refused_${name}`, refusal === undefined ? 0 : items);
      span.end(refusal?.message);
      done(refusal, http);
    });
  }

  #take(
    body: Buffer,
    format: Format,
    ctx: Context,
    done: (refusal?: Status, http?: number, items?: number) => void,
  ): void {
    let items = 0;
    const memory = new ParseMemory(this.#budget, body.length);
    const refuse = (error: unknown): void => {
      memory.end();
      if (items > 0) this.#receipts.refused(items);
      done(statusOf(error), error instanceof TooLargeError ? 413 : undefined, items);
    };
    const accept = (): void => {
      memory.end();
      if (items > 0) this.#receipts.accepted(items);
      done(undefined, undefined, items);
    };
    try {
      const parse = format === 'json' ? parseJson : parseRequest;
      const batch = parse(this.signal, body, { ...defaultLimits, memory });
      items = batch.itemCount;
      memory.reserveIndex(items, batch.byteLength);
      if (items === 0) {
        accept();
        return;
      }
      const given = this.#next.mutates ? batch.editable() : batch;
      this.#next.consume(given, ctx).then(accept, refuse);
    } catch (error) {
      refuse(error);
    }
  }
}
