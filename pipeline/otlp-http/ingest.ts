import type { Consumer, Context } from '../../component/consumer.ts';
import type { MemoryBudget, Settings } from '../../component/settings.ts';
import type { Signal } from '../../component/signals.ts';
import type { Batch } from '../../pdata/batch.ts';
import { parseJson } from '../../pdata/json.ts';
import { defaultLimits, parseRequest } from '../../pdata/parse.ts';
import type { Status } from '../../wire/status/status.ts';
import { Outlet } from '../outlet.ts';
import { statusOf } from './failure.ts';
import { ParseMemory, TooLargeError } from './parse-memory.ts';

/** How a request body is encoded. */
export type Format = 'protobuf' | 'json';

/**
 * How a request ends: without a status when the pipeline accepted it.
 * @param http answer of HTTP where it is not what the status stands for
 */
export type Done = (refusal?: Status, http?: number) => void;

/** Takes request bodies of one signal over one transport and hands batches on. */
export class Ingest<S extends Signal> {
  readonly signal: S;
  readonly #outlet: Outlet<S>;
  readonly #budget: MemoryBudget;

  constructor(signal: S, next: Consumer<S>, settings: Settings, transport: 'grpc' | 'http') {
    this.signal = signal;
    this.#outlet = new Outlet(signal, next, settings, transport);
    this.#budget = settings.budget;
  }

  /**
   * Takes one body, whose bytes are reserved with the budget and belong to the batch from here on;
   * what it takes beside them is reserved until `done`, which is called exactly once.
   */
  take(body: Buffer, format: Format, ctx: Context, done: Done): void {
    const span = this.#outlet.span(ctx, format);
    if (span === undefined) {
      this.#take(body, format, ctx, done);
      return;
    }
    this.#take(body, format, span.context, (refusal, http, items = 0) => {
      span.end(items, refusal?.message);
      done(refusal, http);
    });
  }

  #take(
    body: Buffer,
    format: Format,
    ctx: Context,
    done: (refusal?: Status, http?: number, items?: number) => void,
  ): void {
    const memory = new ParseMemory(this.#budget, body.length);
    let items = 0;
    let batch: Batch<S>;
    try {
      const parse = format === 'json' ? parseJson : parseRequest;
      batch = parse(this.signal, body, { ...defaultLimits, memory });
      items = batch.itemCount;
      memory.reserveIndex(items, batch.byteLength);
    } catch (error) {
      memory.end();
      if (items > 0) this.#outlet.refused(items);
      done(statusOf(error), error instanceof TooLargeError ? 413 : undefined, items);
      return;
    }
    if (items === 0) {
      memory.end();
      done();
      return;
    }
    this.#outlet.pass(batch, ctx, (refusal) => {
      memory.end();
      done(refusal === undefined ? undefined : statusOf(refusal), undefined, items);
    });
  }
}
