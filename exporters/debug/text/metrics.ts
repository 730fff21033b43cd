import { Lines } from './lines.ts';
import type { Metric, MetricData, Request } from './otlp-json.ts';
import { detailedPoint, type PointKind, pointTitles, shortPoint } from './points.ts';
import { plainValue } from './values.ts';

const temporalities = ['Unspecified', 'Delta', 'Cumulative'];
const dataTypes: Readonly<Record<PointKind, string>> = {
  gauge: 'Gauge',
  sum: 'Sum',
  histogram: 'Histogram',
  exponentialHistogram: 'ExponentialHistogram',
  summary: 'Summary',
};

/** Every field of every data point. */
export function detailedMetrics(request: Request): string {
  const out = new Lines();
  request.resourceMetrics?.forEach((resource, i) => {
    out.resource('ResourceMetrics', i, resource);
    resource.scopeMetrics?.forEach((scope, j) => {
      out.scope('ScopeMetrics', j, scope);
      scope.metrics?.forEach((metric, k) => {
        out.add(`Metric #${k}`);
        detailedMetric(out, metric);
      });
    });
  });
  return out.toString();
}

function detailedMetric(out: Lines, metric: Metric): void {
  const [kind, data] = dataOf(metric);
  out.add('Descriptor:');
  out.add(`     -> Name: ${metric.name ?? ''}`);
  out.add(`     -> Description: ${metric.description ?? ''}`);
  out.add(`     -> Unit: ${metric.unit ?? ''}`);
  out.add(`     -> DataType: ${kind === undefined ? 'Empty' : dataTypes[kind]}`);
  if (kind === undefined) return;
  if (kind === 'sum') out.add(`     -> IsMonotonic: ${data.isMonotonic ?? false}`);
  if (kind !== 'gauge' && kind !== 'summary') {
    const temporality = temporalities[data.aggregationTemporality ?? 0];
    out.add(`     -> AggregationTemporality: ${temporality ?? 'Unspecified'}`);
  }
  data.dataPoints?.forEach((point, i) => {
    out.add(`${pointTitles[kind]} #${i}`);
    detailedPoint(out, kind, point);
  });
}

function dataOf(metric: Metric): [PointKind | undefined, MetricData] {
  for (const kind of Object.keys(dataTypes) as PointKind[]) {
    const data = metric[kind];
    if (data !== undefined) return [kind, data];
  }
  return [undefined, {}];
}

/** A line a data point: name, attributes in braces, value. */
export function normalMetrics(request: Request): string {
  const out = new Lines();
  request.resourceMetrics?.forEach((resource, i) => {
    out.shortResource('ResourceMetrics', i, resource);
    resource.scopeMetrics?.forEach((scope, j) => {
      out.shortScope('ScopeMetrics', j, scope);
      for (const metric of scope.metrics ?? []) {
        const [kind, data] = dataOf(metric);
        if (kind === undefined) continue;
        for (const point of data.dataPoints ?? []) {
          const pairs = point.attributes ?? [];
          const labels = pairs.map((a) => `${a.key ?? ''}=${plainValue(a.value)}`).join(',');
          out.add(`${metric.name ?? ''}{${labels}} ${shortPoint(kind, point)}`);
        }
      }
    });
  });
  return out.toString();
}
