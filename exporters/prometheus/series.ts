import type {
  Exemplar,
  ExponentialPoint,
  HistogramPoint,
  NumberPoint,
  SummaryPoint,
} from '../../pdata/objects/index.ts';

/** Text by key. */
export type Texts = ReadonlyMap<string, string>;

/** What points come from. */
export interface Origin {
  readonly resource: Texts;
  /** undefined = the resource says nothing of it. */
  readonly job: string | undefined;
  readonly instance: string | undefined;
  readonly scopeName: string;
  readonly scopeVersion: string;
  readonly scopeSchemaUrl: string;
  readonly scopeAttributes: Texts;
}

/** The last point of a series, all of it cumulative. */
export type LastPoint =
  | { readonly kind: 'gauge'; readonly point: NumberPoint }
  | { readonly kind: 'sum'; readonly point: NumberPoint; readonly monotonic: boolean }
  | { readonly kind: 'histogram'; readonly point: HistogramPoint }
  | { readonly kind: 'exponential'; readonly point: ExponentialPoint }
  | { readonly kind: 'summary'; readonly point: SummaryPoint };

/** A series and its last value. */
export interface Series {
  readonly name: string;
  readonly description: string;
  readonly unit: string;
  readonly origin: Origin;
  readonly attributes: Texts;
  readonly last: LastPoint;
  /** Clock.unixMs() of its last point. */
  readonly updatedMs: number;
}

export type { Exemplar };
