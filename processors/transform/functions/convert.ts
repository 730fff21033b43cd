import { defineFunction } from '../../../ottl/functions/types.ts';
import { copyOf } from '../../../pdata/aggregate/metric.ts';
import type { Metric, NumberPoint, SummaryPoint } from '../../../pdata/objects/index.ts';
import { changeMetric, temporalityOf } from './metric.ts';

/** Editor `convert_sum_to_gauge`; other types stay. */
export const convertSumToGauge = defineFunction({
  name: 'convert_sum_to_gauge',
  parameters: [],
  make: () =>
    changeMetric((metric) => {
      const { data } = metric;
      if (data.kind === 'sum') metric.data = { kind: 'gauge', points: data.points };
    }),
});

/** Editor `convert_gauge_to_sum`; other types stay. */
export const convertGaugeToSum = defineFunction({
  name: 'convert_gauge_to_sum',
  parameters: [
    { name: 'string_agg_temp', type: 'literalString' },
    { name: 'monotonic', type: 'literalBool' },
  ],
  make({ string_agg_temp: text, monotonic }) {
    const aggregationTemporality = temporalityOf(text);
    return changeMetric((metric) => {
      const { data } = metric;
      if (data.kind !== 'gauge') return;
      const { points } = data;
      metric.data = { kind: 'sum', points, aggregationTemporality, isMonotonic: monotonic };
    });
  },
});

/** A new point at the time and with the attributes of another. */
export function pointOf(
  {
    attributes,
    startTimeUnixNano,
    timeUnixNano,
  }: Pick<SummaryPoint, 'attributes' | 'startTimeUnixNano' | 'timeUnixNano'>,
  value: bigint | number,
): NumberPoint {
  const copy = new Map(attributes);
  return { attributes: copy, startTimeUnixNano, timeUnixNano, flags: 0, value, exemplars: [] };
}

/** A new metric named after another. */
export function metricOf(
  { name, description, unit }: Metric,
  suffix: string,
  data: Metric['data'],
): Metric {
  return { name: name + suffix, description, unit, metadata: new Map(), data };
}

function summaryToSum(
  name: string,
  suffix: string,
  value: (point: SummaryPoint) => bigint | number,
) {
  return defineFunction({
    name,
    parameters: [
      { name: 'string_agg_temp', type: 'literalString' },
      { name: 'monotonic', type: 'literalBool' },
      { name: 'suffix', type: 'literalString', optional: true },
    ],
    make({ string_agg_temp: text, monotonic, suffix: given = suffix }) {
      const aggregationTemporality = temporalityOf(text);
      return changeMetric((metric, all) => {
        const { data } = metric;
        if (data.kind !== 'summary') return;
        const points = data.points.map((point) => pointOf(point, value(point)));
        const isMonotonic = monotonic;
        all.push(
          metricOf(metric, given, { kind: 'sum', points, aggregationTemporality, isMonotonic }),
        );
      });
    },
  });
}

/** Editor: adds a sum of a summary's counts; other types stay. */
export const convertSummaryCountToSum = summaryToSum(
  'convert_summary_count_val_to_sum',
  '_count',
  ({ count }) => BigInt.asIntN(64, count),
);

/** Editor: adds a sum of a summary's sums; other types stay. */
export const convertSummarySumToSum = summaryToSum(
  'convert_summary_sum_val_to_sum',
  '_sum',
  ({ sum }) => sum,
);

/** Editor: adds a gauge with a point for each quantile of a summary; other types stay. */
export const convertSummaryQuantileToGauge = defineFunction({
  name: 'convert_summary_quantile_val_to_gauge',
  parameters: [
    { name: 'attribute_key', type: 'literalString', optional: true },
    { name: 'suffix', type: 'literalString', optional: true },
  ],
  make({ attribute_key: key = 'quantile', suffix = '.quantiles' }) {
    return changeMetric((metric, all) => {
      const { data } = metric;
      if (data.kind !== 'summary') return;
      const points = data.points.flatMap((point) =>
        point.quantileValues.map(({ quantile, value }) => {
          const made = pointOf(point, value);
          made.attributes.set(key, quantile);
          return made;
        }),
      );
      all.push(metricOf(metric, suffix, { kind: 'gauge', points }));
    });
  },
});

/** Editor `copy_metric`: adds a copy, which later statements see too. */
export const copyMetric = defineFunction({
  name: 'copy_metric',
  parameters: [
    { name: 'name', type: 'string', optional: true },
    { name: 'description', type: 'string', optional: true },
    { name: 'unit', type: 'string', optional: true },
  ],
  make({ name, description, unit }) {
    return (place) =>
      changeMetric((metric, all, _, at) => {
        const copy = copyOf(metric);
        all.push(copy);
        if (name !== undefined) copy.name = name.get(at);
        if (description !== undefined) copy.description = description.get(at);
        if (unit !== undefined) copy.unit = unit.get(at);
      })(place);
  },
});
