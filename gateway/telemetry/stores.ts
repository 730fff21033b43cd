import type { Attributes } from '../../component/settings.ts';
import { ExponentialHistogram } from '../../pipeline/series/exponential.ts';
import type { Point, ReadingKind } from './reading.ts';
import { SeriesTable } from './series.ts';

/** Keeps what a counter or a histogram is told. */
export interface Store {
  readonly kind: ReadingKind;
  add(value: number, attributes?: Attributes): void;
  points(): Point[];
}

/** How values are kept together. */
export type Aggregation =
  | { readonly type: 'default' | 'drop' | 'sum' | 'last_value' }
  | { readonly type: 'explicit'; readonly bounds: readonly number[]; readonly extremes: boolean }
  | {
      readonly type: 'exponential';
      readonly maxSize: number;
      readonly maxScale: number;
      readonly extremes: boolean;
    };

/** Adds values up. */
export function sumStore(): Store {
  const table = new SeriesTable<{ value: number }>(() => ({ value: 0 }));
  return {
    kind: 'counter',
    add(value, attributes) {
      table.get(attributes).value += value;
    },
    points: () =>
      Array.from(table.entries(), ({ attributes, value: { value } }) => ({ attributes, value })),
  };
}

interface Buckets {
  readonly counts: number[];
  sum: number;
  count: number;
  min: number;
  max: number;
}

/** Counts values in buckets. @param extremes whether the least and the greatest are told */
export function bucketStore(bounds: readonly number[], extremes: boolean): Store {
  const table = new SeriesTable<Buckets>(() => ({
    counts: new Array<number>(bounds.length + 1).fill(0),
    sum: 0,
    count: 0,
    min: Number.POSITIVE_INFINITY,
    max: Number.NEGATIVE_INFINITY,
  }));
  const spread = ({ min, max, count }: Buckets) => (extremes && count > 0 ? { min, max } : {});
  return {
    kind: 'histogram',
    add(value, attributes) {
      const series = table.get(attributes);
      let i = 0;
      while (i < bounds.length && value > bounds[i]!) i++;
      series.counts[i]!++;
      series.sum += value;
      series.count++;
      if (value < series.min) series.min = value;
      if (value > series.max) series.max = value;
    },
    points: () =>
      Array.from(table.entries(), ({ attributes, value: one }) => ({
        attributes,
        value: one.sum,
        buckets: { bounds, counts: [...one.counts], count: one.count, ...spread(one) },
      })),
  };
}

/** Counts values >= 0 in buckets whose bounds are powers of one base. */
export function exponentialStore(maxSize: number, maxScale: number, extremes: boolean): Store {
  const table = new SeriesTable(() => new ExponentialHistogram(maxSize, maxScale));
  const spread = ({ min, max, count }: ExponentialHistogram) =>
    extremes && count > 0 ? { min, max } : {};
  return {
    kind: 'exponential',
    add(value, attributes) {
      table.get(attributes).record(Math.max(0, value), 1);
    },
    points: () =>
      Array.from(table.entries(), ({ attributes, value: one }) => ({
        attributes,
        value: one.sum,
        exponential: {
          scale: one.scale,
          zeroCount: one.zeroCount,
          offset: one.offset,
          counts: Array.from({ length: one.length }, (_, i) => one.countAt(i)),
          count: one.count,
          ...spread(one),
        },
      })),
  };
}
