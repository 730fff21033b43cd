import type { TelemetryConfig } from './config.ts';
import type { BucketPoint, ExponentialPoint, Point, ReadingKind } from './reading.ts';
import { seriesKey } from './series.ts';
import type { Aggregation } from './stores.ts';

type ViewConfig = NonNullable<TelemetryConfig['metrics']['views']>[number];

/** What a view is asked about. */
export interface Identity {
  readonly name: string;
  readonly description: string;
  readonly unit: string;
  readonly scope: string;
  /** `counter`, `histogram`, `observable_gauge` and so on. */
  readonly type: string;
}

/** How metrics that it matches are told. */
export interface View {
  matches(metric: Identity): boolean;
  /** '' = as they are. */
  readonly name: string;
  readonly description: string;
  readonly aggregation: Aggregation;
  /** Which attributes are kept. */
  keeps(attribute: string): boolean;
}

const defaultMaxSize = 160;
const maxScaleMost = 20;
const maxScaleLeast = -10;

const matching = (wanted: string | undefined, found: string): boolean =>
  wanted === undefined || wanted === '' || wanted === found;

function namePattern(text: string): RegExp {
  const quoted = text.replaceAll(/[.+^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^${quoted.replaceAll('?', '.').replaceAll('*', '.*')}$`, 's');
}

/** @param faults takes what makes a view useless: no reason not to run, as in the Go collector */
export function compileViews(
  configs: readonly ViewConfig[],
  faults: (message: string) => void,
): View[] {
  const views: View[] = [];
  for (const config of configs) {
    const { selector = {}, stream = {} } = config;
    const { instrument_name: name = '' } = selector;
    const isPattern = /[*?]/.test(name);
    if (isPattern && (stream.name ?? '') !== '') {
      faults(`a view cannot give several metrics one name: ${JSON.stringify(name)}`);
      continue;
    }
    views.push(compile(selector, stream, isPattern ? namePattern(name) : undefined, faults));
  }
  return views;
}

function compile(
  selector: NonNullable<ViewConfig['selector']>,
  stream: NonNullable<ViewConfig['stream']>,
  pattern: RegExp | undefined,
  faults: (message: string) => void,
): View {
  const included = new Set(stream.attribute_keys?.included ?? []);
  const excluded = new Set(stream.attribute_keys?.excluded ?? []);
  return {
    matches: ({ name, unit, scope, type }) =>
      (pattern === undefined ? matching(selector.instrument_name, name) : pattern.test(name)) &&
      matching(selector.instrument_type, type) &&
      matching(selector.unit, unit) &&
      matching(selector.meter_name, scope) &&
      matching(selector.meter_version, '') &&
      matching(selector.meter_schema_url, ''),
    name: stream.name ?? '',
    description: stream.description ?? '',
    aggregation: aggregationOf(stream.aggregation ?? {}, faults),
    keeps: (key) => !excluded.has(key) && (included.size === 0 || included.has(key)),
  };
}

function aggregationOf(
  given: NonNullable<NonNullable<ViewConfig['stream']>['aggregation']>,
  faults: (message: string) => void,
): Aggregation {
  const exponential = given.base2_exponential_bucket_histogram;
  if (exponential !== undefined) {
    const { max_scale = 0, max_size = 0, record_min_max: extremes = false } = exponential;
    if (max_scale > maxScaleMost || max_scale < maxScaleLeast || max_size <= 0) {
      faults(`a view's histogram needs max_size > 0 and max_scale from -10 to 20`);
      return { type: 'default' };
    }
    const maxSize = Math.max(2, Math.min(max_size, 16384));
    return { type: 'exponential', maxSize, maxScale: max_scale, extremes };
  }
  if (given.default !== undefined) return { type: 'default' };
  if (given.drop !== undefined) return { type: 'drop' };
  const explicit = given.explicit_bucket_histogram;
  if (explicit !== undefined) {
    const { boundaries: bounds = [], record_min_max: extremes = false } = explicit;
    const isRising = bounds.every((bound, i) => i === 0 || bound > bounds[i - 1]!);
    if (isRising) return { type: 'explicit', bounds, extremes };
    faults(`a view's boundaries have to rise: ${JSON.stringify(bounds)}`);
    return { type: 'default' };
  }
  if (given.last_value !== undefined) return { type: 'last_value' };
  if (given.sum !== undefined) return { type: 'sum' };
  return { type: 'default' };
}

