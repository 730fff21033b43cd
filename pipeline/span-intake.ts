import type { Consumer, Context } from '../component/consumer.ts';
import { PipelineError } from '../component/errors.ts';
import { Receipts } from '../component/receipts.ts';
import type { Settings } from '../component/settings.ts';
import type { Traces } from '../pdata/batch.ts';
import { WireError } from '../pdata/wire-error.ts';
import { type ReadSpans, refusalText } from '../wire/tagged-spans/outcome.ts';

/** What became of a message with spans. */
export type SpanOutcome =
  | { readonly kind: 'accepted' }
  /** The good spans were accepted; which are not, says the text. */
  | { readonly kind: 'partly'; readonly text: string }
  /** It could not be read, or none of its spans. */
  | { readonly kind: 'unreadable'; readonly text: string }
  /** The pipeline refused so many spans. */
  | { readonly kind: 'refused'; readonly error: PipelineError; readonly spans: number };

/** Reads messages of foreign protocols over one transport, counts their spans and hands them on. */
export class SpanIntake {
  readonly #next: Consumer<'traces'>;
  readonly #receipts: Receipts;
  readonly #settings: Settings;
  readonly #transport: string;

  constructor(settings: Settings, next: Consumer<'traces'>, transport: string) {
    this.#settings = settings;
    this.#next = next;
    this.#receipts = new Receipts(settings, 'traces', transport);
    this.#transport = transport;
  }

  /**
   * Takes one message. `done` is called exactly once.
   * @param read throws WireError
   */
  take(read: () => ReadSpans, ctx: Context, done: (outcome: SpanOutcome) => void): void {
    const { tracer, id } = this.#settings;
    const span = tracer.enabled
      ? tracer.start(`receiver/${id}/TraceDataReceived`, 'internal', ctx.traceparent)
      : undefined;
    if (span === undefined) {
      this.#take(read, ctx, done);
      return;
    }
    span.set('transport', this.#transport);
    this.#take(read, { ...ctx, traceparent: span.traceparent }, (outcome) => {
      span.end(outcome.kind === 'refused' ? outcome.error.message : undefined);
      done(outcome);
    });
  }

  #take(read: () => ReadSpans, ctx: Context, done: (outcome: SpanOutcome) => void): void {
    let message: ReadSpans;
    try {
      message = read();
    } catch (error) {
      if (error instanceof WireError) done({ kind: 'unreadable', text: error.message });
      else done({ kind: 'refused', error: PipelineError.from(error), spans: 0 });
      return;
    }
    const { batch, refused } = message;
    this.#receipts.begin();
    if (refused > 0) this.#receipts.failed(refused);
    const whole: SpanOutcome =
      refused === 0 ? { kind: 'accepted' } : { kind: 'partly', text: refusalText(message) };
    if (batch === undefined) {
      done(refused === 0 ? whole : { kind: 'unreadable', text: refusalText(message) });
      return;
    }
    const spans = batch.itemCount;
    this.#consume(batch, ctx, (error) =>
      done(error === undefined ? whole : { kind: 'refused', error, spans }),
    );
  }

  #consume(batch: Traces, ctx: Context, done: (error?: PipelineError) => void): void {
    const items = batch.itemCount;
    const given = this.#next.mutates ? batch.editable() : batch;
    this.#next.consume(given, ctx).then(
      () => {
        this.#receipts.accepted(items);
        done();
      },
      (reason: unknown) => {
        const error = PipelineError.from(reason);
        this.#receipts.refused(items);
        done(error);
      },
    );
  }
}
