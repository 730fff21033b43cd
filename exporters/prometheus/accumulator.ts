import type { Metrics } from '../../pdata/batch.ts';
import {
  decodeMetrics,
  encodeValue,
  type Metric,
  type Point,
  type Value,
} from '../../pdata/objects/index.ts';
import { ValueView } from '../../pdata/readers.ts';
import { addExponential, addHistograms, addNumbers } from './merge.ts';
import type { LastPoint, Origin, Series, Texts } from './series.ts';

/** Series that are held at most; points of further ones are left out. */
const seriesMax = 1_000_000;

const delta = 1;
const cumulative = 2;

/** Keeps the last point of each series; deltas are added up. */
export class Accumulator {
  readonly #series = new Map<string, Series>();
  readonly #expirationMs: number;
  readonly #resourceLabels: 'none' | 'all' | 'all but service';

  /** @param resourceLabels whether attributes of the resource are attributes of points */
  constructor(expirationMs: number, resourceLabels: 'none' | 'all' | 'all but service') {
    this.#expirationMs = expirationMs;
    this.#resourceLabels = resourceLabels;
  }

  get size(): number {
    return this.#series.size;
  }

  /** Takes the points of a batch. @returns how many were left out */
  take(batch: Metrics, nowMs: number): number {
    let leftOut = 0;
    for (const { resource, scopes } of decodeMetrics(batch)) {
      const texts = textsOf(resource.attributes);
      const added = resourceAttributes(texts, this.#resourceLabels);
      for (const { scope, schemaUrl, items } of scopes) {
        const origin: Origin = {
          resource: texts,
          job: jobOf(texts),
          instance: texts.get('service.instance.id'),
          scopeName: scope.name,
          scopeVersion: scope.version,
          scopeSchemaUrl: schemaUrl,
          scopeAttributes: textsOf(scope.attributes),
        };
        for (const metric of items) leftOut += this.#metric(metric, origin, added, nowMs);
      }
    }
    return leftOut;
  }

  /** What is to be shown; what has expired goes. */
  collect(nowMs: number): Iterable<Series> {
    this.expire(nowMs);
    return this.#series.values();
  }

  expire(nowMs: number): void {
    for (const [key, { updatedMs }] of this.#series) {
      if (updatedMs < nowMs - this.#expirationMs) this.#series.delete(key);
    }
  }

  #metric(metric: Metric, origin: Origin, added: Texts, nowMs: number): number {
    const { data } = metric;
    const before = keyBefore(metric, origin);
    let leftOut = 0;
    for (const point of data.points) {
      const attributes = textsOf(point.attributes);
      for (const [key, text] of added) attributes.set(key, text);
      const key = before + keyOf(attributes);
      if ((point.flags & 1) === 1) {
        this.#series.delete(key);
        continue;
      }
      const known = this.#series.get(key);
      const last =
        known === undefined ? firstPoint(metric, point) : next(known.last, metric, point);
      if (last === undefined || (known === undefined && this.#series.size >= seriesMax)) {
        leftOut += 1;
        continue;
      }
      if (last === known?.last) continue;
      const { name, description, unit } = metric;
      this.#series.set(key, {
        name,
        description,
        unit,
        origin,
        attributes,
        last,
        updatedMs: nowMs,
      });
    }
    return leftOut;
  }
}

const separator = '\u0000';

function keyBefore({ name, data }: Metric, origin: Origin): string {
  const { scopeName, scopeVersion, scopeSchemaUrl, scopeAttributes, job, instance } = origin;
  const parts = [name, data.kind, scopeName, scopeVersion, scopeSchemaUrl];
  parts.push(keyOf(scopeAttributes), `${job}`, `${instance}`, '');
  return parts.join(separator);
}

function keyOf(texts: Texts): string {
  if (texts.size === 0) return '';
  return [...texts]
    .map(([key, text]) => `${key}\u0001${text}`)
    .sort()
    .join(separator);
}

/** The last point where there was none, or none that counts; undefined = it cannot be kept. */
function firstPoint({ data }: Metric, point: Point): LastPoint | undefined {
  switch (data.kind) {
    case 'gauge':
    case 'histogram':
    case 'exponential':
    case 'summary':
      return { kind: data.kind, point } as LastPoint;
    case 'sum': {
      const { aggregationTemporality: temporality, isMonotonic: monotonic } = data;
      if (temporality === delta ? !monotonic : temporality !== cumulative) return undefined;
      return { kind: 'sum', point, monotonic } as LastPoint;
    }
    default:
      return undefined;
  }
}

/** The last point after another one came, itself when that is older; undefined = left out. */
function next(last: LastPoint, metric: Metric, point: Point): LastPoint | undefined {
  const { data } = metric;
  const given = firstPoint(metric, point);
  if (given === undefined || given.kind !== last.kind) return given;
  const isDelta = 'aggregationTemporality' in data && data.aggregationTemporality === delta;
  const late = point.timeUnixNano < last.point.timeUnixNano;
  const adjoins = point.startTimeUnixNano === last.point.timeUnixNano;
  if (last.kind === 'sum' && given.kind === 'sum') {
    if (late) return last;
    return isDelta && adjoins ? { ...given, point: addNumbers(last.point, given.point) } : given;
  }
  if (!isDelta) {
    const unspecified = 'aggregationTemporality' in data && data.aggregationTemporality === 0;
    if (unspecified) return undefined;
    return late ? last : given;
  }
  if (!adjoins) return point.startTimeUnixNano > last.point.timeUnixNano ? given : undefined;
  if (last.kind === 'histogram' && given.kind === 'histogram') {
    return { ...given, point: addHistograms(last.point, given.point) };
  }
  if (last.kind === 'exponential' && given.kind === 'exponential') {
    return { ...given, point: addExponential(last.point, given.point) };
  }
  return given;
}

function textsOf(attributes: ReadonlyMap<string, Value>): Map<string, string> {
  const out = new Map<string, string>();
  for (const [key, value] of attributes) out.set(key, textOf(value));
  return out;
}

function textOf(value: Value): string {
  if (typeof value === 'string') return value;
  const bytes = encodeValue(value);
  const view = new ValueView();
  view.locate(bytes, 0, bytes.length);
  return view.toText();
}

/** `service.namespace/service.name`. */
function jobOf(resource: Texts): string | undefined {
  const name = resource.get('service.name');
  const namespace = resource.get('service.namespace');
  return name === undefined || namespace === undefined ? name : `${namespace}/${name}`;
}

/** Attributes of resources that are `job` and `instance` already. */
export const identifying: readonly string[] = [
  'service.name',
  'service.namespace',
  'service.instance.id',
];

function resourceAttributes(resource: Texts, which: 'none' | 'all' | 'all but service'): Texts {
  if (which === 'none') return new Map();
  if (which === 'all') return resource;
  return new Map([...resource].filter(([key]) => !identifying.includes(key)));
}
