import type { Metrics } from '../../pdata/batch.ts';
import { MetricsBuilder } from '../../pdata/builder.ts';
import { writePacked } from '../../pipeline/series/attributes.ts';
import { wholeField } from '../../pipeline/series/explicit.ts';
import type { Config } from './config.ts';
import { isDelta } from './config.ts';
import type { SeriesSet } from './series-set.ts';
import type { SpanMetricsState } from './state.ts';

/** What is said of series when they are written. */
interface Times {
  /** Nanoseconds since 1970. */
  readonly nowNs: number;
  /** The last export: new series begin with their count, not with 0. */
  readonly last: boolean;
}

/** Writes the state as metrics, and makes it ready for the next interval. */
export class Flush {
  readonly #config: Config;
  readonly #delta: boolean;
  readonly #prefix: string;
  readonly #state: SpanMetricsState;
  readonly #builder = new MetricsBuilder();
  /** Delta: keys of the series written for the resource at hand. */
  readonly #written = new Set<string>();

  /** @param prefix of the metric names */
  constructor(config: Config, state: SpanMetricsState, prefix: string) {
    this.#config = config;
    this.#prefix = prefix;
    this.#delta = isDelta(config);
    this.#state = state;
  }

  /** All metrics; undefined when no resource has been seen. */
  build(times: Times): Metrics | undefined {
    const { unit } = this.#config.histogram;
    const builder = this.#builder;
    const prefix = this.#prefix;
    this.#state.dirty = false;
    let resources = 0;
    for (const { fields, calls, durations, events } of this.#state.all()) {
      resources += 1;
      builder.rawResource(fields);
      builder.scope('spanmetricsconnector');
      builder.metric(`${prefix}calls`);
      this.#counts(calls, times);
      if (durations !== undefined) {
        builder.metric(`${prefix}duration`, unit);
        this.#durations(durations, times);
      }
      if (events !== undefined) {
        builder.metric(`${prefix}events`);
        this.#counts(events, times);
      }
      this.#remember(times.nowNs);
    }
    return resources === 0 ? undefined : builder.finish();
  }

  #counts(set: SeriesSet, times: Times): void {
    const builder = this.#builder;
    builder.sum(this.#delta ? 1 : 2, true);
    const w = builder.writer;
    for (let i = 0; i < set.table.size; i += 1) {
      const point = builder.openPoint();
      const isNew = !this.#delta && !times.last && set.exported.values[i] === 0;
      set.exported.values[i] = 1;
      this.#timeFields(set, i, times.nowNs);
      set.exemplars?.write(w, 5, i, times.nowNs);
      wholeField(w, 6, isNew ? 0 : set.counts.values[i]!);
      writePacked(w, 7, set.table.arena, set.table.extraStart(i), set.table.extraEnd(i));
      builder.closePoint(point);
    }
  }

  #durations(set: SeriesSet, times: Times): void {
    const builder = this.#builder;
    const histograms = set.histograms!;
    histograms.begin(builder, this.#delta ? 1 : 2);
    const w = builder.writer;
    const { attributes, exemplars } = histograms.fields;
    for (let i = 0; i < set.table.size; i += 1) {
      const point = builder.openPoint();
      const { table } = set;
      this.#timeFields(set, i, times.nowNs);
      histograms.write(w, i);
      set.exemplars?.write(w, exemplars, i, times.nowNs);
      writePacked(w, attributes, table.arena, table.extraStart(i), table.extraEnd(i));
      builder.closePoint(point);
    }
  }

  #timeFields(set: SeriesSet, i: number, nowNs: number): void {
    let startNs = set.starts.values[i]!;
    if (this.#delta) {
      const key = set.table.keyText(i);
      startNs = this.#lastTime(key) ?? startNs;
      this.#written.add(key);
    }
    const w = this.#builder.writer;
    wholeField(w, 2, startNs);
    wholeField(w, 3, nowNs);
  }

  #lastTime(key: string): number | undefined {
    const { lastTimes } = this.#state;
    const known = lastTimes.get(key);
    if (known === undefined) return undefined;
    lastTimes.delete(key);
    lastTimes.set(key, known);
    return known;
  }

  /** The next interval of what was written begins now. */
  #remember(nowNs: number): void {
    const { lastTimes } = this.#state;
    const limit = this.#config.metric_timestamp_cache_size;
    for (const key of this.#written) {
      lastTimes.delete(key);
      lastTimes.set(key, nowNs);
      if (lastTimes.size > limit) lastTimes.delete(lastTimes.keys().next().value!);
    }
    this.#written.clear();
  }

  /** Forgets what is no longer to be exported. @param nowMs Clock.monotonicMs() */
  reset(nowMs: number): void {
    const { resources, evicted } = this.#state;
    evicted.clear();
    if (this.#delta) {
      resources.clear();
      return;
    }
    const { metrics_expiration: forResources, series_expiration: forSeries } = this.#config;
    for (const [key, resource] of resources) {
      for (const set of new Set([resource.calls, resource.durations, resource.events])) {
        set?.exemplars?.clear();
        if (forSeries > 0) set?.expire(nowMs - forSeries);
      }
      if (forResources <= 0 || nowMs - resource.seenMs < forResources) continue;
      resources.delete(key); // exported once more, like those that the limit put out
      evicted.set(key, resource);
    }
  }
}
