import type { Consumer, Context } from '../component/consumer.ts';
import { PipelineError } from '../component/errors.ts';
import type { Settings } from '../component/settings.ts';
import { WireError } from '../pdata/wire-error.ts';
import { type ReadSpans, refusalText } from '../wire/tagged-spans/outcome.ts';
import { Outlet } from './outlet.ts';

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
  readonly #outlet: Outlet<'traces'>;

  constructor(settings: Settings, next: Consumer<'traces'>, transport: string) {
    this.#outlet = new Outlet('traces', next, settings, transport);
  }

  /**
   * Takes one message. `done` is called exactly once.
   * @param read throws WireError
   */
  take(read: () => ReadSpans, ctx: Context, done: (outcome: SpanOutcome) => void): void {
    const span = this.#outlet.span(ctx);
    if (span === undefined) {
      this.#take(read, ctx, done);
      return;
    }
    this.#take(read, span.context, (outcome, items = 0) => {
      span.end(items, outcome.kind === 'refused' ? outcome.error.message : undefined);
      done(outcome);
    });
  }

  #take(
    read: () => ReadSpans,
    ctx: Context,
    done: (outcome: SpanOutcome, items?: number) => void,
  ): void {
    let message: ReadSpans;
    try {
      message = read();
    } catch (error) {
      if (error instanceof WireError) done({ kind: 'unreadable', text: error.message });
      else done({ kind: 'refused', error: PipelineError.from(error), spans: 0 });
      return;
    }
    const { batch, refused } = message;
    this.#outlet.begin();
    if (refused > 0) this.#outlet.failed(refused);
    const whole: SpanOutcome =
      refused === 0 ? { kind: 'accepted' } : { kind: 'partly', text: refusalText(message) };
    if (batch === undefined) {
      done(refused === 0 ? whole : { kind: 'unreadable', text: refusalText(message) });
      return;
    }
    const spans = batch.itemCount;
    this.#outlet.pass(batch, ctx, (error) =>
      done(error === undefined ? whole : { kind: 'refused', error, spans }, spans),
    );
  }
}
