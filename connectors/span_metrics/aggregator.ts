import type { Random } from '../../component/settings.ts';
import type { Traces } from '../../pdata/batch.ts';
import { noBytes } from '../../pdata/proto/cursor.ts';
import { AttributeScan, SpanScan } from '../../pdata/readers/span-scan.ts';
import { unedited } from '../../pdata/readers/unedited.ts';
import { utf8 } from '../../pdata/readers/value-view.ts';
import { MessageView, SpanReader, ValueType, ValueView } from '../../pdata/readers.ts';
import { encodeValue } from '../../pdata/values.ts';
import { packAttributes, resourceFields } from '../../pipeline/series/attributes.ts';
import { SeriesKey } from '../../pipeline/series/key.ts';
import { AdjustedCount } from './adjusted-count.ts';
import type { Dimensions, Places, SeriesAttributes } from './dimensions.ts';
import type { Plan } from './plan.ts';
import type { ResourceKeys } from './resource-keys.ts';
import { SeriesSet } from './series-set.ts';
import type { ResourceSeries, SpanMetricsState } from './state.ts';

const kinds = ['UNSPECIFIED', 'INTERNAL', 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER'];
const codes = ['UNSET', 'OK', 'ERROR'];

interface Place {
  bytes: Uint8Array;
  found: Int32Array;
}

/** What one batch did. */
export interface Aggregated {
  /** Spans of resources without service.name: not counted anywhere. */
  readonly unnamed: number;
  /** Spans whose resource found no room in memory. */
  readonly refused: number;
  /** Whether the state has grown. */
  readonly grown: boolean;
}

/** Counts the spans of batches into a {@link SpanMetricsState}; nothing is allocated per span. */
export class Aggregator {
  /** No room for more series: new ones count together, spans of new resources are refused. */
  full = false;
  readonly #plan: Plan;
  readonly #state: SpanMetricsState;
  readonly #resourceKeys: ResourceKeys;
  readonly #scan: SpanScan;
  readonly #resourceScan: AttributeScan;
  readonly #eventScan: AttributeScan;
  readonly #event = new MessageView();
  readonly #service = new ValueView();
  readonly #key = new SeriesKey();
  readonly #overflowKey = new SeriesKey();
  readonly #adjusted: AdjustedCount;
  readonly #span: Place;
  readonly #resource: Place;
  readonly #eventPlace: Place;
  /** Key without optional dimensions, and without any. */
  #keyBase = 0;
  #keyShared = 0;
  #startNs = 0;
  #nowMs = 0;
  #grown = false;

  constructor(
    plan: Plan,
    state: SpanMetricsState,
    own: { resourceKeys: ResourceKeys; random: Random },
  ) {
    this.#plan = plan;
    this.#state = state;
    this.#resourceKeys = own.resourceKeys;
    this.#adjusted = new AdjustedCount(own.random);
    this.#scan = new SpanScan(plan.names, plan.events !== undefined);
    this.#resourceScan = new AttributeScan([...plan.names, 'service.name']);
    this.#eventScan = new AttributeScan(plan.names);
    this.#event.attributeField = 3;
    this.#span = { bytes: noBytes, found: this.#scan.attributes.found };
    this.#resource = { bytes: noBytes, found: this.#resourceScan.found };
    this.#eventPlace = { bytes: noBytes, found: this.#eventScan.found };
    this.#overflowKey.byte(0xff);
  }

  /**
   * @param startNs nanoseconds since 1970: start of series that are new
   * @param nowMs Clock.monotonicMs()
   */
  add(batch: Traces, startNs: number, nowMs: number): Aggregated {
    this.#startNs = startNs;
    this.#nowMs = nowMs;
    this.#grown = false;
    this.#adjusted.reset();
    const reader = new SpanReader(unedited(batch));
    let unnamed = 0;
    let refused = 0;
    const places = this.#placesOf(reader);
    while (reader.nextResource()) {
      const { bytes, start, end } = reader.resource;
      this.#resourceScan.scan(bytes, start, end, 1);
      this.#resource.bytes = bytes;
      const named = this.#findService();
      const series = named ? this.#seriesOf(bytes, start, end) : undefined;
      while (reader.nextScope()) {
        while (reader.nextItem()) {
          if (series !== undefined) this.#countSpan(series, reader, places);
          else if (named) refused += 1;
          else unnamed += 1;
        }
      }
    }
    return { unnamed, refused, grown: this.#grown };
  }

  #placesOf(reader: SpanReader): { span: Places; event: Places } {
    const { item, resource } = reader;
    const event = this.#event;
    return {
      span: { scans: [this.#span, this.#resource], views: [item, resource] },
      event: {
        scans: [this.#span, this.#eventPlace, this.#resource],
        views: [item, event, resource],
      },
    };
  }

  #findService(): boolean {
    const { found } = this.#resourceScan;
    const at = found.length - 2;
    if (found[at]! < 0) return false;
    this.#service.locate(this.#resource.bytes, found[at]!, found[at + 1]!);
    return true;
  }

  #seriesOf(bytes: Uint8Array, start: number, end: number): ResourceSeries | undefined {
    const key = this.#resourceKeys.keyOf(bytes, start, end);
    let series = this.#state.get(key);
    if (series === undefined) {
      if (this.full) return undefined;
      this.#grown = true;
      series = this.#newResource(bytes, start, end);
      this.#state.put(key, series);
    }
    series.seenMs = this.#nowMs;
    return series;
  }

  #newResource(bytes: Uint8Array, start: number, end: number): ResourceSeries {
    const { calls, durations, events, together, keepsResource } = this.#plan;
    const set = new SeriesSet(calls);
    const other = durations === undefined ? undefined : together ? set : new SeriesSet(durations);
    return {
      fields: keepsResource ? resourceFields(bytes, start, end) : noBytes,
      calls: set,
      durations: other,
      events: events === undefined ? undefined : new SeriesSet(events),
      seenMs: this.#nowMs,
    };
  }

  #countSpan(
    series: ResourceSeries,
    reader: SpanReader,
    places: { span: Places; event: Places },
  ): void {
    const scan = this.#scan;
    const { item } = reader;
    scan.scan(item.bytes, item.start, item.end);
    this.#span.bytes = item.bytes;
    this.#adjusted.read(item.bytes, scan.stateStart, scan.stateEnd);
    const times = this.#adjusted.count;
    const value = scan.durationNs / this.#plan.unitNs;
    this.#writeKey(places.span);
    const { calls, durations, events } = series;
    const { callsDimensions, durationDimensions } = this.#plan;
    const i = this.#find(calls, callsDimensions, places.span, reader);
    calls.counts.values[i]! += times;
    this.#addExemplar(calls, i, value);
    if (durations === calls) calls.histograms!.record(i, value, times);
    else if (durations !== undefined) {
      this.#key.length = this.#keyShared;
      const k = this.#find(durations, durationDimensions, places.span, reader);
      durations.histograms!.record(k, value, times);
      this.#addExemplar(durations, k, value);
    }
    if (events !== undefined) this.#countEvents(events, reader, places.event, times, value);
  }

  #countEvents(
    events: SeriesSet,
    reader: SpanReader,
    places: Places,
    times: number,
    value: number,
  ): void {
    const scan = this.#scan;
    for (let e = 0; e < scan.eventCount; e += 1) {
      const start = scan.events[e * 2]!;
      const end = scan.events[e * 2 + 1]!;
      this.#eventScan.scan(scan.bytes, start, end, 3);
      this.#eventPlace.bytes = scan.bytes;
      if (this.#plan.hasPatterns) this.#event.bindBytes(scan.bytes, start, end);
      this.#key.length = this.#keyBase;
      this.#plan.dimensions.appendKey(this.#key, places);
      const i = this.#find(events, this.#plan.eventDimensions, places, reader);
      events.counts.values[i]! += times;
      this.#addExemplar(events, i, value);
    }
  }

  #addExemplar(set: SeriesSet, i: number, value: number): void {
    const { traceId, spanId, bytes } = this.#scan;
    if (set.exemplars === undefined || i === set.overflow || traceId < 0) return;
    for (let k = 0; k < 16; k += 1) {
      if (bytes[traceId + k] === 0) continue;
      set.exemplars.add(i, bytes, traceId, spanId, value);
      return;
    }
  }

  /** Begins the key with what all metrics of a span have in common. */
  #writeKey(places: Places): void {
    const key = this.#key;
    const { excluded } = this.#plan;
    const scan = this.#scan;
    key.reset();
    if (!excluded.has('service.name')) {
      const service = this.#service;
      const isText = service.type === ValueType.string;
      key.part(service.bytes, isText ? service.contentStart : 0, isText ? service.contentEnd : 0);
    }
    if (!excluded.has('span.name')) key.part(scan.bytes, scan.nameStart, scan.nameEnd);
    if (!excluded.has('span.kind')) key.byte(Math.min(scan.kind, kinds.length));
    if (!excluded.has(this.#plan.statusKey)) key.byte(Math.min(scan.statusCode, codes.length));
    if (this.#plan.samplingMethod) key.byte(this.#adjusted.adjusted ? 1 : 0);
    this.#keyBase = key.length;
    this.#plan.dimensions.appendKey(key, places);
    this.#keyShared = key.length;
  }

  /** The series of a span or event, made if it is new. */
  #find(set: SeriesSet, optional: Dimensions, places: Places, reader: SpanReader): number {
    const key = this.#key;
    optional.appendKey(key, places);
    const hash = key.hash(this.#state.seed);
    let i = set.table.find(key, hash);
    if (i < 0) {
      if (set.isFull || this.full) return this.#overflowOf(set);
      this.#grown = true;
      const attributes = this.#attributesOf(optional, places, reader);
      i = set.add(key, hash, packAttributes(attributes), this.#startNs);
    }
    set.seen.values[i] = this.#nowMs;
    return i;
  }

  #overflowOf(set: SeriesSet): number {
    if (set.overflow < 0) {
      const key = this.#overflowKey;
      const attributes = packAttributes(new Map([['otel.metric.overflow', encodeValue(true)]]));
      set.overflow = set.add(key, key.hash(this.#state.seed), attributes, this.#startNs);
      set.seen.values[set.overflow] = this.#nowMs;
    }
    return set.overflow;
  }

  #attributesOf(optional: Dimensions, places: Places, reader: SpanReader): SeriesAttributes {
    const { excluded, scopes, samplingMethod, dimensions, statusKey, instanceId } = this.#plan;
    const scan = this.#scan;
    const attributes: SeriesAttributes = new Map();
    const put = (name: string, value: string) => {
      if (!excluded.has(name)) attributes.set(name, encodeValue(value));
    };
    put('service.name', this.#service.string());
    put('span.name', utf8(scan.bytes, scan.nameStart, scan.nameEnd));
    const kind = kinds[scan.kind];
    put('span.kind', kind === undefined ? '' : `SPAN_KIND_${kind}`);
    const code = codes[scan.statusCode];
    if (statusKey === 'status.code') put(statusKey, code ? `STATUS_CODE_${code}` : '');
    else if (code === 'OK' || code === 'ERROR') put(statusKey, code);
    if (instanceId) put('collector.instance.id', this.#state.instanceId);
    if (scopes.size > 0 && scopes.has(reader.scope.string(1))) {
      attributes.set('span.instrumentation.scope.name', encodeValue(reader.scope.string(1)));
      const version = reader.scope.string(2);
      if (version !== '') {
        attributes.set('span.instrumentation.scope.version', encodeValue(version));
      }
    }
    if (samplingMethod) {
      const method = this.#adjusted.adjusted ? 'extrapolated' : 'counted';
      attributes.set('sampling.method', encodeValue(method));
    }
    dimensions.appendAttributes(attributes, places);
    optional.appendAttributes(attributes, places);
    return attributes;
  }
}
