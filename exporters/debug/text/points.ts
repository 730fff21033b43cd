import type { Lines } from './lines.ts';
import type { Buckets, DataPoint } from './otlp-json.ts';
import { fixed, goTime } from './values.ts';

/** The field of a Metric that a point stands in. */
export type PointKind = 'gauge' | 'sum' | 'histogram' | 'exponentialHistogram' | 'summary';

/** What a data point of each kind is called. */
export const pointTitles: Readonly<Record<PointKind, string>> = {
  gauge: 'NumberDataPoints',
  sum: 'NumberDataPoints',
  histogram: 'HistogramDataPoints',
  exponentialHistogram: 'ExponentialHistogramDataPoints',
  summary: 'SummaryDataPoints',
};

/** Every field of a data point. */
export function detailedPoint(out: Lines, kind: PointKind, point: DataPoint): void {
  out.attributes('Data point attributes', point.attributes);
  out.add(`StartTimestamp: ${goTime(point.startTimeUnixNano)}`);
  out.add(`Timestamp: ${goTime(point.timeUnixNano)}`);
  if (kind === 'gauge' || kind === 'sum') {
    const value = numberOf(point); // absent when nothing was recorded
    if (value !== '') out.add(`Value: ${value}`);
  } else detailedCounts(out, kind, point);
  if (kind === 'histogram') histogramBuckets(out, point);
  if (kind === 'exponentialHistogram') exponentialBuckets(out, point);
  point.quantileValues?.forEach((q, i) => {
    const text = `Quantile ${fixed(q.quantile)}, Value ${fixed(q.value)}`;
    out.add(`QuantileValue #${i}: ${text}`);
  });
  if (point.exemplars?.length) out.add('Exemplars:');
  point.exemplars?.forEach((exemplar, i) => {
    out.add(`Exemplar #${i}`);
    out.add(`     -> Trace ID: ${exemplar.traceId ?? ''}`);
    out.add(`     -> Span ID: ${exemplar.spanId ?? ''}`);
    out.add(`     -> Timestamp: ${goTime(exemplar.timeUnixNano)}`);
    out.add(`     -> Value: ${numberOf(exemplar)}`);
    out.attributes('     -> FilteredAttributes', exemplar.filteredAttributes, '     ');
  });
}

function numberOf(point: Pick<DataPoint, 'asInt' | 'asDouble'>): string {
  return point.asInt ?? (point.asDouble === undefined ? '' : fixed(point.asDouble));
}

function detailedCounts(out: Lines, kind: PointKind, point: DataPoint): void {
  out.add(`Count: ${point.count ?? '0'}`);
  if (point.sum !== undefined || kind === 'summary') out.add(`Sum: ${fixed(point.sum)}`);
  if (point.min !== undefined) out.add(`Min: ${fixed(point.min)}`);
  if (point.max !== undefined) out.add(`Max: ${fixed(point.max)}`);
}

function histogramBuckets(out: Lines, point: DataPoint): void {
  point.explicitBounds?.forEach((bound, i) => {
    out.add(`ExplicitBounds #${i}: ${fixed(bound)}`);
  });
  point.bucketCounts?.forEach((count, i) => {
    out.add(`Buckets #${i}, Count: ${count}`);
  });
}

interface Bucket {
  readonly count: string;
  /** Lower and upper bound of the absolute values. */
  readonly low: number;
  readonly high: number;
}

/** Bucket i of scale s holds (base^i, base^(i+1)] with base = 2^(2^-s). */
function bucketsOf(point: DataPoint, buckets: Buckets | undefined): Bucket[] {
  const factor = Math.LN2 * 2 ** -(point.scale ?? 0);
  return (buckets?.bucketCounts ?? []).map((count, i) => {
    const index = (buckets?.offset ?? 0) + i;
    return { count, low: Math.exp(index * factor), high: Math.exp((index + 1) * factor) };
  });
}

const hasZeros = ({ zeroCount }: DataPoint) => zeroCount !== undefined && zeroCount !== '0';

function exponentialBuckets(out: Lines, point: DataPoint): void {
  for (const { count, low, high } of bucketsOf(point, point.negative).reverse()) {
    out.add(`Bucket [${fixed(-high)}, ${fixed(-low)}), Count: ${count}`);
  }
  if (hasZeros(point)) out.add(`Bucket [0, 0], Count: ${point.zeroCount}`);
  for (const { count, low, high } of bucketsOf(point, point.positive)) {
    out.add(`Bucket (${fixed(low)}, ${fixed(high)}], Count: ${count}`);
  }
}

/** What a data point says, in a few words. */
export function shortPoint(kind: PointKind, point: DataPoint): string {
  if (kind === 'gauge' || kind === 'sum') return String(point.asInt ?? point.asDouble ?? '');
  const parts = [`count=${point.count ?? 0}`];
  if (kind === 'summary') parts.push(`sum=${fixed(point.sum)}`);
  else if (point.sum !== undefined) parts.push(`sum=${point.sum}`);
  if (point.min !== undefined) parts.push(`min=${point.min}`);
  if (point.max !== undefined) parts.push(`max=${point.max}`);
  if (kind === 'histogram') {
    const bounds = point.explicitBounds ?? [];
    point.bucketCounts?.forEach((count, i) => {
      const bound = bounds[i];
      parts.push(bound === undefined ? count : `le${bound}=${count}`);
    });
  }
  if (kind === 'exponentialHistogram') {
    const negative = bucketsOf(point, point.negative).reverse();
    for (const { count, low } of negative) parts.push(`le${-low}=${count}`);
    if (hasZeros(point)) parts.push(`zero=${point.zeroCount}`);
    for (const { count, high } of bucketsOf(point, point.positive))
      parts.push(`le${high}=${count}`);
  }
  for (const q of point.quantileValues ?? []) parts.push(`q${q.quantile ?? 0}=${q.value ?? 0}`);
  return parts.join(' ');
}
