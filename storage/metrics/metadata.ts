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

/** What the series of a classic histogram or summary are called behind its name. */
const suffixes = ['_bucket', '_count', '_sum'] as const;

/** Types whose series may be stored as they were sent, each under a name of its own. */
const ofParts: ReadonlySet<MetricType> = new Set(['histogram', 'gaugehistogram', 'summary']);

/** Names under which series of a classic histogram or summary are stored where they were sent so. */
export function partsOf(metric: string): readonly string[] {
  return suffixes.map((suffix) => metric + suffix);
}

/** The metric that a row is of. */
function metricOf(row: MetadataRow): string {
  if (row.type !== 'gauge' || !ofParts.has(typeOf(row))) return row.name;
  const suffix = suffixes.find((one) => row.name.endsWith(one));
  return suffix === undefined ? row.name : row.name.slice(0, -suffix.length);
}

/** Metadata by metric; equal ones once. */
export function metadataOf(rows: readonly MetadataRow[]): Map<string, MetricMetadata[]> {
  const all = new Map<string, MetricMetadata[]>();
  for (const row of rows) {
    const metric = metricOf(row);
    const list = all.get(metric) ?? [];
    const one = { type: typeOf(row), unit: row.unit, help: row.help };
    const same = (other: MetricMetadata): boolean =>
      other.type === one.type && other.unit === one.unit && other.help === one.help;
    if (!list.some(same)) list.push(one);
    all.set(metric, list);
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
