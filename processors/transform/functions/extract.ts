import { defineFunction } from '../../../ottl/functions/types.ts';
import { OttlError } from '../../../ottl/index.ts';
import type {
  ExponentialPoint,
  HistogramPoint,
  Metric,
  NumberPoint,
  SummaryPoint,
} from '../../../pdata/objects/index.ts';
import { metricOf, pointOf } from './convert.ts';
import { changeMetric, wrongType } from './metric.ts';
import { exponentialPercentile, histogramPercentile } from './percentile.ts';

type Counted = HistogramPoint | ExponentialPoint | SummaryPoint;

const cumulative = 2;

function countedPoints({ data }: Metric): readonly Counted[] | undefined {
  if (data.kind === 'histogram' || data.kind === 'exponential' || data.kind === 'summary') {
    return data.points;
  }
  return undefined;
}

function temporality({ data }: Metric): number {
  if (data.kind === 'summary') return cumulative;
  return 'aggregationTemporality' in data ? data.aggregationTemporality : 0;
}

function extract(
  name: string,
  suffix: string,
  value: (point: Counted) => bigint | number | undefined,
  unit?: string,
) {
  return defineFunction({
    name,
    parameters: [
      { name: 'monotonic', type: 'literalBool' },
      { name: 'suffix', type: 'literalString', optional: true },
    ],
    make({ monotonic, suffix: given = suffix }) {
      return changeMetric((metric, all) => {
        const counted = countedPoints(metric);
        const aggregationTemporality = temporality(metric);
        if (counted === undefined || aggregationTemporality === 0) return wrongType(name, metric);
        const points: NumberPoint[] = [];
        for (const point of counted) {
          const found = value(point);
          if (found !== undefined) points.push(pointOf(point, found));
        }
        if (points.length === 0) return;
        const data = {
          kind: 'sum',
          points,
          aggregationTemporality,
          isMonotonic: monotonic,
        } as const;
        const made = metricOf(metric, given, data);
        if (unit !== undefined) made.unit = unit;
        all.push(made);
      });
    },
  });
}

/** Editor `extract_count_metric`: adds a sum of the counts of a histogram or summary. */
export const extractCount = extract(
  'extract_count_metric',
  '_count',
  ({ count }) => BigInt.asIntN(64, count),
  '1',
);

/** Editor `extract_sum_metric`: adds a sum of the sums of a histogram or summary. */
export const extractSum = extract('extract_sum_metric', '_sum', ({ sum }) => sum);

/** Editor `extract_percentile_metric`: adds a gauge of one percentile, above 0 and below 100. */
export const extractPercentile = defineFunction({
  name: 'extract_percentile_metric',
  parameters: [
    { name: 'percentile', type: 'literalFloat' },
    { name: 'suffix', type: 'literalString', optional: true },
  ],
  make({ percentile, suffix }) {
    if (!(percentile > 0 && percentile < 100)) {
      throw new OttlError(
        `percentile must be greater than 0 and less than 100, got ${percentile.toFixed(6)}`,
      );
    }
    const label = `p${percentile}`;
    const name = suffix === undefined || suffix === '' ? `_${label}` : suffix;
    return changeMetric((metric, all) => {
      const { data } = metric;
      if (data.kind !== 'histogram' && data.kind !== 'exponential') return;
      const points: NumberPoint[] = [];
      for (const point of data.points) {
        const value =
          data.kind === 'histogram'
            ? histogramPercentile(point as HistogramPoint, percentile)
            : exponentialPercentile(point as ExponentialPoint, percentile);
        if (value !== undefined) points.push(pointOf(point, value));
      }
      if (points.length === 0) return;
      const made = metricOf(metric, name, { kind: 'gauge', points });
      made.description = metric.description === '' ? label : `${metric.description} (${label})`;
      all.push(made);
    });
  },
});
