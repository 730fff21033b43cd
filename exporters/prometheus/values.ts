import type {
  Exemplar,
  ExponentialPoint,
  HistogramPoint,
  NumberPoint,
  SummaryPoint,
} from '../../pdata/objects/index.ts';
import type {
  Bucket,
  Exemplar as ExposedExemplar,
  MetricValue,
  NativeSide,
} from '../../wire/prometheus/exposition/model.ts';
import { TranslationFault } from '../../wire/prometheus/names/metric-name.ts';
import type { LastPoint } from './series.ts';

/** Scales that native histograms have. */
const scales = { min: -4, max: 8 } as const;

/** What the zero bucket reaches to where a point does not say it. */
const defaultZeroThreshold = 1e-128;

const nanosecondsInSecond = 1_000_000_000n;

/** The value of a point as it is shown. @throws TranslationFault */
export function valueOfPoint(last: LastPoint): MetricValue {
  switch (last.kind) {
    case 'gauge':
      return { kind: 'number', value: numberOf(last.point.value) };
    case 'sum':
      return {
        kind: 'number',
        value: numberOf(last.point.value),
        exemplar: last.monotonic ? exemplarsOf(last.point).at(-1) : undefined,
      };
    case 'summary':
      return summaryValue(last.point);
    case 'histogram':
      return histogramValue(last.point);
    default:
      return nativeValue(last.point);
  }
}

/** Milliseconds since 1970. */
export function timeOf({ point }: LastPoint): number {
  return Number(point.timeUnixNano / 1_000_000n);
}

/** When counting began; undefined = not said, or it is a gauge. */
export function createdOf(last: LastPoint): bigint | undefined {
  if (last.kind === 'gauge' || (last.kind === 'sum' && !last.monotonic)) return undefined;
  const { startTimeUnixNano: start } = last.point;
  return start < nanosecondsInSecond ? undefined : start;
}

function numberOf(value: NumberPoint['value']): number {
  return Number(value ?? 0);
}

/** Exemplars with nothing but their ids, as the Go collector shows them. */
function exemplarsOf({
  exemplars,
}: {
  readonly exemplars: readonly Exemplar[];
}): ExposedExemplar[] {
  return exemplars.map(({ timeUnixNano, value, traceId, spanId }) => {
    const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
    const ids = [
      ['span_id', hex(spanId)],
      ['trace_id', hex(traceId)],
    ] as const;
    const labels = ids.filter(([, text]) => /[^0]/.test(text));
    return { labels, value: numberOf(value), timeUnixNano };
  });
}

function summaryValue({ count, sum, quantileValues }: SummaryPoint): MetricValue {
  const byQuantile = new Map(quantileValues.map(({ quantile, value }) => [quantile, value]));
  const quantiles = [...byQuantile].sort(([a], [b]) => a - b);
  return { kind: 'summary', count, sum, quantiles };
}

function histogramValue(point: HistogramPoint): MetricValue {
  const { count, sum = 0, explicitBounds, bucketCounts } = point;
  const indexes = new Map<number, number>();
  for (const [i, bound] of explicitBounds.entries()) if (!indexes.has(bound)) indexes.set(bound, i);
  let below = 0n;
  const buckets: Bucket[] = [...indexes]
    .sort(([a], [b]) => a - b)
    .map(([bound, i]) => {
      below += bucketCounts[i] ?? 0n;
      return { bound, count: below };
    });
  for (const exemplar of exemplarsOf(point)) {
    const at = buckets.findIndex(({ bound }) => bound >= exemplar.value);
    if (at >= 0) buckets[at] = { ...buckets[at]!, exemplar };
    else buckets.push({ bound: Number.POSITIVE_INFINITY, count, exemplar });
  }
  return { kind: 'histogram', count, sum, buckets };
}

function nativeSide(
  { offset, bucketCounts }: ExponentialPoint['positive'],
  shift: number,
): NativeSide {
  const first = (offset >> shift) + 1;
  const counts: bigint[] = [];
  for (const [i, count] of bucketCounts.entries()) {
    const at = ((offset + i) >> shift) + 1 - first;
    counts[at] = (counts[at] ?? 0n) + count;
  }
  return { offset: first, counts };
}

function nativeValue(point: ExponentialPoint): MetricValue {
  const { scale, count, sum = 0, zeroCount } = point;
  if (scale < scales.min) {
    throw new TranslationFault(
      `cannot convert exponential to native histogram: scale must be >= -4, was ${scale}`,
    );
  }
  const shift = Math.min(31, Math.max(0, scale - scales.max));
  const positive = nativeSide(point.positive, shift);
  const negative = nativeSide(point.negative, shift);
  const total = [...positive.counts, ...negative.counts].reduce((a, b) => a + b, zeroCount);
  if (Number.isNaN(sum) ? total > count : total !== count) {
    throw new TranslationFault(
      'the sum of all bucket populations exceeds the count of observations',
    );
  }
  return {
    kind: 'histogram',
    count,
    sum,
    buckets: [],
    native: {
      schema: Math.min(scale, scales.max),
      zeroThreshold: point.zeroThreshold || defaultZeroThreshold,
      zeroCount,
      positive,
      negative,
      exemplars: exemplarsOf(point),
    },
  };
}
