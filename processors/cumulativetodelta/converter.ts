import type { Logger, Settings } from '../../component/settings.ts';
import type { Metrics } from '../../pdata/batch.ts';
import {
  decodeExponentialPoint,
  decodeHistogramPoint,
  encodeExponentialPoint,
  encodeHistogramPoint,
} from '../../pdata/objects/index.ts';
import type { Writer } from '../../pdata/proto/writer.ts';
import { DataKind } from '../../pdata/readers.ts';
import {
  newStreamState,
  StreamIdentity,
  type StreamState,
} from '../../pipeline/streams/identity.ts';
import { doubleTag, isLess, unixMs } from '../../pipeline/streams/point-scan.ts';
import {
  hasTemporality,
  type MetricPlace,
  type MetricVisitor,
  rewriteMetrics,
} from '../../pipeline/streams/rewrite.ts';
import type { Config } from './config.ts';
import { bareExponential, bareHistogram, exponentialDelta, histogramDelta } from './histograms.ts';
import type { Reason, Telemetry } from './telemetry.ts';

const cumulative = 2;
const delta = 1;
const noRecordedValue = 1;

/** A payload begins with the time of the last point; a sum's value follows. */
const timeBytes = 8;
const sumBytes = 16;

const scratch = new DataView(new ArrayBuffer(8));

function double(lo: number, hi: number): number {
  scratch.setUint32(0, lo, true);
  scratch.setUint32(4, hi, true);
  return scratch.getFloat64(0, true);
}

/** What the converter remembers, to be handed on at a reload. */
export interface ConverterState extends StreamState {
  /** When counting began: nanoseconds since 1970 as 32-bit halves. */
  readonly startLo: number;
  readonly startHi: number;
}

/** A state without streams, in which counting begins now. */
export function newConverterState(settings: Settings): ConverterState {
  const ns = BigInt(Math.floor(settings.clock.unixMs() * 1e6));
  const startLo = Number(ns & 0xffffffffn);
  return { ...newStreamState(settings), startLo, startHi: Number(ns >> 32n) };
}

/** Turns points of cumulative streams into the differences to the points before them. */
export class Converter implements MetricVisitor {
  readonly #state: ConverterState;
  readonly #identity: StreamIdentity;
  readonly #initial: Config['initial_value'];
  readonly #isChosen: (name: string, dataKind: number) => boolean;
  readonly #telemetry: Telemetry;
  readonly #logger: Logger;
  #dataKind = 0;
  /** Histogram points of the batch whose buckets are others than before. */
  #mismatches = 0;

  constructor(
    state: ConverterState,
    initial: Config['initial_value'],
    isChosen: (name: string, dataKind: number) => boolean,
    telemetry: Telemetry,
    logger: Logger,
  ) {
    this.#state = state;
    this.#identity = new StreamIdentity(state, false);
    this.#initial = initial;
    this.#isChosen = isChosen;
    this.#telemetry = telemetry;
    this.#logger = logger;
  }

  /** @returns undefined when nothing is left */
  convert(batch: Metrics): Metrics | undefined {
    const result = rewriteMetrics(batch, this, delta);
    this.#telemetry.report();
    const points = this.#mismatches;
    this.#mismatches = 0;
    if (points > 0) {
      const text = 'Points in histogram series have different buckets; some data is dropped';
      this.#logger.warn(text, { points });
    }
    return result;
  }

  resource(place: MetricPlace): void {
    this.#identity.enterResource(place);
  }

  visits(place: MetricPlace): boolean {
    const { dataKind, data } = place;
    if (!hasTemporality(dataKind) || data.uint(2) !== cumulative) return false;
    const isSum = dataKind === DataKind.sum;
    if (isSum ? data.uint(3) === 0 : place.pointCount === 0) return false;
    if (!this.#isChosen(place.metric.string(1), dataKind)) return false;
    this.#dataKind = dataKind;
    this.#identity.enterMetric(place, 0);
    return true;
  }

  point(bytes: Uint8Array, start: number, end: number, w: Writer): boolean {
    const identity = this.#identity;
    identity.enterPoint(bytes, start, end, true);
    const { point } = identity;
    if ((point.flags & noRecordedValue) !== 0) return this.#drop('no_recorded_value');
    const isDouble = point.valueTag === doubleTag;
    if (isDouble && Number.isNaN(double(point.valueLo, point.valueHi))) {
      w.copy(bytes, start, end);
      return true;
    }
    if (identity.resource < 0) return this.#drop('no_memory');
    const { streams } = this.#state;
    const stream = streams.find(identity.key.bytes, identity.key.length, identity.hash);
    if (this.#dataKind === DataKind.sum) return this.#sum(stream, isDouble, w);
    if (this.#dataKind === DataKind.histogram) return this.#histogram(stream, w);
    return this.#exponential(stream, w);
  }

  #drop(reason: Reason): false {
    this.#telemetry.dropped(this.#dataKind, reason);
    return false;
  }

  /** Adds the point's stream with a payload that begins with its time. @returns -1: no memory */
  #add(payload: number): number {
    const { key, hash } = this.#identity;
    return this.#state.streams.add(key.bytes, key.length, hash, payload);
  }

  /** Notes when the stream was last seen, and its point's time in the payload. */
  #touch(stream: number): void {
    const { streams, resources } = this.#state;
    const { point, resource } = this.#identity;
    const at = streams.payload(stream);
    streams.view.setUint32(at, point.timeLo, true);
    streams.view.setUint32(at + 4, point.timeHi, true);
    const ms = unixMs(point.timeLo, point.timeHi);
    streams.touch(stream, ms);
    if (ms > resources.seen(resource)) resources.touch(resource, ms);
  }

