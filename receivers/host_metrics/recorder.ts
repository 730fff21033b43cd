import type { MetricsBuilder } from '../../pdata/builder.ts';
import { metricSpecs, type ScraperName } from './metric-specs.ts';

type Attributes = Readonly<Record<string, string | number>>;

interface Point {
  readonly value: number;
  readonly attributes: Attributes | undefined;
}

const scopePrefix =
  'github.com/open-telemetry/opentelemetry-collector-contrib/receiver/hostmetricsreceiver/internal/scraper/';
const schemaUrl = 'https://opentelemetry.io/schemas/1.9.0';

/** Collects the points of one scraper and writes them as metrics. */
export class Recorder {
  readonly #scraper: ScraperName;
  readonly #enabled: ReadonlySet<string>;
  readonly #points = new Map<string, Point[]>();
  readonly #version: string;

  constructor(scraper: ScraperName, enabled: ReadonlySet<string>, version: string) {
    this.#scraper = scraper;
    this.#enabled = enabled;
    this.#version = version;
  }

  isOn(metric: string): boolean {
    return this.#enabled.has(metric);
  }

  /** One point; nothing when its metric is off. */
  add(metric: string, value: number, attributes?: Attributes): void {
    if (!this.#enabled.has(metric)) return;
    const points = this.#points.get(metric);
    if (points === undefined) this.#points.set(metric, [{ value, attributes }]);
    else points.push({ value, attributes });
  }

  /**
   * Writes what was added as metrics of one resource, and forgets it.
   * @param start nanoseconds since 1970 from which sums count; 0 = unknown
   */
  write(builder: MetricsBuilder, start: bigint, now: bigint, resource: Attributes = {}): void {
    if (this.#points.size === 0) return;
    builder.resource(resource, schemaUrl);
    builder.scope(`${scopePrefix}${this.#scraper}scraper`, this.#version);
    for (const spec of metricSpecs[this.#scraper]) {
      const points = this.#points.get(spec.name);
      if (points === undefined) continue;
      builder.metric(spec.name, spec.unit, spec.description);
      if (spec.kind === 'gauge') builder.gauge();
      else builder.sum(2, spec.monotonic);
      for (const { value, attributes } of points) {
        builder.numberPoint({
          startTimeUnixNano: start,
          timeUnixNano: now,
          value: spec.integer ? BigInt(Math.trunc(value)) : value,
          ...(attributes === undefined ? {} : { attributes }),
        });
      }
    }
    this.#points.clear();
  }
}
