import { ofSameKind } from '../../pdata/aggregate/metric.ts';
import type { Metric, Point, ValueMap } from '../../pdata/objects/index.ts';
import { compileRegexp } from '../../pdata/regexp/index.ts';
import type { Transform } from './config.ts';

/** Which metrics and points a transform is for. */
export interface Filter {
  /** Names of the groups of the pattern from 1 on; `$1` for one without. */
  readonly groupNames: readonly string[];
  matchesName(name: string): boolean;
  matchesPoint(point: Point): boolean;
  /** What the groups of the pattern matched in a name, from 1 on; none without a pattern. */
  groups(name: string): readonly (string | undefined)[];
  /** The template with what the pattern matched in a name; '' without a pattern or match. */
  expand(template: string, name: string): string;
}

/** A text value; other types count as the empty text. */
function textOf(attributes: ValueMap, key: string): string {
  const value = attributes.get(key);
  return typeof value === 'string' ? value : '';
}

/** Compiles what `include`, `match_type` and the labels say. @throws Error for a bad pattern */
export function compileFilter(transform: Transform): Filter {
  const { include, experimental_match_labels: labels } = transform;
  if (transform.match_type !== 'regexp') {
    const wanted = Object.entries(labels);
    return {
      groupNames: [],
      matchesName: (name) => name === include,
      matchesPoint: ({ attributes }) =>
        wanted.every(([key, value]) => textOf(attributes, key) === value),
      groups: () => [],
      expand: () => '',
    };
  }
  const pattern = compileRegexp(include);
  const wanted = Object.entries(labels).map(([key, text]) => [key, compileRegexp(text)] as const);
  return {
    groupNames: pattern.groupNames.map((name, i) => (name === '' ? `$${i + 1}` : name)),
    matchesName: (name) => pattern.test(name),
    matchesPoint: ({ attributes }) =>
      wanted.every(([key, value]) => value.test(textOf(attributes, key))),
    groups: (name) => pattern.exec(name)?.groups.slice(1) ?? [],
    expand: (template, name) => {
      const match = pattern.exec(name);
      return match === undefined ? '' : pattern.expand(template, match);
    },
  };
}

/** Whether a metric has a point that matches, or none at all. */
export function matchesAny(filter: Filter, metric: Metric): boolean {
  const points: readonly Point[] = metric.data.points;
  return points.length === 0 || points.some((point) => filter.matchesPoint(point));
}

/** Whether all points of a metric match. */
export function matchesAll(filter: Filter, metric: Metric): boolean {
  const points: readonly Point[] = metric.data.points;
  return points.every((point) => filter.matchesPoint(point));
}

/**
 * The part of a metric that matches: itself when all of it does, a new one with its points (the
 * same objects) when some do, undefined when it does not match.
 */
export function extract(filter: Filter, metric: Metric): Metric | undefined {
  if (!filter.matchesName(metric.name)) return undefined;
  const points: readonly Point[] = metric.data.points;
  const matching = points.filter((point) => filter.matchesPoint(point));
  if (matching.length === points.length) return metric;
  if (matching.length === 0) return undefined;
  const part = ofSameKind(metric);
  (part.data.points as Point[]).push(...matching);
  return part;
}
