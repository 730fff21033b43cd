import type { MetricMetadata, MetricType } from './model.ts';

/** A row of the metadata query. */
export interface MetadataRow {
  readonly name: string;
  readonly type: string;
  readonly monotonic: boolean;
  readonly unit: string;
  readonly help: string;
  /** `prometheus.type` of the metric's metadata, or ''. */
  readonly said: string;
}

const types: readonly MetricType[] = [
  'counter',
  'gauge',
  'histogram',
  'gaugehistogram',
  'summary',
  'info',
  'stateset',
  'unknown',
];

/** Metadata by metric; equal ones once. */
export function metadataOf(rows: readonly MetadataRow[]): Map<string, MetricMetadata[]> {
  const all = new Map<string, MetricMetadata[]>();
  for (const row of rows) {
    const list = all.get(row.name) ?? [];
    const one = { type: typeOf(row), unit: row.unit, help: row.help };
    const same = (other: MetricMetadata): boolean =>
      other.type === one.type && other.unit === one.unit && other.help === one.help;
    if (!list.some(same)) list.push(one);
    all.set(row.name, list);
  }
  return all;
}

function typeOf(row: MetadataRow): MetricType {
  const said = types.find((type) => type === row.said);
  if (said !== undefined) return said;
  if (row.type === 'sum') return row.monotonic ? 'counter' : 'gauge';
  if (row.type === 'exponential_histogram') return 'histogram';
  return types.find((type) => type === row.type) ?? 'unknown';
}
