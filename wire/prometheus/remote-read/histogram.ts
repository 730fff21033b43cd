import type { Writer } from '../../../pdata/proto/writer.ts';
import type { SeriesColumns } from './series.ts';

/** Buckets of one side as OTLP counts them: `offset + i` holds values up to base^(offset + i + 1). */
export interface Buckets {
  readonly offset: number;
  readonly counts: readonly number[];
}

/** An exponential histogram at a time. */
export interface Histogram {
  /** Milliseconds since 1970, whole. */
  readonly timeMs: number;
  /** The series ends here. */
  readonly stale: boolean;
  readonly count: number;
  readonly sum?: number;
  /** Bounds are powers of 2^(2^-scale). */
  readonly scale: number;
  readonly zeroCount: number;
  readonly zeroThreshold: number;
  readonly positive: Buckets;
  readonly negative: Buckets;
}

/** A series of native histograms, points in the order of their times. */
export interface HistogramSeries {
  readonly labels: SeriesColumns['labels'];
  readonly points: readonly Histogram[];
}

/** Scales that native histograms have. */
const coarsest = -4;
const finest = 8;

/**
 * Writes prometheus.Histogram; buckets finer than Prometheus has are put together, a histogram that
 * is coarser is left out.
 */
export function putHistogram(w: Writer, field: number, histogram: Histogram): void {
  const { timeMs, stale, scale } = histogram;
  if (scale < coarsest) return;
  const schema = Math.min(scale, finest);
  const at = w.open(field);
  w.uintField(1, histogram.count);
  if (stale) w.fixed64Field(3, 2, 0x7ff00000);
  else w.doubleField(3, histogram.sum ?? 0);
  if (schema !== 0) w.sint32Field(4, schema);
  w.doubleField(5, histogram.zeroThreshold);
  w.uintField(6, histogram.zeroCount);
  putBuckets(w, 8, histogram.negative, scale - schema);
  putBuckets(w, 11, histogram.positive, scale - schema);
  if (timeMs !== 0) w.intField(15, timeMs);
  w.close(at);
}

/** Writes spans as field `field`, the change from each count to the next as the one after it. */
function putBuckets(w: Writer, field: number, buckets: Buckets, finer: number): void {
  const { indexes, counts } = coarser(buckets, finer);
  let end = 0;
  for (let i = 0; i < indexes.length; ) {
    let next = i + 1;
    while (next < indexes.length && indexes[next] === indexes[next - 1]! + 1) next += 1;
    const span = w.open(field);
    const gap = indexes[i]! - end;
    if (gap !== 0) w.sint32Field(1, gap);
    w.uintField(2, next - i);
    w.close(span);
    end = indexes[next - 1]! + 1;
    i = next;
  }
  if (counts.length === 0) return;
  const deltas = w.open(field + 1);
  let last = 0;
  for (const count of counts) {
    w.sint64(count - last);
    last = count;
  }
  w.close(deltas);
}

/**
 * Buckets that hold something, as Prometheus numbers them (by their upper bound), with `finer` less
 * scale.
 */
function coarser({ offset, counts }: Buckets, finer: number) {
  const out: { indexes: number[]; counts: number[] } = { indexes: [], counts: [] };
  const size = 2 ** Math.min(32, finer);
  for (let i = 0; i < counts.length; i += 1) {
    if (counts[i] === 0) continue;
    const index = Math.floor((offset + i) / size) + 1;
    if (out.indexes.at(-1) === index) out.counts[out.counts.length - 1]! += counts[i]!;
    else {
      out.indexes.push(index);
      out.counts.push(counts[i]!);
    }
  }
  return out;
}
