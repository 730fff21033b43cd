import type { MetricObject, MetricValue, MetricValueWithName } from 'prom-client';
import type { Attributes } from '../../component/settings.ts';
import type { Point, Reading } from './meter.ts';
import { type Naming, prometheusName } from './prometheus-name.ts';

type Sample = MetricValue<string> | MetricValueWithName<string>;

const plain: Naming = { units: false, suffixes: false };

/**
 * What was measured in the Prometheus text format, written by prom-client.
 * @param naming what is added to names; default: nothing
 */
export async function prometheusText(
  readings: readonly Reading[],
  naming: Naming = plain,
): Promise<{ readonly contentType: string; readonly text: string }> {
  const { Registry } = await import('prom-client');
  const registry = new Registry();
  for (const reading of readings) {
    const name = prometheusName(reading.name, reading.kind, reading.options, naming);
    const metric = snapshot(name, reading);
    registry.registerMetric({ name, get: async () => metric } as never);
  }
  return { contentType: registry.contentType, text: await registry.metrics() };
}

function snapshot(name: string, { kind, options, points }: Reading): MetricObject {
  const values: Sample[] = points.flatMap((point) => samples(name, point));
  const help = options.description;
  return { name, help, type: kind as never, values, aggregator: 'sum', collect: () => {} } as never;
}

function samples(name: string, { attributes, value, buckets }: Point): Sample[] {
  const labels = labelsOf(attributes);
  if (buckets === undefined) return [{ value, labels }];
  const found: Sample[] = [];
  let below = 0;
  buckets.counts.forEach((count, i) => {
    below += count;
    const le = buckets.bounds[i] ?? '+Inf';
    found.push({ value: below, labels: { ...labels, le }, metricName: `${name}_bucket` });
  });
  found.push({ value, labels, metricName: `${name}_sum` });
  found.push({ value: buckets.count, labels, metricName: `${name}_count` });
  return found;
}

/** Attribute names as Prometheus label names, sorted. */
function labelsOf(attributes: Attributes): Record<string, string> {
  const out: Record<string, string> = {};
  for (const key of Object.keys(attributes).sort()) {
    out[key.replaceAll(/[^a-zA-Z0-9_]/g, '_').replace(/^(?=\d)/, '_')] = attributes[key]!;
  }
  return out;
}
