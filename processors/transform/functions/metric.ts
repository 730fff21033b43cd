import { OttlError, OttlRuntimeError, type Place } from '../../../ottl/index.ts';
import type { Metric } from '../../../pdata/objects/index.ts';
import { benchOf } from '../metric-bench.ts';

/** Runs a function on the metric of a place. */
export function changeMetric(
  change: (metric: Metric, all: Metric[], point: number, place: Place) => void,
): (place: Place) => null {
  return (place) => {
    benchOf(place).change((metric, all, point) => change(metric, all, point, place));
    return null;
  };
}

const temporalities: Readonly<Record<string, number>> = { delta: 1, cumulative: 2 };

/** @throws OttlError for another text */
export function temporalityOf(text: string): number {
  const number = Object.hasOwn(temporalities, text) ? temporalities[text] : undefined;
  if (number === undefined) throw new OttlError(`unknown aggregation temporality: ${text}`);
  return number;
}

const typeNames = {
  none: 'Empty',
  gauge: 'Gauge',
  sum: 'Sum',
  histogram: 'Histogram',
  exponential: 'ExponentialHistogram',
  summary: 'Summary',
} as const;

/** Go's name of a metric's type; `Empty` for one without data. */
export function typeName(metric: Metric): string {
  return typeNames[metric.data.kind];
}

/** @throws OttlRuntimeError */
export function wrongType(name: string, metric: Metric): never {
  throw new OttlRuntimeError(
    `${name} requires an input metric of type Histogram, ExponentialHistogram or Summary, got ${typeName(metric)}`,
  );
}
