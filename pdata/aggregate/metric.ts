import { decodeMetric, encodeMetric, type Metric, type MetricData } from '../objects/index.ts';

function emptyData(data: MetricData): MetricData {
  switch (data.kind) {
    case 'sum': {
      const { kind, aggregationTemporality, isMonotonic } = data;
      return { kind, points: [], aggregationTemporality, isMonotonic };
    }
    case 'histogram':
    case 'exponential':
      return {
        kind: data.kind,
        points: [],
        aggregationTemporality: data.aggregationTemporality,
      } as MetricData;
    default:
      return { kind: data.kind, points: [] } as MetricData;
  }
}

/** A metric with the same name, unit, description and kind, without points and metadata. */
export function ofSameKind({ name, unit, description, data }: Metric): Metric {
  return { name, unit, description, metadata: new Map(), data: emptyData(data) };
}

/** A copy that shares nothing with the metric. */
export function copyOf(metric: Metric): Metric {
  return decodeMetric(encodeMetric(metric));
}
