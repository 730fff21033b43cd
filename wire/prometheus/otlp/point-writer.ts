import type { MetricsBuilder } from '../../../pdata/builder.ts';
import type { Writer } from '../../../pdata/proto/writer.ts';
import { NativeHistogram } from '../remote-write/native-histogram.ts';
import { Input } from '../remote-write/protobuf.ts';
import { startOf, type WriteRequest } from '../remote-write/request.ts';
import { type ClassicGroup, isStale, sampleValue } from './classic.ts';
import { putExemplar } from './exemplar.ts';
import type { Lists } from './id-table.ts';
import { type LabelRoles, Role } from './label-roles.ts';
import { putNativeCustom, putNativeExponential } from './native-point.ts';
import { putLabel } from './put-label.ts';
import { Nanoseconds } from './time.ts';
import type { ConvertOptions } from './to-otlp.ts';

/** Bit of a point's flags: there is no value, the series has ended. */
const noRecordedValue = 1;

/** Fields of the attributes and flags of points. */
const numberFields = { attributes: 7, flags: 8 } as const;
const histogramFields = { attributes: 9, flags: 10 } as const;

/** Points are longer than what they came from, since each repeats its labels. */
export class ExpandsTooMuch extends Error {
  constructor(limit: number) {
    super(`the request is over ${limit} bytes as OTLP`);
    this.name = 'ExpandsTooMuch';
  }
}

/** Writes data points from the columns of a request. */
export class PointWriter {
  readonly #request: WriteRequest;
  readonly #roles: LabelRoles;
  readonly #builder: MetricsBuilder;
  /** Series with exemplars -> the series whose points they go to, reversed. */
  readonly #exemplars: Lists | undefined;
  readonly #limit: number;
  readonly #options: Pick<ConvertOptions, 'order' | 'firstOnly'>;
  readonly #time = new Nanoseconds();
  readonly #histogram = new NativeHistogram();
  /** Label left out of the attributes, -1 = none. */
  #special = -1;
  /** Bytes of attributes at the end of what was written that the next point has, too; 0 = none. */
  #attributes = 0;

  /**
   * @param limit bytes of all points, above which it throws {@link ExpandsTooMuch}
   */
  constructor(
    request: WriteRequest,
    roles: LabelRoles,
    builder: MetricsBuilder,
    exemplars: Lists | undefined,
    limit: number,
    options: Pick<ConvertOptions, 'order' | 'firstOnly'> = {},
  ) {
    this.#request = request;
    this.#roles = roles;
    this.#builder = builder;
    this.#exemplars = exemplars;
    this.#limit = limit;
    this.#options = options;
  }

  /** Writes the samples of a series that are not `used`. */
  numbers(series: number, used: Uint8Array | undefined): void {
    const request = this.#request;
    const w = this.#builder.writer;
    const last = request.sampleEnds.values[series]! - 1;
    let alone = true;
    this.#special = -1;
    let again = 0; // where the attributes of the point before end
    for (let i = startOf(request.sampleEnds, series); i <= last; i += 1) {
      if (used !== undefined && used[i] === 1) {
        alone = false;
        continue;
      }
      const at = this.#open(2, request.sampleStarts.values[i]! || request.created.values[series]!);
      this.#timeField(3, request.sampleTimes.values[i]!);
      const stale = isStale(request, i);
      const { values } = request.sampleBits;
      if (!stale) w.fixed64Field(4, values[2 * i]!, values[2 * i + 1]!);
      if (i === last && alone) this.#putExemplars(5, series);
      this.#close(at, series, numberFields, stale, again);
      this.#options.order?.push(series);
      if (this.#options.firstOnly === true) return;
      again = stale || this.#attributes === 0 ? 0 : w.length;
    }
  }

  /** Writes native histogram `i` of a series. @param custom whether its bounds are listed */
  native(series: number, i: number, custom: boolean): void {
    const request = this.#request;
    const { values } = request.histogramRanges;
    const histogram = this.#histogram;
    histogram.read(
      new Input(request.histogramBytes, values[2 * i]!, values[2 * i + 1]!),
      values[2 * i + 1]!,
    );
    const w = this.#builder.writer;
    this.#special = -1;
    const at = this.#open(2, histogram.startMs || request.created.values[series]!);
    this.#timeField(3, histogram.timeMs);
    if (custom) putNativeCustom(w, histogram);
    else putNativeExponential(w, histogram);
    const last = i === request.histogramEnds.values[series]! - 1;
    if (last) this.#putExemplars(custom ? 8 : 11, series);
    const fields = custom ? histogramFields : { attributes: 1, flags: 10 };
    this.#close(at, series, fields, histogram.stale);
  }

  /** Writes the whole points of a classic histogram or summary: at these samples of its count. */
  classic(group: ClassicGroup, points: readonly number[]): void {
    const count = group.count!.series;
    const places = this.#places(group);
    for (const [n, sample] of points.entries()) {
      const request = this.#request;
      this.#special = group.summary ? this.#roles.quantile : this.#roles.le;
      const start = request.sampleStarts.values[sample]! || request.created.values[count]!;
      const at = this.#open(2, start);
      this.#timeField(3, request.sampleTimes.values[sample]!);
      const stale = isStale(request, sample);
      const time = request.sampleTimes.values[sample]!;
      for (const place of places) place.at = this.#seek(place, time);
      if (group.summary) this.#summary(group, places, sample, stale);
      else this.#histogramFields(group, places, sample, stale);
      if (n === points.length - 1 && !group.summary) {
        for (const { series } of group.parts) this.#putExemplars(8, series);
        this.#putExemplars(8, count);
      }
      this.#close(at, count, group.summary ? numberFields : histogramFields, stale);
      for (const place of places) place.at += 1;
    }
  }

  /** Where each member is read: parts, then the sum. */
  #places({ parts, sum }: ClassicGroup): { readonly series: number; at: number }[] {
    return [...parts, sum!].map(({ series }) => ({
      series,
      at: startOf(this.#request.sampleEnds, series),
    }));
  }

  #seek(place: { readonly series: number; readonly at: number }, time: number): number {
    const { sampleTimes, sampleEnds } = this.#request;
    const end = sampleEnds.values[place.series]!;
    let { at } = place;
    while (at < end && sampleTimes.values[at]! < time) at += 1;
    return at;
  }

