import type { Clock } from '../../component/settings.ts';
import type { Metrics } from '../../pdata/batch.ts';
import {
  decodeExponentialPoint,
  decodeHistogramPoint,
  type ExponentialPoint,
  encodeExponentialPoint,
  encodeHistogramPoint,
  type HistogramPoint,
} from '../../pdata/objects/index.ts';
import { Writer } from '../../pdata/proto/writer.ts';
import { DataKind } from '../../pdata/readers.ts';
import { StreamIdentity, type StreamState } from '../../pipeline/streams/identity.ts';
import { doubleTag, intTag, isLess } from '../../pipeline/streams/point-scan.ts';
import {
  hasTemporality,
  type MetricPlace,
  type MetricVisitor,
  rewriteMetrics,
} from '../../pipeline/streams/rewrite.ts';
import { addExponential, addHistogram } from './add.ts';
import type { Reason, Telemetry } from './telemetry.ts';

const delta = 1;
const cumulative = 2;

/*
 * Payload of a stream of number points:
 *
 *     0 value   8 time   16 start   24 tag of the value (1 byte)   25 the other fields of a point
 *
 * of all others: start and time (8 bytes each), then the fields of a point.
 */
const numberHead = 25;
const otherHead = 16;

/** Adds the points of delta streams up. */
export class Accumulator implements MetricVisitor {
  readonly #state: StreamState;
  readonly #identity: StreamIdentity;
  readonly #maxStreams: number;
  readonly #clock: Clock;
  readonly #telemetry: Telemetry;
  readonly #others = new Writer(256);
  #dataKind = 0;
  #nowMs = 0;

  constructor(state: StreamState, maxStreams: number, clock: Clock, telemetry: Telemetry) {
    this.#state = state;
    this.#identity = new StreamIdentity(state, true);
    this.#maxStreams = maxStreams;
    this.#clock = clock;
    this.#telemetry = telemetry;
  }

  /** @returns undefined when nothing is left */
  convert(batch: Metrics): Metrics | undefined {
    this.#nowMs = this.#clock.monotonicMs();
    const result = rewriteMetrics(batch, this, cumulative);
    this.#telemetry.report();
    return result;
  }

  resource(place: MetricPlace): void {
    this.#identity.enterResource(place);
  }

  visits(place: MetricPlace): boolean {
    const { dataKind, data } = place;
    if (!hasTemporality(dataKind) || data.uint(2) !== delta) return false;
    const monotonic = dataKind === DataKind.sum && data.uint(3) !== 0;
    this.#dataKind = dataKind;
    this.#identity.enterMetric(place, monotonic ? 1 : 0);
    return true;
  }

  point(bytes: Uint8Array, start: number, end: number, w: Writer): boolean {
    const identity = this.#identity;
    identity.enterPoint(bytes, start, end, false);
    const { streams, resources } = this.#state;
    const { key, hash, resource } = identity;
    const stream = resource < 0 ? -1 : streams.find(key.bytes, key.length, hash);
    if (stream < 0 && streams.size >= this.#maxStreams) return this.#drop('limit');
    if (resource < 0) return this.#drop('no_memory');
    if (stream >= 0) {
      streams.touch(stream, this.#nowMs);
      resources.touch(resource, this.#nowMs);
    }
    const isNumber = this.#dataKind === DataKind.sum;
    const done = isNumber ? this.#number(stream, w) : this.#histogram(stream, w);
    if (done === undefined) this.#telemetry.added();
    else this.#telemetry.dropped(done);
    return done === undefined;
  }

  #drop(reason: Reason): false {
    this.#telemetry.dropped(reason);
    return false;
  }

  /** A stream with room for a payload of `size`. @returns -1 = no memory */
  #open(known: number, size: number): number {
    const { streams, resources } = this.#state;
    if (known >= 0) {
      if (streams.payloadSize(known) === size || streams.resize(known, size)) return known;
      return -1;
    }
    const { key, hash, resource } = this.#identity;
    const stream = streams.add(key.bytes, key.length, hash, size);
    if (stream < 0) return -1;
    streams.touch(stream, this.#nowMs);
    resources.touch(resource, this.#nowMs);
    return stream;
  }

  /** Why a point cannot be added to a stream whose start and time are at these places. */
  #misfit(start: number, time: number): Reason | undefined {
    const { view } = this.#state.streams;
    const { point } = this.#identity;
    const [startLo, startHi] = [view.getUint32(start, true), view.getUint32(start + 4, true)];
    if (isLess(point.startLo, point.startHi, startLo, startHi)) return 'older_start';
    const [timeLo, timeHi] = [view.getUint32(time, true), view.getUint32(time + 4, true)];
    if (!isLess(timeLo, timeHi, point.timeLo, point.timeHi)) return 'out_of_order';
    return undefined;
  }

  /** Whether the stream has no point yet, or only some without a time. */
  #isNew(stream: number, time: number): boolean {
    const { streams } = this.#state;
    if (stream < 0) return true;
    const at = streams.payload(stream) + time;
    return streams.view.getUint32(at, true) === 0 && streams.view.getUint32(at + 4, true) === 0;
  }

  #number(known: number, w: Writer): Reason | undefined {
    const { streams } = this.#state;
    const { point } = this.#identity;
    let stream = known;
    if (this.#isNew(known, 8)) {
      const others = this.#others;
      others.length = 0;
      point.copyOthers(others);
      stream = this.#open(known, numberHead + others.length);
      if (stream < 0) return 'no_memory';
      const at = streams.payload(stream);
      this.#put(at, point.valueLo, point.valueHi);
      this.#put(at + 16, point.startLo, point.startHi);
      streams.arena[at + 24] = point.valueTag;
      streams.arena.set(others.bytes.subarray(0, others.length), at + numberHead);
    } else {
      const at = streams.payload(stream);
      const misfit = this.#misfit(at + 16, at + 8);
      if (misfit !== undefined) return misfit;
      this.#add(at);
    }
    this.#put(streams.payload(stream) + 8, point.timeLo, point.timeHi);
    this.#writeNumber(stream, w);
    return undefined;
  }

