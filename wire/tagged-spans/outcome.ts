import type { Traces } from '../../pdata/batch.ts';

/** What became of a message with spans, some of which may be refused. */
export interface ReadSpans {
  /** The spans that were taken; undefined = none. */
  readonly batch: Traces | undefined;
  /** Spans that were refused. */
  readonly refused: number;
  /** Why, for the first ten of them: `span 3: ...`. */
  readonly reasons: readonly string[];
}

/** One line for a sender, e.g. `2 of 10 spans are refused: span 3: ...; span 7: ...`. */
export function refusalText({ batch, refused, reasons }: ReadSpans): string {
  const more = refused > reasons.length ? '; ...' : '';
  const all = refused + (batch?.itemCount ?? 0);
  return `${refused} of ${all} spans are refused: ${reasons.join('; ')}${more}`;
}
