import type { Lines } from './lines.ts';
import type { Buckets, DataPoint } from './otlp-json.ts';
import { fixed, goTime } from './values.ts';

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
  if (kind === 'gauge' || kind === 'sum') out.add(`Value: ${numberOf(point)}`);
  else detailedCounts(out, kind, point);
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
  return point.asInt ?? (point.asDouble === undefined ? '0' : fixed(point.asDouble));
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

/** Bucket i of scale s holds (base^i, base^(i+1)] with base = 2^(2^-s). */
function exponentialBuckets(out: Lines, point: DataPoint): void {
  const factor = Math.LN2 * 2 ** -(point.scale ?? 0);
  const bounds = (buckets: Buckets | undefined) =>
    (buckets?.bucketCounts ?? []).map((count, i) => {
      const index = (buckets?.offset ?? 0) + i;
      return { count, low: Math.exp(index * factor), high: Math.exp((index + 1) * factor) };
    });
  for (const { count, low, high } of bounds(point.negative).reverse()) {
    out.add(`Bucket [${fixed(-high)}, ${fixed(-low)}), Count: ${count}`);
  }
  if (point.zeroCount !== undefined && point.zeroCount !== '0') {
    out.add(`Bucket [0, 0], Count: ${point.zeroCount}`);
  }
  for (const { count, low, high } of bounds(point.positive)) {
    out.add(`Bucket (${fixed(low)}, ${fixed(high)}], Count: ${count}`);
  }
}

/** What a data point says, in a few words. */
export function shortPoint(kind: PointKind, point: DataPoint): string {
  if (kind === 'gauge' || kind === 'sum') return String(point.asInt ?? point.asDouble ?? 0);
  const parts = [`count=${point.count ?? 0}`];
  if (point.sum !== undefined || kind === 'summary') parts.push(`sum=${point.sum ?? 0}`);
  if (point.min !== undefined) parts.push(`min=${point.min}`);
  if (point.max !== undefined) parts.push(`max=${point.max}`);
  if (kind === 'histogram') {
    const bounds = point.explicitBounds ?? [];
    point.bucketCounts?.forEach((count, i) => {
      const bound = bounds[i];
      parts.push(bound === undefined ? count : `le${bound}=${count}`);
    });
  }
  for (const q of point.quantileValues ?? []) parts.push(`q${q.quantile ?? 0}=${q.value ?? 0}`);
  return parts.join(' ');
}
