import {
  type Condition,
  type Environment,
  OttlRuntimeError,
  type Place,
} from '../../ottl/index.ts';
import type { MetricsBuilder } from '../../pdata/builder.ts';
import type { AttributeScan } from '../../pdata/readers/span-scan.ts';
import { encodeValue } from '../../pdata/values.ts';
import { packAttributes, writePacked } from '../../pipeline/series/attributes.ts';
import { wholeField } from '../../pipeline/series/explicit.ts';
import { SeriesKey } from '../../pipeline/series/key.ts';
import { Column, SeriesTable } from '../../pipeline/series/table.ts';
import { type CountContext, compileConditions } from './conditions.ts';
import type { MetricConfig } from './config.ts';

/** Where attributes of an item are: its own, its scope's, its resource's. */
export interface Source {
  bytes: Uint8Array;
  readonly scan: AttributeScan;
}

interface Wanted {
  readonly key: string;
  /** Index among the keys of the scans. */
  readonly index: number;
  readonly defaultValue: Uint8Array | undefined;
}

/** One metric: what it counts, and how often that came for the resource at hand. */
class CountMetric {
  readonly name: string;
  readonly description: string;
  readonly attributes: readonly Wanted[];
  readonly conditions: readonly Condition[];
  /** An attribute named twice is never complete: nothing is counted. */
  readonly idle: boolean;
  readonly table = new SeriesTable();
  readonly counts = new Column();
  /** Of metrics without attributes. */
  total = 0;

  constructor(name: string, given: MetricConfig, keys: string[], conditions: readonly Condition[]) {
    this.name = name;
    this.description = given.description;
    this.conditions = conditions;
    this.attributes = given.attributes.map(({ key, default_value: value }) => {
      if (!keys.includes(key)) keys.push(key);
      const defaultValue = value === undefined || value === null ? undefined : encodeValue(value);
      return { key, index: keys.indexOf(key), defaultValue };
    });
    this.idle = new Set(this.attributes.map(({ key }) => key)).size < this.attributes.length;
  }

  get isEmpty(): boolean {
    return this.total === 0 && this.table.size === 0;
  }
}

/** Counts items of one kind, resource by resource. */
export class Counter {
  /** Attributes that metrics want. */
  readonly keys: readonly string[];
  readonly hasConditions: boolean;
  readonly #metrics: readonly CountMetric[];
  readonly #seed: number;
  readonly #key = new SeriesKey();
  /** Earliest and latest time of the items, unsigned halves; zero = none yet. */
  #firstLo = 0;
  #firstHi = 0;
  #lastLo = 0;
  #lastHi = 0;

