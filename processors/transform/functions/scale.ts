import { defineFunction } from '../../../ottl/functions/types.ts';
import { OttlRuntimeError } from '../../../ottl/index.ts';
import { int64Of } from '../../../pdata/aggregate/go-numbers.ts';
import type { HistogramPoint, Metric } from '../../../pdata/objects/index.ts';
import { changeMetric, typeName } from './metric.ts';

type Value = bigint | number | undefined;

function scaled(value: Value, by: number): Value {
  if (typeof value === 'bigint') return int64Of(Number(value) * by);
  return value === undefined ? undefined : value * by;
}

function scaleHistogram(point: HistogramPoint, by: number): void {
  point.sum = scaled(point.sum, by) as number | undefined;
  point.min = scaled(point.min, by) as number | undefined;
  point.max = scaled(point.max, by) as number | undefined;
  point.explicitBounds = point.explicitBounds.map((bound) => bound * by);
  for (const exemplar of point.exemplars) exemplar.value = scaled(exemplar.value, by);
}

function scaleData(metric: Metric, by: number): void {
  const { data } = metric;
  switch (data.kind) {
    case 'gauge':
    case 'sum':
      for (const point of data.points) point.value = scaled(point.value, by);
      return;
    case 'histogram':
      for (const point of data.points) scaleHistogram(point, by);
      return;
    case 'summary':
      for (const point of data.points) {
        point.sum *= by;
        for (const quantile of point.quantileValues) quantile.value *= by;
      }
      return;
    case 'exponential':
      throw new OttlRuntimeError(
        "exponential histograms are not supported by the 'scale_metric' function",
      );
    default:
      throw new OttlRuntimeError(`unsupported metric type: '${typeName(metric)}'`);
  }
}

/**
 * Editor `scale_metric`: multiplies values, and may set the unit; not of exponential histograms.
 */
export const scaleMetric = defineFunction({
  name: 'scale_metric',
  parameters: [
    { name: 'multiplier', type: 'literalFloat' },
    { name: 'unit', type: 'string', optional: true },
  ],
  make({ multiplier, unit }) {
    return changeMetric((metric, _all, _point, place) => {
      const given = unit?.get(place);
      scaleData(metric, multiplier);
      if (given !== undefined) metric.unit = given;
    });
  },
});
