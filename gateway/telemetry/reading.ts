import type { Attributes } from '../../component/settings.ts';

/** What was measured of one instrument, as a view has it. */
export interface Reading {
  readonly name: string;
  readonly description: string;
  /** UCUM. */
  readonly unit: string;
  /** Name of the scope that it is told under. */
  readonly scope: string;
  readonly kind: ReadingKind;
  readonly points: readonly Point[];
}

/** `updown` is a sum that may fall. */
export type ReadingKind = 'counter' | 'updown' | 'gauge' | 'histogram' | 'exponential';

/** Of one series; attributes in the order they were given. */
export interface Point {
  readonly attributes: Attributes;
  /** Of a histogram: the sum. */
  readonly value: number;
  readonly buckets?: BucketPoint;
  readonly exponential?: ExponentialPoint;
}

interface Spread {
  readonly count: number;
  /** Undefined when it is not told; of no values as well. */
  readonly min?: number | undefined;
  readonly max?: number | undefined;
}

/** A histogram with explicit bounds. */
export interface BucketPoint extends Spread {
  /** Ascending, inclusive upper bounds. */
  readonly bounds: readonly number[];
  /** One more than bounds, not cumulative. */
  readonly counts: readonly number[];
}

/** A histogram with exponential buckets, of values that are not negative. */
export interface ExponentialPoint extends Spread {
  readonly scale: number;
  readonly zeroCount: number;
  /** Index of the first bucket of `counts`. */
  readonly offset: number;
  readonly counts: readonly number[];
}
