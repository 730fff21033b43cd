import { int64Of } from '../../pdata/aggregate/go-numbers.ts';
import { groupPoints } from '../../pdata/aggregate/group.ts';
import { mergeInto } from '../../pdata/aggregate/merge.ts';
import { ofSameKind } from '../../pdata/aggregate/metric.ts';
import type {
  ExponentialPoint,
  HistogramPoint,
  Metric,
  NumberPoint,
  Point,
} from '../../pdata/objects/index.ts';
import type { Operation } from './config.ts';
import type { Filter } from './filter.ts';

/** Changes a metric. @param whole whether all of it matched the transform's filter */
export type Apply = (metric: Metric, filter: Filter, whole: boolean) => void;

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

function pointsOf(metric: Metric): Point[] {
  return metric.data.points as Point[];
}

/** One operation, compiled; `{{version}}` in its texts is `version`. */
export function compileOperation(operation: Operation, version: string): Apply {
  const newValue = operation.new_value.replaceAll('{{version}}', version);
  const whole = (apply: (metric: Metric) => void): Apply => {
    return (metric, _filter, isWhole) => {
      if (isWhole) apply(metric);
    };
  };
  switch (operation.action) {
    case 'add_label':
      return whole((metric) => addLabel(metric, operation.new_label, newValue));
    case 'update_label':
      return updateLabel(operation, version);
    case 'delete_label_value':
      return whole((metric) => deleteLabelValue(metric, operation));
    case 'toggle_scalar_data_type':
      return toggleType;
    case 'experimental_scale_value':
      return (metric, filter) => scale(metric, filter, operation.experimental_scale);
    case 'aggregate_labels':
      return whole((metric) => aggregateLabels(metric, operation));
    default:
      return whole((metric) => aggregateValues(metric, operation, newValue));
  }
}

function addLabel(metric: Metric, label: string, value: string): void {
  for (const { attributes } of pointsOf(metric)) {
    if (!attributes.has(label)) attributes.set(label, value);
  }
}

function updateLabel(operation: Operation, version: string): Apply {
  const { label, new_label: newLabel } = operation;
  const values = new Map(
    operation.value_actions.map(({ value, new_value }) => [
      value,
      new_value.replaceAll('{{version}}', version),
    ]),
  );
  return (metric, filter) => {
    for (const point of pointsOf(metric)) {
      const { attributes } = point;
      const value = attributes.get(label);
      if (value === undefined || !filter.matchesPoint(point)) continue;
      if (newLabel !== '') {
        attributes.set(newLabel, value);
        // a label renamed to itself is gone, as in the Go collector
        attributes.delete(label);
      }
      const other = values.get(textOf(value));
      if (other !== undefined) attributes.set(newLabel === '' ? label : newLabel, other);
    }
  };
}

function deleteLabelValue(metric: Metric, { label, label_value: value }: Operation): void {
  const stays = ({ attributes }: Point): boolean =>
    !attributes.has(label) || textOf(attributes.get(label)) !== value;
  metric.data.points = pointsOf(metric).filter(stays) as never;
}

function toggleType(metric: Metric, filter: Filter): void {
  if (metric.data.kind !== 'gauge' && metric.data.kind !== 'sum') return;
  for (const point of metric.data.points) {
    if (!filter.matchesPoint(point)) continue;
    if (typeof point.value === 'number') point.value = int64Of(point.value);
    else if (typeof point.value === 'bigint') point.value = Number(point.value);
  }
}

/** Points with the same attributes and time become one; a summary loses its points. */
function aggregate(metric: Metric, operation: Operation): void {
  const joined = ofSameKind(metric);
  mergeInto(joined.data, groupPoints([metric.data]), operation.aggregation_type);
  metric.metadata = joined.metadata;
  metric.data = joined.data;
  delete metric.rest;
}

function aggregateLabels(metric: Metric, operation: Operation): void {
  const kept = new Set(operation.label_set);
  for (const { attributes } of pointsOf(metric)) {
    for (const key of [...attributes.keys()]) if (!kept.has(key)) attributes.delete(key);
  }
  aggregate(metric, operation);
}

function aggregateValues(metric: Metric, operation: Operation, newValue: string): void {
  const values = new Set(operation.aggregated_values);
  for (const { attributes } of pointsOf(metric)) {
    const value = attributes.get(operation.label);
    if (value !== undefined && values.has(textOf(value))) attributes.set(operation.label, newValue);
  }
  aggregate(metric, operation);
}

function scale(metric: Metric, filter: Filter, factor: number): void {
  const { kind } = metric.data;
  if (kind === 'none' || kind === 'summary') return;
  for (const point of metric.data.points as Point[]) {
    if (!filter.matchesPoint(point)) continue;
    if (kind === 'histogram') scaleHistogram(point as HistogramPoint, factor);
    else if (kind === 'exponential') scaleExponential(point as ExponentialPoint, factor);
    else scaleValue(point as NumberPoint, factor);
  }
}

function scaleValue(holder: { value: bigint | number | undefined }, factor: number): void {
  if (typeof holder.value === 'number') holder.value *= factor;
  else if (typeof holder.value === 'bigint') holder.value = int64Of(Number(holder.value) * factor);
}

function scaleCommon(point: HistogramPoint | ExponentialPoint, factor: number): void {
  if (point.sum !== undefined) point.sum *= factor;
  if (point.min !== undefined) point.min *= factor;
  if (point.max !== undefined) point.max *= factor;
  for (const exemplar of point.exemplars) scaleValue(exemplar, factor);
}

function scaleHistogram(point: HistogramPoint, factor: number): void {
  scaleCommon(point, factor);
  point.explicitBounds = point.explicitBounds.map((bound) => bound * factor);
}

/** Buckets keep their counts and move to where the middle of the first one comes to lie. */
function scaleExponential(point: ExponentialPoint, factor: number): void {
  scaleCommon(point, factor);
  point.zeroThreshold *= factor;
  for (const buckets of [point.positive, point.negative]) {
    if (buckets.bucketCounts.length === 0) continue;
    const base = 2 ** (2 ** -point.scale);
    const middle = (base ** buckets.offset + base ** (buckets.offset + 1)) / 2;
    const scaled = Math.log(middle * factor) * Math.LOG2E * 2 ** point.scale;
    buckets.offset = Number(BigInt.asIntN(32, int64Of(Math.ceil(scaled) - 1)));
  }
}