  #put(at: number, lo: number, hi: number): void {
    const { view } = this.#state.streams;
    view.setUint32(at, lo, true);
    view.setUint32(at + 4, hi, true);
  }

  /** Adds the point's value to that at `at`; one of another type counts as 0. */
  #add(at: number): void {
    const { view, arena } = this.#state.streams;
    const { point } = this.#identity;
    const { valueTag: tag } = point;
    if (tag === 0) return;
    if (arena[at + 24] !== tag) this.#put(at, 0, 0);
    arena[at + 24] = tag;
    if (tag === intTag) {
      const lo = view.getUint32(at, true) + point.valueLo;
      const carry = lo > 0xffffffff ? 1 : 0;
      this.#put(at, lo >>> 0, (view.getUint32(at + 4, true) + point.valueHi + carry) >>> 0);
      return;
    }
    const before = view.getFloat64(at, true);
    this.#put(at, point.valueLo, point.valueHi);
    view.setFloat64(at, before + view.getFloat64(at, true), true);
  }

  #writeNumber(stream: number, w: Writer): void {
    const { streams } = this.#state;
    const { view, arena } = streams;
    const at = streams.payload(stream);
    const put = (field: number, place: number): void => {
      const [lo, hi] = [view.getUint32(place, true), view.getUint32(place + 4, true)];
      if (lo !== 0 || hi !== 0) w.fixed64Field(field, lo, hi);
    };
    put(2, at + 16);
    put(3, at + 8);
    const tag = arena[at + 24]!;
    if (tag === doubleTag || tag === intTag) {
      w.fixed64Field(tag >>> 3, view.getUint32(at, true), view.getUint32(at + 4, true));
    }
    w.copy(arena, at + numberHead, at + streams.payloadSize(stream));
  }

  #histogram(known: number, w: Writer): Reason | undefined {
    const { streams } = this.#state;
    const { bytes, start, end } = this.#identity.point;
    const isExplicit = this.#dataKind === DataKind.histogram;
    let fields: Uint8Array;
    if (this.#isNew(known, 8)) fields = bytes.subarray(start, end);
    else {
      const at = streams.payload(known);
      const misfit = this.#misfit(at, at + 8);
      if (misfit !== undefined) return misfit;
      const from = at + otherHead;
      const to = at + streams.payloadSize(known);
      fields = isExplicit ? this.#explicit(from, to) : this.#exponential(from, to);
    }
    const stream = this.#open(known, otherHead + fields.length);
    if (stream < 0) return 'no_memory';
    const at = streams.payload(stream);
    this.#putTimes(at, fields, isExplicit);
    streams.arena.set(fields, at + otherHead);
    w.raw(fields);
    return undefined;
  }

  /** Start and time of a state, which are those of its fields. */
  #putTimes(at: number, fields: Uint8Array, isExplicit: boolean): void {
    const { point } = this.#identity;
    if (isExplicit) point.read(fields, 0, fields.length, 9, 10);
    else point.read(fields, 0, fields.length, 1, 10);
    this.#put(at, point.startLo, point.startHi);
    this.#put(at + 8, point.timeLo, point.timeHi);
  }

  #explicit(from: number, to: number): Uint8Array {
    const { bytes, start, end } = this.#identity.point;
    const before: HistogramPoint = decodeHistogramPoint(this.#state.streams.arena, from, to);
    const point = decodeHistogramPoint(bytes, start, end);
    const state = addHistogram(before, point);
    state.timeUnixNano = point.timeUnixNano;
    return encodeHistogramPoint(state);
  }

  #exponential(from: number, to: number): Uint8Array {
    const { bytes, start, end } = this.#identity.point;
    const state: ExponentialPoint = decodeExponentialPoint(this.#state.streams.arena, from, to);
    const point = decodeExponentialPoint(bytes, start, end);
    addExponential(state, point);
    state.timeUnixNano = point.timeUnixNano;
    return encodeExponentialPoint(state);
  }
}
