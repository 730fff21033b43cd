import type { ClientInfo } from '../../component/consumer.ts';
import type { Signal } from '../../component/signals.ts';
import { type Environment, Place } from '../../ottl/index.ts';
import type { Logs, Metrics, Traces } from '../../pdata/batch.ts';
import { MetricsBuilder } from '../../pdata/builder.ts';
import { noBytes, u32At } from '../../pdata/proto/cursor.ts';
import { AttributeScan, SpanScan } from '../../pdata/readers/span-scan.ts';
import { unedited } from '../../pdata/readers/unedited.ts';
import {
  DataKind,
  type GroupReader,
  LogReader,
  type MessageView,
  MetricReader,
  SpanReader,
} from '../../pdata/readers.ts';
import { resourceFields } from '../../pipeline/series/attributes.ts';
import type { Config, Section } from './config.ts';
import { sections } from './config.ts';
import { Counter, type Source } from './counter.ts';

const scopeName =
  'github.com/open-telemetry/opentelemetry-collector-contrib/connector/countconnector';

/** A counter with the scans of what its metrics want. */
class Kind {
  readonly counter: Counter;
  readonly item: Source;
  readonly sources: readonly Source[];
  readonly #scope: Source;
  readonly #resource: Source;

  constructor(section: Exclude<Section, 'profiles'>, config: Config, own: Own) {
    const [context] = sections[section];
    this.counter = new Counter(context, config[section], own.environment, own.seed);
    const source = () => ({ bytes: noBytes, scan: new AttributeScan(this.counter.keys) });
    this.item = source();
    this.#scope = source();
    this.#resource = source();
    this.sources = [this.item, this.#scope, this.#resource];
  }

  get wantsAttributes(): boolean {
    return this.counter.keys.length > 0;
  }

  enterResource(view: MessageView): void {
    this.counter.reset();
    if (this.wantsAttributes) scanInto(this.#resource, view, 1);
  }

  enterScope(view: MessageView): void {
    if (this.wantsAttributes) scanInto(this.#scope, view, 3);
  }

  scanItem(view: MessageView): void {
    if (this.wantsAttributes) scanInto(this.item, view, view.attributeField);
  }
}

function scanInto(source: Source, { bytes, start, end }: MessageView, field: number): void {
  source.bytes = bytes;
  source.scan.scan(bytes, start, end, field);
}

interface Own {
  readonly environment: Environment;
  readonly seed: number;
}

/** Counts what is in batches of one signal. */
export interface BatchCounter<S extends Signal> {
  /**
   * @returns the metrics of the batch; undefined = nothing was counted
   * @throws OttlRuntimeError of a condition, Error for a metric without data
   */
  count(
    batch: S extends 'traces' ? Traces : S extends 'logs' ? Logs : Metrics,
    client: ClientInfo,
    nowNs: number,
  ): Metrics | undefined;
}

/** Walks a batch, resource by resource, and writes what was counted. */
abstract class Walk<R extends GroupReader<Signal>> {
  readonly #kinds: readonly Kind[];
  readonly #builder = new MetricsBuilder();

  constructor(kinds: readonly Kind[]) {
    this.#kinds = kinds;
  }

  protected abstract countScope(reader: R, place: Place): void;

  protected run(reader: R, client: ClientInfo, nowNs: number): Metrics | undefined {
    const place = new Place(reader, client);
    const builder = this.#builder;
    builder.discard();
    while (reader.nextResource()) {
      for (const kind of this.#kinds) kind.enterResource(reader.resource);
      while (reader.nextScope()) {
        for (const kind of this.#kinds) kind.enterScope(reader.scope);
        this.countScope(reader, place);
      }
      if (this.#kinds.every(({ counter }) => counter.isEmpty)) continue;
      const { bytes, start, end } = reader.resource;
      builder.rawResource(resourceFields(bytes, start, end));
      builder.scope(scopeName);
      for (const { counter } of this.#kinds) counter.write(builder, nowNs);
    }
    return builder.itemCount === 0 ? undefined : builder.finish();
  }
}

/** Counts spans and their events. */
export class SpanCounter extends Walk<SpanReader> implements BatchCounter<'traces'> {
  readonly #spans: Kind;
  readonly #events: Kind;
  readonly #scan: SpanScan;
  /** Events need a look inside each. */
  readonly #looksAtEvents: boolean;

  constructor(config: Config, own: Own) {
    const spans = new Kind('spans', config, own);
    const events = new Kind('spanevents', config, own);
    super([spans, events]);
    this.#spans = spans;
    this.#events = events;
    this.#looksAtEvents = events.wantsAttributes || events.counter.hasConditions;
    this.#scan = new SpanScan(spans.counter.keys, true);
  }

  count(batch: Traces, client: ClientInfo, nowNs: number): Metrics | undefined {
    return this.run(new SpanReader(unedited(batch)), client, nowNs);
  }

  protected countScope(reader: SpanReader, place: Place): void {
    const scan = this.#scan;
    const { counter, sources } = this.#spans;
    const own = [{ bytes: noBytes, scan: scan.attributes }, sources[1]!, sources[2]!];
    while (reader.nextItem()) {
      place.next();
      scan.scan(reader.item.bytes, reader.item.start, reader.item.end);
      own[0]!.bytes = reader.item.bytes;
      counter.time(scan.startLo, scan.startHi);
      counter.time(scan.endLo, scan.endHi);
      counter.count(place, own);
      if (this.#looksAtEvents) this.#countEvents(reader, place);
      else this.#countEventTimes();
    }
  }

  #countEventTimes(): void {
    const { events, eventCount, bytes } = this.#scan;
    const { counter } = this.#events;
    for (let e = 0; e < eventCount; e += 1) {
      const start = events[e * 2]!;
      // a fixed 64-bit field 1 stands first wherever senders write fields in order
      if (events[e * 2 + 1]! > start && bytes[start] === 9) {
        counter.time(u32At(bytes, start + 1), u32At(bytes, start + 5));
      }
      counter.count(undefined, []);
    }
  }

  #countEvents(reader: SpanReader, place: Place): void {
    const { counter, sources } = this.#events;
    while (reader.nextEvent()) {
      place.next();
      reader.event.fixed64(1);
      counter.time(reader.event.lo, reader.event.hi);
      this.#events.scanItem(reader.event);
      counter.count(place, sources);
    }
  }
}

/** Counts log records. */
export class LogCounter extends Walk<LogReader> implements BatchCounter<'logs'> {
  readonly #logs: Kind;

  constructor(config: Config, own: Own) {
    const logs = new Kind('logs', config, own);
    super([logs]);
    this.#logs = logs;
  }

  count(batch: Logs, client: ClientInfo, nowNs: number): Metrics | undefined {
    return this.run(new LogReader(unedited(batch)), client, nowNs);
  }

  protected countScope(reader: LogReader, place: Place): void {
    const { counter, sources } = this.#logs;
    while (reader.nextItem()) {
      place.next();
      const { item } = reader;
      item.fixed64(1);
      counter.time(item.lo, item.hi);
      this.#logs.scanItem(item);
      counter.count(place, sources);
    }
  }
}

/** Counts metrics and data points. */
export class MetricCounter extends Walk<MetricReader> implements BatchCounter<'metrics'> {
  readonly #metrics: Kind;
  readonly #points: Kind;

  constructor(config: Config, own: Own) {
    const metrics = new Kind('metrics', config, own);
    const points = new Kind('datapoints', config, own);
    super([metrics, points]);
    this.#metrics = metrics;
    this.#points = points;
  }

  count(batch: Metrics, client: ClientInfo, nowNs: number): Metrics | undefined {
    return this.run(new MetricReader(unedited(batch)), client, nowNs);
  }

  protected countScope(reader: MetricReader, place: Place): void {
    const { counter, sources } = this.#points;
    while (reader.nextMetric()) {
      place.next();
      this.#metrics.counter.count(place, []);
      if (reader.dataKind === DataKind.none) {
        throw new Error(`metric ${JSON.stringify(reader.name)}: invalid metric type: Empty`);
      }
      while (reader.nextPoint()) {
        place.next();
        const { item } = reader;
        item.fixed64(3);
        counter.time(item.lo, item.hi);
        this.#points.scanItem(item);
        counter.count(place, sources);
      }
    }
  }
}
