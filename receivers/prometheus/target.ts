import { formatPromDuration, parsePromDuration } from './config/prom-duration.ts';
import type { Job } from './job.ts';
import { type LabelMap, relabel } from './relabel.ts';

/** Something that is scraped. */
export interface Target {
  /** Tells it from others of its job. */
  readonly key: string;
  readonly url: string;
  /** Labels that its samples get: names and values, alternating, in the order of the names. */
  readonly labels: readonly string[];
  readonly job: string;
  readonly instance: string;
  /** Labels as they were found, before relabeling. */
  readonly discovered: LabelMap;
  readonly intervalMs: number;
  readonly timeoutMs: number;
}

/** Targets with the labels that they have in common, as discovery finds them. */
export interface TargetGroup {
  /** Tells the group from others of its job. */
  readonly source: string;
  readonly targets: readonly ReadonlyMap<string, string>[];
  readonly labels: ReadonlyMap<string, string>;
}

function discoveredLabels(
  { config, intervalMs, timeoutMs, natives, classics }: Job,
  own: ReadonlyMap<string, string>,
  common: ReadonlyMap<string, string>,
): LabelMap {
  const labels: LabelMap = new Map([...common, ...own]);
  for (const [name, value] of [...labels]) if (value === '') labels.delete(name);
  const fallback = (name: string, value: string) => {
    if (!labels.has(name) && value !== '') labels.set(name, value);
  };
  fallback('job', config.job_name);
  fallback('__scrape_interval__', formatPromDuration(intervalMs));
  fallback('__scrape_timeout__', formatPromDuration(timeoutMs));
  fallback('__metrics_path__', config.metrics_path);
  fallback('__scheme__', config.scheme);
  fallback('__convert_classic_histograms_to_nhcb__', 'false');
  fallback('__always_scrape_classic_histograms__', String(classics));
  fallback('__scrape_native_histograms__', String(natives));
  for (const [key, values] of Object.entries(config.params)) {
    fallback(`__param_${key}`, values[0] ?? '');
  }
  return labels;
}

/**
 * Makes a target of what was found; undefined = relabeling drops it.
 * @throws Error for one that cannot be scraped
 */
export function targetOf(
  job: Job,
  own: ReadonlyMap<string, string>,
  common: ReadonlyMap<string, string>,
): Target | undefined {
  const discovered = discoveredLabels(job, own, common);
  const labels = new Map(discovered);
  if (!relabel(job.rules, labels)) return undefined;
  const address = labels.get('__address__') ?? '';
  if (address === '') throw new Error('no address');
  if (address.includes('/')) throw new Error(`${JSON.stringify(address)} is not a valid hostname`);
  const intervalMs = durationOf(labels, '__scrape_interval__', 'interval');
  const timeoutMs = durationOf(labels, '__scrape_timeout__', 'timeout');
  if (timeoutMs > intervalMs) {
    throw new Error('scrape timeout cannot be greater than scrape interval');
  }
  for (const name of [...labels.keys()]) if (name.startsWith('__meta_')) labels.delete(name);
  if (!labels.has('instance')) labels.set('instance', address);
  const url = urlOf(job, labels, address);
  const sorted = [...labels].sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    key: JSON.stringify([sorted, url]),
    url,
    labels: sorted.filter(([name]) => !name.startsWith('__')).flat(),
    job: labels.get('job') ?? '',
    instance: labels.get('instance') ?? '',
    discovered,
    intervalMs,
    timeoutMs,
  };
}

function durationOf(labels: LabelMap, name: string, what: string): number {
  const text = labels.get(name) ?? '';
  const ms = parsePromDuration(text);
  if (ms === undefined) {
    throw new Error(`error parsing scrape ${what}: not a valid duration string: "${text}"`);
  }
  if (ms === 0) throw new Error(`scrape ${what} cannot be 0`);
  return ms;
}

function urlOf({ config }: Job, labels: LabelMap, address: string): string {
  const params = new Map(Object.entries(config.params).map(([key, list]) => [key, [...list]]));
  for (const [name, value] of labels) {
    if (!name.startsWith('__param_')) continue;
    const key = name.slice('__param_'.length);
    params.set(key, [value, ...(params.get(key) ?? []).slice(1)]);
  }
  const query = [...params]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([key, list]) => list.map((v) => new URLSearchParams([[key, v]]).toString()))
    .join('&');
  const path = labels.get('__metrics_path__') ?? '';
  const rooted = path === '' || path.startsWith('/') ? path : `/${path}`;
  const text = `${labels.get('__scheme__') ?? ''}://${address}${encodeURI(rooted).replaceAll('?', '%3F').replaceAll('#', '%23')}`;
  const url = query === '' ? text : `${text}?${query}`;
  if (!URL.canParse(url)) throw new Error(`no URL: ${JSON.stringify(url)}`);
  return url;
}
