import type { Attributes } from '../../../component/settings.ts';
import type { Metrics } from '../../../pdata/batch.ts';
import {
  MetricsBuilder,
  type PointFields,
  type Temporality,
} from '../../../pdata/builder/metrics.ts';
import type { AttributeSet } from '../../../pdata/builder.ts';
import type { ExponentialPoint, Point, Reading, ReadingKind } from '../reading.ts';

/** What is told of counters and histograms: all so far, or what came since the last export. */
export type TemporalityPreference = 'cumulative' | 'delta' | 'lowmemory';

interface Before {
  readonly value: number;
  readonly counts: readonly number[];
  readonly count: number;
  readonly exponential?: ExponentialPoint;
}

/** Attributes whose values are no texts. */
const integers: ReadonlySet<string> = new Set([
  'server.port',
  'http.response.status_code',
  'partition',
]);
const booleans: ReadonlySet<string> = new Set(['error.permanent', 'otel.metric.overflow']);

/** Instruments that the Go SDK observes: low memory keeps them cumulative. */
const observed = /^otelcol_process_/;

/** Writes readings as OTLP metrics, one scope after the other. */
export class ReadingWriter {
  readonly #resource: AttributeSet;
  readonly #version: string;
  readonly #preference: TemporalityPreference;
  readonly #start: bigint;
  #since: bigint;
  /** What was told before, by metric and attributes; for delta. */
  readonly #told = new Map<string, Before>();

  /** @param start nanoseconds since 1970 at which counting began */
  constructor(
    resource: AttributeSet,
    version: string,
    start: bigint,
    preference: TemporalityPreference,
  ) {
    this.#resource = resource;
    this.#version = version;
    this.#start = start;
    this.#since = start;
    this.#preference = preference;
  }

  write(readings: readonly Reading[], now: bigint): Metrics {
    const builder = new MetricsBuilder();
    builder.resource(this.#resource);
    const scopes = Map.groupBy(readings, ({ scope }) => scope);
    for (const [scope, metrics] of scopes) {
      builder.scope(scope, scope === 'wirestitch' ? this.#version : '');
      for (const reading of metrics) this.#metric(builder, reading, now);
    }
    if (this.#preference !== 'cumulative') this.#since = now;
    return builder.finish();
  }

  #isDelta(kind: ReadingKind, name: string): boolean {
    if (kind === 'gauge' || kind === 'updown' || this.#preference === 'cumulative') return false;
    return this.#preference === 'delta' || !observed.test(name);
  }

  #metric(builder: MetricsBuilder, reading: Reading, now: bigint): void {
    const { name, description, unit, kind, points } = reading;
    const isDelta = this.#isDelta(kind, name);
    const temporality: Temporality = isDelta ? 1 : 2;
    const told = points.flatMap((point) => {
      const change = isDelta ? this.#change(name, point) : whole(point);
      return change === undefined ? [] : [{ point, change }];
    });
    if (told.length === 0) return;
    builder.metric(name, unit, description);
    if (kind === 'gauge') builder.gauge();
    else if (kind === 'counter') builder.sum(temporality, true);
    else if (kind === 'updown') builder.sum(temporality, false);
    else if (kind === 'exponential') builder.exponentialHistogram(temporality);
    else builder.histogram(temporality);
    const startTimeUnixNano = isDelta ? this.#since : this.#start;
    for (const { point, change } of told) {
      const attributes = typed(point.attributes);
      const times =
        kind === 'gauge'
          ? { timeUnixNano: now, attributes }
          : { timeUnixNano: now, startTimeUnixNano, attributes };
      writePoint(builder, times, point, change);
    }
  }

  /** What came of a point since it was last told, undefined when nothing did. */
  #change(name: string, point: Point): Before | undefined {
    const now = whole(point);
    const key = `${name}\n${JSON.stringify(point.attributes)}`;
    const before = this.#told.get(key);
    this.#told.set(key, now);
    if (before?.count === now.count && before.value === now.value) return undefined;
    // A count that fell belongs to a metric that began anew.
    if (before === undefined || now.count < before.count || now.value < before.value) return now;
    return {
      value: now.value - before.value,
      counts: now.counts.map((count, i) => count - (before.counts[i] ?? 0)),
      count: now.count - before.count,
      ...(now.exponential === undefined
        ? {}
        : { exponential: exponentialChange(now.exponential, before.exponential) }),
    };
  }
}

function whole({ value, buckets, exponential }: Point): Before {
  const counts = [...(buckets?.counts ?? [])];
  const count = (buckets ?? exponential)?.count ?? 0;
  return exponential === undefined
    ? { value, counts, count }
    : { value, counts, count, exponential };
}

function exponentialChange(
  now: ExponentialPoint,
  before: ExponentialPoint | undefined,
): ExponentialPoint {
  if (before === undefined) return now;
  const counts = [...now.counts];
  before.counts.forEach((count, i) => {
    const at = ((before.offset + i) >> (before.scale - now.scale)) - now.offset;
    if (counts[at] !== undefined) counts[at] -= count;
  });
  return {
    ...now,
    counts,
    zeroCount: now.zeroCount - before.zeroCount,
    count: now.count - before.count,
  };
}

function writePoint(
  builder: MetricsBuilder,
  times: PointFields,
  { buckets, exponential }: Point,
  { value, counts, count, exponential: change }: Before,
): void {
  if (buckets !== undefined) {
    builder.histogramPoint({
      ...times,
      ...extremesOf(buckets),
      sum: value,
      count: BigInt(count),
      bucketCounts: counts.map(BigInt),
      explicitBounds: buckets.bounds,
    });
  } else if (exponential !== undefined && change !== undefined) {
    const { scale, zeroCount, offset } = change;
    builder.exponentialPoint({
      ...times,
      ...extremesOf(exponential),
      sum: value,
      count: BigInt(count),
      scale,
      zeroCount: BigInt(zeroCount),
      positive: { offset, counts: change.counts.map(BigInt) },
    });
  } else builder.numberPoint({ ...times, value: numberOf(value) });
}

function extremesOf({
  min,
  max,
}: {
  readonly min?: number | undefined;
  readonly max?: number | undefined;
}): { min?: number; max?: number } {
  return min === undefined || max === undefined ? {} : { min, max };
}

/** Attributes as values of their types. */
function typed(attributes: Attributes): ReadonlyMap<string, string | bigint | boolean> {
  return new Map(
    Object.entries(attributes).map(([key, value]): [string, string | bigint | boolean] => {
      if (integers.has(key) && /^-?\d+$/.test(value)) return [key, BigInt(value)];
      return [key, booleans.has(key) ? value === 'true' : value];
    }),
  );
}

/** Whole numbers are integer points. */
function numberOf(value: number): number | bigint {
  return Number.isSafeInteger(value) ? BigInt(value) : value;
}