/** Whether values of an instrument can be kept so. */
export function isCompatible(type: string, { type: way }: Aggregation): boolean {
  const isGauge = type === 'observable_gauge' || type === 'gauge';
  if (way === 'sum') return !isGauge;
  return way !== 'last_value' || isGauge;
}

/** Points whose attributes are equal once those that a view leaves out are gone become one. */
export function filterPoints(
  points: readonly Point[],
  kind: ReadingKind,
  keeps: (key: string) => boolean,
): readonly Point[] {
  if (points.every(({ attributes }) => Object.keys(attributes).every(keeps))) return points;
  const merged = new Map<string, Point>();
  for (const point of points) {
    const kept = Object.entries(point.attributes).filter(([key]) => keeps(key));
    const attributes = Object.fromEntries(kept);
    const key = seriesKey(attributes);
    const before = merged.get(key);
    const next = before === undefined ? point : together(before, point, kind);
    merged.set(key, { ...next, attributes });
  }
  return [...merged.values()];
}

function together(a: Point, b: Point, kind: ReadingKind): Point {
  if (kind === 'gauge') return b;
  const value = a.value + b.value;
  if (a.buckets !== undefined && b.buckets !== undefined) {
    return { attributes: a.attributes, value, buckets: sumBuckets(a.buckets, b.buckets) };
  }
  if (a.exponential !== undefined && b.exponential !== undefined) {
    const exponential = sumExponential(a.exponential, b.exponential);
    return { attributes: a.attributes, value, exponential };
  }
  return { attributes: a.attributes, value };
}

interface Extremes {
  readonly min?: number | undefined;
  readonly max?: number | undefined;
}

function extremes(a: Extremes, b: Extremes): Extremes {
  if (a.min === undefined || a.max === undefined) return b;
  if (b.min === undefined || b.max === undefined) return a;
  return { min: Math.min(a.min, b.min), max: Math.max(a.max, b.max) };
}

function sumBuckets(a: BucketPoint, b: BucketPoint): BucketPoint {
  const counts = a.counts.map((count, i) => count + b.counts[i]!);
  return { bounds: a.bounds, counts, count: a.count + b.count, ...extremes(a, b) };
}

function sumExponential(a: ExponentialPoint, b: ExponentialPoint): ExponentialPoint {
  let scale = Math.min(a.scale, b.scale);
  const span = (): [number, number] => {
    const of = ({ offset, counts, scale: fine }: ExponentialPoint) =>
      counts.length === 0
        ? [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
        : [offset >> (fine - scale), (offset + counts.length - 1) >> (fine - scale)];
    const [[lowA, highA], [lowB, highB]] = [of(a), of(b)];
    return [Math.min(lowA!, lowB!), Math.max(highA!, highB!)];
  };
  let [low, high] = span();
  while (high - low >= defaultMaxSize) {
    scale -= 1;
    [low, high] = span();
  }
  const counts = new Array<number>(Math.max(0, high - low + 1)).fill(0);
  for (const one of [a, b]) {
    one.counts.forEach((count, i) => {
      counts[((one.offset + i) >> (one.scale - scale)) - low]! += count;
    });
  }
  const count = a.count + b.count;
  const zeroCount = a.zeroCount + b.zeroCount;
  const offset = counts.length === 0 ? 0 : low;
  return { scale, zeroCount, offset, counts, count, ...extremes(a, b) };
}
