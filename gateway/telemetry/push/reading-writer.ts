import type { Metrics } from '../../../pdata/batch.ts';
import { MetricsBuilder, type Temporality } from '../../../pdata/builder/metrics.ts';
import type { Point, Reading } from '../meter.ts';

const scope = 'wirestitch';

interface Before {
  readonly value: number;
  readonly counts: readonly number[];
  readonly count: number;
}

/** Writes readings as OTLP metrics. */
export class ReadingWriter {
  readonly #resource: Readonly<Record<string, string>>;
  readonly #version: string;
  readonly #delta: boolean;
  #since: bigint;
  /** What was told before, by metric and attributes; for delta. */
  readonly #told = new Map<string, Before>();

  /** @param start nanoseconds since 1970 at which counting began */
  constructor(
    resource: Readonly<Record<string, string>>,
    version: string,
    start: bigint,
    delta: boolean,
  ) {
    this.#resource = resource;
    this.#version = version;
    this.#since = start;
    this.#delta = delta;
  }

  write(readings: readonly Reading[], now: bigint): Metrics {
    const builder = new MetricsBuilder();
    builder.resource(this.#resource);
    builder.scope(scope, this.#version);
    for (const reading of readings) this.#metric(builder, reading, now);
    if (this.#delta) this.#since = now;
    return builder.finish();
  }

  #metric(builder: MetricsBuilder, reading: Reading, now: bigint): void {
    const { name, options, kind, points } = reading;
    const temporality: Temporality = this.#delta ? 1 : 2;
    builder.metric(name, options.unit, options.description);
    if (kind === 'gauge') builder.gauge();
    else if (kind === 'counter') builder.sum(temporality, true);
    else builder.histogram(temporality);
    for (const point of points) {
      const { attributes } = point;
      const times = { timeUnixNano: now, startTimeUnixNano: this.#since, attributes };
      if (kind === 'gauge') {
        builder.numberPoint({ timeUnixNano: now, attributes, value: numberOf(point.value) });
        continue;
      }
      const { value, counts, count } = this.#change(name, point);
      if (point.buckets === undefined) builder.numberPoint({ ...times, value: numberOf(value) });
      else {
        builder.histogramPoint({
          ...times,
          sum: value,
          count: BigInt(count),
          bucketCounts: counts.map(BigInt),
          explicitBounds: point.buckets.bounds,
        });
      }
    }
  }

  /** What is to be told of a point: all of it, or what came since it was last told. */
  #change(name: string, { attributes, value, buckets }: Point): Before {
    const now = { value, counts: [...(buckets?.counts ?? [])], count: buckets?.count ?? 0 };
    if (!this.#delta) return now;
    const key = `${name}\n${JSON.stringify(attributes)}`;
    const before = this.#told.get(key);
    this.#told.set(key, now);
    if (before === undefined) return now;
    return {
      value: now.value - before.value,
      counts: now.counts.map((count, i) => count - (before.counts[i] ?? 0)),
      count: now.count - before.count,
    };
  }
}

/** Whole numbers are integer points. */
function numberOf(value: number): number | bigint {
  return Number.isSafeInteger(value) ? BigInt(value) : value;
}