  #histogramFields(
    { parts }: ClassicGroup,
    places: readonly { readonly at: number }[],
    sample: number,
    stale: boolean,
  ): void {
    const request = this.#request;
    const w = this.#builder.writer;
    this.#countField(4, stale ? 0 : sampleValue(request, sample));
    if (!stale) this.#doubleField(5, places.at(-1)!.at);
    const buckets = w.open(6);
    let below = 0;
    for (let i = 0; i < parts.length; i += 1) {
      const value = stale ? 0 : sampleValue(request, places[i]!.at);
      putCount(w, value - below);
      below = value;
    }
    w.close(buckets);
    if (parts.length < 2) return;
    const bounds = w.open(7);
    for (let i = 0; i < parts.length - 1; i += 1) w.double(parts[i]!.bound);
    w.close(bounds);
  }

  #summary(
    { parts }: ClassicGroup,
    places: readonly { readonly at: number }[],
    sample: number,
    stale: boolean,
  ): void {
    const w = this.#builder.writer;
    this.#countField(4, stale ? 0 : sampleValue(this.#request, sample));
    if (!stale) this.#doubleField(5, places.at(-1)!.at);
    for (const [i, { bound }] of parts.entries()) {
      const at = w.open(6);
      w.doubleField(1, bound);
      if (!stale) this.#doubleField(2, places[i]!.at);
      w.close(at);
    }
  }

  #countField(field: number, value: number): void {
    const w = this.#builder.writer;
    w.tag(field, 1);
    putCount(w, value);
  }

  #doubleField(field: number, sample: number): void {
    const { values } = this.#request.sampleBits;
    this.#builder.writer.fixed64Field(field, values[2 * sample]!, values[2 * sample + 1]!);
  }

  #open(startField: number, startMs: number): number {
    const at = this.#builder.openPoint(2);
    if (startMs > 0) this.#timeField(startField, startMs);
    return at;
  }

  #timeField(field: number, ms: number): void {
    const time = this.#time;
    time.set(ms);
    this.#builder.writer.fixed64Field(field, time.lo, time.hi);
  }

  #close(
    at: number,
    series: number,
    fields: { readonly attributes: number; readonly flags: number },
    stale: boolean,
    again = 0,
  ): void {
    const w = this.#builder.writer;
    if (again > 0) w.copy(w.bytes, again - this.#attributes, again);
    else this.#putLabels(fields.attributes, series);
    if (stale) w.uintField(fields.flags, noRecordedValue);
    this.#builder.closePoint(at);
    if (w.length > this.#limit) throw new ExpandsTooMuch(this.#limit);
  }

  #putLabels(field: number, series: number): void {
    const { symbols, labels, labelEnds } = this.#request;
    const w = this.#builder.writer;
    const roles = this.#roles.of;
    const end = labelEnds.values[series]!;
    const { values } = labels;
    const before = w.length;
    for (let i = startOf(labelEnds, series); i < end; i += 2) {
      const name = values[i]!;
      if (roles[name] !== Role.attribute || name === this.#special) continue;
      putLabel(w, field, symbols, name, values[i + 1]!);
    }
    this.#attributes = w.length - before;
  }

  /** Exemplars of a series and of those that only have exemplars and the same labels. */
  #putExemplars(field: number, series: number): void {
    const request = this.#request;
    if (request.exemplarCount === 0) return;
    this.#putOwn(field, series);
    const others = this.#exemplars;
    if (others === undefined) return;
    for (let entry = others.first(series); entry !== 0; entry = others.next(entry)) {
      this.#putOwn(field, others.value(entry));
    }
  }

  #putOwn(field: number, series: number): void {
    const request = this.#request;
    const end = request.exemplarEnds.values[series]!;
    for (let i = startOf(request.exemplarEnds, series); i < end; i += 1) {
      putExemplar(this.#builder.writer, field, request, i, this.#time);
    }
  }
}

function putCount(w: Writer, value: number): void {
  w.fixed64(value % 4294967296, Math.floor(value / 4294967296));
}
