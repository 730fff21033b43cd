import { defineFunction } from '../../../ottl/functions/types.ts';
import { OttlError, OttlRuntimeError } from '../../../ottl/index.ts';
import { groupPoints } from '../../../pdata/aggregate/group.ts';
import { type Aggregation, mergeInto } from '../../../pdata/aggregate/merge.ts';
import { ofSameKind } from '../../../pdata/aggregate/metric.ts';
import type { Metric } from '../../../pdata/objects/index.ts';
import { changeMetric } from './metric.ts';

const functions: readonly string[] = ['sum', 'mean', 'min', 'max', 'median', 'count'];

function aggregationOf(text: string): Aggregation {
  if (functions.includes(text)) return text as Aggregation;
  throw new OttlError(
    `invalid aggregation function: 'unsupported function: '${text}'', valid options: ${functions.join(', ')}`,
  );
}

/** Joins points that have become alike. */
function join(metric: Metric, how: Aggregation): void {
  const joined = ofSameKind(metric);
  mergeInto(joined.data, groupPoints([metric.data]), how);
  metric.data = joined.data;
  metric.metadata = joined.metadata;
}

/** Editor `aggregate_on_attributes`: joins points that differ only in attributes not listed. */
export const aggregateOnAttributes = defineFunction({
  name: 'aggregate_on_attributes',
  parameters: [
    { name: 'aggregation_function', type: 'literalString' },
    { name: 'attributes', type: 'literalStringList', optional: true },
  ],
  make({ aggregation_function: text, attributes }) {
    const how = aggregationOf(text);
    return changeMetric((metric) => {
      if (metric.data.kind === 'summary') {
        throw new OttlRuntimeError(
          'aggregate_on_attributes does not support aggregating Summary metrics',
        );
      }
      if (attributes !== undefined) {
        for (const point of metric.data.points) {
          for (const key of [...point.attributes.keys()]) {
            if (!attributes.includes(key)) point.attributes.delete(key);
          }
        }
      }
      join(metric, how);
    });
  },
});

/**
 * Editor `aggregate_on_attribute_value`: gives listed values of an attribute one name, and joins
 * points.
 */
export const aggregateOnAttributeValue = defineFunction({
  name: 'aggregate_on_attribute_value',
  parameters: [
    { name: 'aggregation_function', type: 'literalString' },
    { name: 'attribute', type: 'literalString' },
    { name: 'values', type: 'literalStringList' },
    { name: 'new_value', type: 'literalString' },
  ],
  make({ aggregation_function: text, attribute, values, new_value: replacement }) {
    const how = aggregationOf(text);
    return changeMetric((metric) => {
      for (const { attributes } of metric.data.points) {
        const value = attributes.get(attribute);
        if (value === undefined) continue;
        const own = typeof value === 'string' ? value : '';
        if (values.includes(own)) attributes.set(attribute, replacement);
      }
      join(metric, how);
    });
  },
});