  /** Whether the first point of a stream is passed on, and writes its start time. */
  #passesFirst(w: Writer): boolean {
    if (this.#initial === 'drop') return false;
    if (this.#initial === 'keep') return true;
    const { startLo, startHi, timeLo, timeHi } = this.#identity.point;
    const state = this.#state;
    if (isLess(startLo, startHi, state.startLo, state.startHi)) return false;
    if (startLo === timeLo && startHi === timeHi) return false;
    w.fixed64Field(2, startLo, startHi);
    return true;
  }

  #writeTime(w: Writer): void {
    const { timeLo, timeHi } = this.#identity.point;
    if (timeLo !== 0 || timeHi !== 0) w.fixed64Field(3, timeLo, timeHi);
  }

  #sum(known: number, isDouble: boolean, w: Writer): boolean {
    const { streams } = this.#state;
    const { point } = this.#identity;
    const isFirst = known < 0;
    const stream = isFirst ? this.#add(sumBytes) : known;
    if (stream < 0) return this.#drop('no_memory');
    const at = streams.payload(stream);
    const { view } = streams;
    const [lastLo, lastHi] = [view.getUint32(at, true), view.getUint32(at + 4, true)];
    const [beforeLo, beforeHi] = [view.getUint32(at + 8, true), view.getInt32(at + 12, true)];
    view.setUint32(at + 8, point.valueLo, true);
    view.setUint32(at + 12, point.valueHi, true);
    this.#touch(stream);
    if (isFirst) {
      if (!this.#passesFirst(w)) return this.#drop('initial');
    } else if (lastLo !== 0 || lastHi !== 0) w.fixed64Field(2, lastLo, lastHi);
    this.#writeTime(w);
    if (isDouble) {
      const value = double(point.valueLo, point.valueHi);
      const before = isFirst ? 0 : double(beforeLo, beforeHi);
      if (!isFirst && value < before) return this.#drop('reset');
      w.doubleField(4, value - before);
    } else {
      const high = point.valueHi | 0;
      if (!isFirst && (high < beforeHi || (high === beforeHi && point.valueLo < beforeLo))) {
        return this.#drop('reset');
      }
      const borrow = point.valueLo < beforeLo ? 1 : 0;
      w.fixed64Field(6, (point.valueLo - beforeLo) >>> 0, (high - beforeHi - borrow) >>> 0);
    }
    point.copyOthers(w);
    this.#telemetry.converted(this.#dataKind);
    return true;
  }

  /** Remembers `payload` behind the time. @returns the stream, -1 = no memory */
  #remember(known: number, payload: Uint8Array): number {
    const { streams } = this.#state;
    const size = timeBytes + payload.length;
    let stream = known;
    if (stream < 0) stream = this.#add(size);
    else if (streams.payloadSize(stream) !== size && !streams.resize(stream, size)) return -1;
    if (stream < 0) return -1;
    streams.arena.set(payload, streams.payload(stream) + timeBytes);
    this.#touch(stream);
    return stream;
  }

  #histogram(known: number, w: Writer): boolean {
    const { bytes, start, end } = this.#identity.point;
    const point = decodeHistogramPoint(bytes, start, end);
    const keep = bareHistogram(point);
    const last = known < 0 ? 0n : this.#lastTime(known);
    const outcome =
      known < 0
        ? 'delta'
        : histogramDelta(point, decodeHistogramPoint(...this.#payloadOf(known)), keep);
    if (this.#remember(known, encodeHistogramPoint(keep)) < 0) return this.#drop('no_memory');
    if (known < 0 && !this.#passesFirst(w)) return this.#drop('initial');
    if (outcome !== 'delta') {
      this.#mismatches += 1;
      return this.#drop(outcome);
    }
    point.startTimeUnixNano = last;
    point.min = undefined;
    point.max = undefined;
    w.raw(encodeHistogramPoint(point));
    this.#telemetry.converted(this.#dataKind);
    return true;
  }

  #exponential(known: number, w: Writer): boolean {
    const { bytes, start, end } = this.#identity.point;
    const point = decodeExponentialPoint(bytes, start, end);
    const keep = encodeExponentialPoint(bareExponential(point));
    const last = known < 0 ? 0n : this.#lastTime(known);
    if (known >= 0) {
      const previous = decodeExponentialPoint(...this.#payloadOf(known));
      // the stream keeps what it had before the reset, as the Go collector has it
      if (exponentialDelta(point, previous) !== 'delta') return this.#drop('reset');
    }
    if (this.#remember(known, keep) < 0) return this.#drop('no_memory');
    if (known < 0 && !this.#passesFirst(w)) return this.#drop('initial');
    point.startTimeUnixNano = last;
    point.min = undefined;
    point.max = undefined;
    w.raw(encodeExponentialPoint(point));
    this.#telemetry.converted(this.#dataKind);
    return true;
  }

  #lastTime(stream: number): bigint {
    const { streams } = this.#state;
    return streams.view.getBigUint64(streams.payload(stream), true);
  }

  #payloadOf(stream: number): [Uint8Array, number, number] {
    const { streams } = this.#state;
    const at = streams.payload(stream);
    return [streams.arena, at + timeBytes, at + streams.payloadSize(stream)];
  }
}