  constructor(
    context: CountContext,
    metrics: Readonly<Record<string, MetricConfig>>,
    environment: Environment,
    seed: number,
  ) {
    const keys: string[] = [];
    this.#metrics = Object.entries(metrics).map(([name, given]) => {
      const conditions = compileConditions(context, given.conditions, environment);
      return new CountMetric(name, given, keys, conditions);
    });
    this.keys = keys;
    this.hasConditions = this.#metrics.some(({ conditions }) => conditions.length > 0);
    this.#seed = seed;
  }

  /** Begins a resource. */
  reset(): void {
    this.#firstLo = 0;
    this.#firstHi = 0;
    this.#lastLo = 0;
    this.#lastHi = 0;
    for (const metric of this.#metrics) {
      metric.total = 0;
      metric.table.clear();
      metric.counts.values.fill(0);
    }
  }

  get isEmpty(): boolean {
    return this.#metrics.every((metric) => metric.isEmpty);
  }

  /** A time of an item; zero is none. */
  time(lo: number, hi: number): void {
    if (lo === 0 && hi === 0) return;
    const none = this.#firstLo === 0 && this.#firstHi === 0;
    if (none || hi < this.#firstHi || (hi === this.#firstHi && lo < this.#firstLo)) {
      this.#firstLo = lo;
      this.#firstHi = hi;
    }
    if (none || hi > this.#lastHi || (hi === this.#lastHi && lo > this.#lastLo)) {
      this.#lastLo = lo;
      this.#lastHi = hi;
    }
  }

  /**
   * Counts an item for each metric that wants it.
   * @param place where conditions are tested
   * @param sources where attributes are looked for, in this order
   * @throws OttlRuntimeError of a condition
   */
  count(place: Place | undefined, sources: readonly Source[]): void {
    for (const metric of this.#metrics) {
      if (metric.idle) continue;
      if (metric.attributes.length === 0) {
        if (this.#holds(metric, place)) metric.total += 1;
        continue;
      }
      if (!this.#writeKey(metric, sources) || !this.#holds(metric, place)) continue;
      const key = this.#key;
      const hash = key.hash(this.#seed);
      let i = metric.table.find(key, hash);
      if (i < 0) {
        i = metric.table.add(key, hash, packAttributes(this.#attributesOf(metric, sources)));
        metric.counts.open(i);
      }
      metric.counts.values[i]! += 1;
    }
  }

  #holds({ conditions }: CountMetric, place: Place | undefined): boolean {
    if (conditions.length === 0) return true;
    for (const condition of conditions) {
      try {
        if (condition.test(place!)) return true;
      } catch (error) {
        if (!(error instanceof OttlRuntimeError)) throw error;
        throw new OttlRuntimeError(`failed to eval condition: ${condition.text}, ${error.message}`);
      }
    }
    return false;
  }

  /** @returns false when an attribute is missing */
  #writeKey(metric: CountMetric, sources: readonly Source[]): boolean {
    const key = this.#key;
    key.reset();
    for (const wanted of metric.attributes) {
      const source = sourceOf(wanted, sources);
      if (source !== undefined) {
        const { found } = source.scan;
        key.part(source.bytes, found[wanted.index * 2]!, found[wanted.index * 2 + 1]!);
      } else if (wanted.defaultValue !== undefined) {
        key.part(wanted.defaultValue, 0, wanted.defaultValue.length);
      } else return false;
    }
    return true;
  }

  #attributesOf(metric: CountMetric, sources: readonly Source[]): Map<string, Uint8Array> {
    const attributes = new Map<string, Uint8Array>();
    for (const wanted of metric.attributes) {
      const source = sourceOf(wanted, sources);
      const at = wanted.index * 2;
      const value = source?.bytes.slice(source.scan.found[at], source.scan.found[at + 1]);
      attributes.set(wanted.key, value ?? wanted.defaultValue!);
    }
    return attributes;
  }

  /** Writes what was counted for the resource. @param nowNs since 1970, where items have no times */
  write(builder: MetricsBuilder, nowNs: number): void {
    for (const metric of this.#metrics) {
      if (metric.isEmpty) continue;
      builder.metric(metric.name, '', metric.description);
      builder.sum(1, true);
      const { table } = metric;
      if (metric.total > 0) this.#point(builder, nowNs, metric.total, () => {});
      for (let i = 0; i < table.size; i += 1) {
        this.#point(builder, nowNs, metric.counts.values[i]!, () =>
          writePacked(builder.writer, 7, table.arena, table.extraStart(i), table.extraEnd(i)),
        );
      }
    }
  }

  #point(builder: MetricsBuilder, nowNs: number, count: number, writeAttributes: () => void): void {
    const w = builder.writer;
    const none = this.#firstLo === 0 && this.#firstHi === 0;
    const point = builder.openPoint();
    if (none) {
      wholeField(w, 2, nowNs);
      wholeField(w, 3, nowNs);
    } else {
      w.fixed64Field(2, this.#firstLo, this.#firstHi);
      w.fixed64Field(3, this.#lastLo, this.#lastHi);
    }
    wholeField(w, 6, count);
    writeAttributes();
    builder.closePoint(point);
  }
}

function sourceOf({ index }: Wanted, sources: readonly Source[]): Source | undefined {
  for (let i = 0; i < sources.length; i += 1) {
    if (sources[i]!.scan.found[index * 2]! >= 0) return sources[i];
  }
  return undefined;
}
