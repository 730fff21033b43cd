import { groupPoints } from '../../pdata/aggregate/group.ts';
import { mergeInto } from '../../pdata/aggregate/merge.ts';
import { ofSameKind } from '../../pdata/aggregate/metric.ts';
import type { Metric, Point } from '../../pdata/objects/index.ts';
import type { Transform } from './config.ts';
import type { Filter } from './filter.ts';

function attributeKeys(metric: Metric): string {
  const keys = new Set<string>();
  for (const { attributes } of metric.data.points as Point[]) {
    for (const key of attributes.keys()) keys.add(key);
  }
  return [...keys].sort().join(' ');
}

/** Why metrics cannot become one; undefined = they can. */
export function combineFault(metrics: readonly Metric[]): string | undefined {
  if (metrics.length <= 1) return undefined;
  const first = metrics[0]!;
  const summary = metrics.find(({ data }) => data.kind === 'summary');
  if (summary !== undefined) return `summary metrics cannot be combined: ${summary.name}`;
  const traits: readonly (readonly [string, (metric: Metric) => unknown])[] = [
    ['are of different types', ({ data }) => data.kind],
    ['have different units', ({ unit }) => unit],
    ['have different attributes', attributeKeys],
    [
      'have different aggregation temporalities',
      ({ data }) => ('aggregationTemporality' in data ? data.aggregationTemporality : 0),
    ],
    ['have different monotonicity', ({ data }) => data.kind === 'sum' && data.isMonotonic],
  ];
  for (const metric of metrics) {
    for (const [what, trait] of traits) {
      const [one, other] = [trait(first), trait(metric)];
      if (one === other) continue;
      const names = `${first.name} (${one}) and ${metric.name} (${other})`;
      return `metrics cannot be combined as they ${what}: ${names}`;
    }
  }
  return undefined;
}

/**
 * One metric of all points, those with the same attributes and time joined. What groups of the
 * filter's pattern matched in a metric's name become attributes of its points.
 */
export function combine(transform: Transform, filter: Filter, metrics: readonly Metric[]): Metric {
  const combined = ofSameKind(metrics[0]!);
  combined.name = transform.new_name;
  for (const metric of metrics) {
    for (const [i, text = ''] of filter.groups(metric.name).entries()) {
      if (text === '') continue;
      for (const { attributes } of metric.data.points as Point[]) {
        attributes.set(filter.groupNames[i]!, text);
      }
    }
  }
  const groups = groupPoints(metrics.map(({ data }) => data));
  mergeInto(combined.data, groups, transform.aggregation_type);
  return combined;
}
