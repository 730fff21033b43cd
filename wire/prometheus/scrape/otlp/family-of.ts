import type { FamilyMetadata, MetadataStore } from './metadata-store.ts';

/** What a family becomes. */
export type PointKind = 'gauge' | 'sum' | 'histogram' | 'summary' | 'exponential';

const suffixes = ['_bucket', '_count', '_sum', '_total', '_info', '_created'];

function trimmed(name: string): string {
  const suffix = suffixes.find((one) => name.endsWith(one) && name !== one);
  return suffix === undefined ? name : name.slice(0, -suffix.length);
}

const own = (family: string, help: string, unit = ''): [string, FamilyMetadata] => [
  family,
  { family, type: 'gauge', help, unit },
];

/** Metrics that scraping itself makes. */
const ownMetrics: ReadonlyMap<string, FamilyMetadata> = new Map([
  own('up', 'The scraping was successful'),
  own('scrape_duration_seconds', 'Duration of the scrape', 'seconds'),
  own('scrape_samples_scraped', 'The number of samples the target exposed'),
  own('scrape_series_added', 'The approximate number of new series in this scrape'),
  own(
    'scrape_samples_post_metric_relabeling',
    'The number of samples remaining after metric relabeling was applied',
  ),
]);

/** The family that samples of a name belong to: its metadata, and the name that it is given. */
export interface NamedFamily {
  readonly name: string;
  readonly metadata: FamilyMetadata;
}

/**
 * Finds the family of a metric's name: that which metadata was said of, with its suffix or without;
 * counters keep their names.
 */
export function familyOf(name: string, store: MetadataStore): NamedFamily {
  const known = ownMetrics.get(name) ?? store.get(name);
  if (known !== undefined) return { name, metadata: known };
  const base = trimmed(name);
  const metadata = store.get(base);
  if (metadata === undefined) {
    return { name, metadata: { family: name, type: 'unknown', help: '', unit: '' } };
  }
  if (metadata.type !== 'counter') return { name: base, metadata };
  return { name: name.endsWith('_created') ? `${base}_total` : name, metadata };
}

/** @param native whether its samples are native histograms */
export function kindOf({ type }: FamilyMetadata, native: boolean): PointKind {
  if (native) return 'exponential';
  switch (type) {
    case 'counter':
    case 'info':
    case 'stateset':
      return 'sum';
    case 'histogram':
    case 'summary':
      return type;
    default:
      return 'gauge';
  }
}
