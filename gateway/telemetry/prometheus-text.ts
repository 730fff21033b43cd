import type { MetricObject, MetricValue, MetricValueWithName } from 'prom-client';
import type { Attributes } from '../../component/settings.ts';
import { type Escaping, nameWithSuffixes, written } from './prometheus-name.ts';
import type { Point, Reading } from './reading.ts';

type Sample = MetricValue<string> | MetricValueWithName<string>;

/** How a reader wants metrics. */
export interface TextOptions {
  /** Whether names end in units and, of counters, in `_total`. */
  readonly suffixes: boolean;
  /** Whether each series says its scope. */
  readonly scopes: boolean;
  /** Labels of all series. */
  readonly labels: Attributes;
  readonly escaping: Escaping;
}

const asTheyAre: TextOptions = {
  suffixes: false,
  scopes: false,
  labels: {},
  escaping: 'underscores',
};

/** What was measured in the Prometheus text format, written by prom-client. */
export async function prometheusText(
  readings: readonly Reading[],
  options: TextOptions = asTheyAre,
): Promise<{ readonly contentType: string; readonly text: string }> {
  const { Registry } = await import('prom-client');
  const registry = new Registry();
  const taken = new Map<string, MetricObject>();
  for (const reading of readings) {
    const name = options.suffixes
      ? nameWithSuffixes(reading.name, reading.kind, reading.unit)
      : reading.name;
    const metric = snapshot(written(name, options.escaping), name, reading, options);
    const before = taken.get(name);
    // A second metric of a name counts where it is of the same type; so it is with views.
    if (before === undefined) taken.set(name, metric);
    else if (before.type === metric.type) valuesOf(before).push(...valuesOf(metric));
  }
  for (const metric of [...taken.values(), handlerErrors()]) {
    registry.registerMetric({ name: metric.name, get: async () => metric } as never);
  }
  const text = await registry.metrics();
  const isQuoted = options.escaping === 'allow-utf-8';
  return {
    contentType: `${registry.contentType}; escaping=${options.escaping}`,
    text: isQuoted ? text.replaceAll(quotedLine, quotedSample) : text,
  };
}

const valuesOf = (metric: MetricObject): Sample[] =>
  (metric as unknown as { values: Sample[] }).values;

/** A sample whose metric's name is in quotes, as prom-client writes it. */
const quotedLine = /^("(?:[^"\\]|\\.)*")(\{)?/gm;

/** A name in quotes stands among the labels. */
function quotedSample(_all: string, name: string, brace: string | undefined): string {
  return brace === undefined ? `{${name}}` : `{${name},`;
}

/** Of the endpoint itself; Go's library always tells it. */
function handlerErrors(): MetricObject {
  return {
    name: 'promhttp_metric_handler_errors_total',
    help: 'Requests for metrics that could not be answered, by cause.',
    type: 'counter' as never,
    values: ['encoding', 'gathering'].map((cause) => ({ value: 0, labels: { cause } })),
    aggregator: 'sum',
  } as never;
}

const types = {
  counter: 'counter',
  updown: 'gauge',
  gauge: 'gauge',
  histogram: 'histogram',
  exponential: 'histogram',
} as const;

function snapshot(
  name: string,
  plainName: string,
  reading: Reading,
  options: TextOptions,
): MetricObject {
  const scope: Attributes =
    options.scopes && reading.name !== 'target_info'
      ? { otel_scope_name: reading.scope, otel_scope_version: '', otel_scope_schema_url: '' }
      : {};
  const labels = reading.name === 'target_info' ? {} : options.labels;
  const part = (suffix: string) =>
    name.startsWith('"') ? JSON.stringify(`${plainName}${suffix}`) : `${name}${suffix}`;
  const values: Sample[] = reading.points.flatMap((point) => {
    const all = labelsOf({ ...point.attributes, ...scope, ...labels }, options.escaping);
    return samples(point, all, part);
  });
  return {
    name,
    help: reading.description,
    type: types[reading.kind] as never,
    values,
    aggregator: 'sum',
    collect: () => {},
  } as never;
}

function samples(
  { value, buckets, exponential }: Point,
  labels: Record<string, string>,
  part: (suffix: string) => string,
): Sample[] {
  const spread = buckets ?? exponential;
  if (spread === undefined) return [{ value, labels }];
  const found: Sample[] = [];
  const bucket = (le: string | number, count: number): void => {
    const own = { ...labels, le: typeof le === 'number' ? goNumber(le) : le };
    found.push({ value: count, labels: own, metricName: part('_bucket') });
  };
  let below = 0;
  buckets?.bounds.forEach((bound, i) => {
    below += buckets.counts[i]!;
    bucket(bound, below);
  });
  bucket('+Inf', spread.count); // the text format has no exponential buckets
  found.push({ value, labels, metricName: part('_sum') });
  found.push({ value: spread.count, labels, metricName: part('_count') });
  return found;
}

/** As Go writes numbers: 1e+06 from a million on, 1e-05 below 0.0001. */
function goNumber(value: number): string {
  const size = Math.abs(value);
  if (size === 0 || (size >= 1e-4 && size < 1e6)) return String(value);
  const [digits = '', exponent = ''] = value.toExponential().split('e');
  return `${digits}e${exponent[0]}${exponent.slice(1).padStart(2, '0')}`;
}

/** Attribute names as label names, sorted; values of names that become one are joined. */
function labelsOf(attributes: Attributes, escaping: Escaping): Record<string, string> {
  const out: Record<string, string> = {};
  for (const key of Object.keys(attributes).sort()) {
    out[written(key, escaping).replaceAll(':', '_')] = attributes[key]!;
  }
  return out;
}
