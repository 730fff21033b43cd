import type { Metrics } from '../../pdata/batch.ts';
import { OtlpBatch } from '../../pdata/otlp-batch.ts';
import { hashStart } from '../byte-table/byte-table.ts';
import { isCumulative, writeHistogram, writeSummary } from './histogram-point.ts';
import { Kind, LineReader, numberAt } from './line-reader.ts';
import { chunkPoints, MetricChunk, Shape } from './metric-chunk.ts';
import { type Field, Names, Role } from './names.ts';
import { truncatedNow, type Wide } from './numbers.ts';
import { OpenHistograms } from './open-histograms.ts';
import { type Series, SeriesTable } from './series-table.ts';
import { StartTimes } from './start-times.ts';

/** What a text of lines is read with. */
export interface LineRequest {
  /** Nanoseconds that one unit of the lines' times means. */
  readonly unitNs: number;
  /** Time of lines that have none, milliseconds since 1970. */
  readonly nowMs: number;
  /** Further fields of every Resource: attributes that the request as a whole has. */
  readonly resource?: Uint8Array;
  /** Asked before memory is taken for the metrics. @returns false when there is none */
  reserve(bytes: number): boolean;
}

/** Why a line is not taken. */
export interface BadLine {
  /** From 1. */
  readonly line: number;
  readonly text: string;
  readonly reason: string;
}

/** What became of a text of lines. */
export interface LineResult {
  /** Metrics of the good lines; undefined when there are none. */
  readonly batch: Metrics | undefined;
  readonly lines: number;
  readonly badLines: number;
  /** The first of them. */
  readonly faults: readonly BadLine[];
  /** Text values: metrics have none, so they are left out. */
  readonly texts: number;
  /** What was reserved. */
  readonly reserved: number;
}

/** Why nothing of a text is taken; what was reserved for it is still to be given back. */
export class LineLimit extends Error {
  readonly limit: 'no_memory' | 'too_large';
  readonly reserved: number;
  constructor(limit: 'no_memory' | 'too_large', message: string, reserved: number) {
    super(message);
    this.limit = limit;
    this.reserved = reserved;
  }
}

/** Bad lines that are told one by one. */
const toldLines = 100;
/** Bytes of a bad line that are told. */
const toldBytes = 200;
/** Bytes of lines that a step takes, about. */
const stepBytes = 128 * 1024;
/** Memory of series and names that are kept; beyond it all are forgotten. */
const keptBytes = 32 << 20;
/** Metrics take at most so many times the bytes of their lines, and a megabyte. */
const largest = 64;
const spare = 1 << 20;
const none = new Uint8Array(0);

/**
 * Makes OTLP metrics of line protocol, by the rules of influxdata's influx2otel, the differences
 * stand in the README. What it knows of series and names stays from one text to the next, up to
 * 32 MiB.
 */
export class LineMetrics {
  readonly #names = new Names();
  readonly #series = new SeriesTable(this.#names);
  readonly #chunk = new MetricChunk();
  readonly #starts = new StartTimes();
  readonly #open = new OpenHistograms(this.#names, this.#chunk);
  readonly #now: Wide = { ok: true, lo: 0, hi: 0 };
  readonly #fields: Field[] = [];
  readonly #hashStart: number;
  #texts = 0;
  #roles = 0;

  /** @param random a secret of this program, 32 bits: see `hashBytes` */
  constructor(random?: number) {
    this.#hashStart = random ?? hashStart;
  }

  /**
   * Bad lines are left out and told; the others are in the batch.
   * @throws LineLimit when the metrics are out of proportion, or memory is short
   */
  convert(bytes: Buffer, request: LineRequest): LineResult {
    const steps = this.steps(bytes, request);
    for (;;) {
      const { done, value } = steps.next();
      if (done) return value;
    }
  }

  /**
   * The same in steps, so that a long text does not keep everything else waiting. Until the last
   * step no other text may be begun.
   */
  *steps(bytes: Buffer, request: LineRequest): Generator<undefined, LineResult> {
    const out = new Output(this.#chunk, bytes.length, request);
    const reader = new LineReader(bytes, request.unitNs, this.#hashStart);
    const faults: BadLine[] = [];
    let lines = 0;
    let bad = 0;
    let next = stepBytes;
    truncatedNow(request.nowMs, request.unitNs, this.#now);
    this.#texts = 0;
    this.#begin();
    try {
      while (reader.next()) {
        if (reader.start > next) {
          next = reader.start + stepBytes;
          yield undefined;
        }
        lines += 1;
        this.#room(out, reader);
        const reason = this.#line(reader);
        if (reason === '') continue;
        bad += 1;
        if (faults.length < toldLines) faults.push(badLine(reader, reason));
      }
      this.#open.close();
      out.flush();
    } finally {
      this.#open.clear();
      this.#chunk.begin([]);
    }
    const { batch, reserved } = out;
    return { batch, lines, badLines: bad, faults, texts: this.#texts, reserved };
  }

  #begin(): void {
    if (this.#series.bytes + this.#names.bytes > keptBytes) {
      this.#series.clear();
      this.#names.clear();
    }
    this.#chunk.begin(this.#series.all);
  }

  /** Writes what is gathered out when the next line may not fit any more. */
  #room(out: Output, reader: LineReader): void {
    const full = this.#chunk.points + this.#open.size + reader.fieldCount > chunkPoints;
    const crowded = this.#series.bytes + this.#names.bytes > keptBytes;
    if (!full && !crowded && !this.#open.full) return;
    this.#open.close();
    out.flush();
    this.#begin();
  }

  /** @returns why the line is not taken, or '' */
  #line(reader: LineReader): string {
    if (reader.fault !== '') return reader.fault;
    const number = this.#series.find(reader);
    if (typeof number !== 'number') return number.fault;
    if (!reader.hasTime) {
      reader.time.lo = this.#now.lo;
      reader.time.hi = this.#now.hi;
    } else if (reader.time.hi > 0x7fffffff) return 'bad timestamp: times before 1970 are not taken';
    const series = this.#series.all[number]!;
    if (!this.#resolve(reader, series)) return 'invalid UTF-8';
    if (series.part !== undefined && this.#open.take(reader, series, this.#fields)) return '';
    if (series.timing || (this.#roles & ~(1 << Role.other)) === 0) {
      this.#eachField(reader, number, -1);
    } else this.#typed(reader, number, series);
    return '';
  }

  /** Finds the fields of the line. */
  #resolve(reader: LineReader, series: Series): boolean {
    const { bytes, keyStart, keyEnd, keyHash, fieldCount } = reader;
    const { measurement } = series;
    let roles = 0;
    for (let i = 0; i < fieldCount; i += 1) {
      const field = this.#names.field(measurement, bytes, keyStart[i]!, keyEnd[i]!, keyHash[i]!);
      if (field === undefined) return false;
      this.#fields[i] = field;
      roles |= 1 << field.role;
    }
    this.#roles = roles;
    return true;
  }

  /** A gauge for each field but `except`: `measurement_field`. */
  #eachField(reader: LineReader, number: number, except: number): void {
    const { kind, values, time } = reader;
    const series = this.#series.all[number]!;
    const { group } = series;
    const single = series.part !== undefined && reader.fieldCount === 1;
    const start = this.#start(reader);
    for (let i = 0; i < reader.fieldCount; i += 1) {
      if (i === except) continue;
      const field = this.#fields[i]!;
      const type = kind[i]!;
      if (type === Kind.text) {
        if (start === undefined || field.role !== Role.startTime) this.#texts += 1;
        continue;
      }
      const metric = single
        ? this.#chunk.metric(field.own, group, Shape.gauge)
        : this.#chunk.fieldMetric(field, group);
      const [lo, hi] = [values.getUint32(i * 8, true), values.getUint32(i * 8 + 4, true)];
      if (type === Kind.uint && hi > 0x7fffffff) this.#tooLong(metric, number, lo, hi, time);
      else this.#chunk.add(metric, number, type !== Kind.double, lo, hi, time.lo, time.hi);
      if (start !== undefined) this.#chunk.startAt(start.lo, start.hi);
    }
  }

  /** An unsigned integer that OTLP's integers cannot hold becomes a double. */
  #tooLong(metric: number, number: number, lo: number, hi: number, time: Wide): void {
    const view = new DataView(new ArrayBuffer(8));
    view.setFloat64(0, hi * 4294967296 + lo, true);
    const [first, second] = [view.getUint32(0, true), view.getUint32(4, true)];
    this.#chunk.add(metric, number, false, first, second, time.lo, time.hi);
  }

  /** The time of a field `start_time`, as Telegraf's StatsD input has it. */
  #start(reader: LineReader) {
    if ((this.#roles & (1 << Role.startTime)) === 0) return undefined;
    for (let i = 0; i < reader.fieldCount; i += 1) {
      if (this.#fields[i]!.role !== Role.startTime || reader.kind[i] !== Kind.text) continue;
      return this.#starts.get(reader.bytes, reader.textStart[i]!, reader.textEnd[i]!);
    }
    return undefined;
  }

  /** A line by the first schema of Telegraf's Prometheus input, if its fields say so. */
  #typed(reader: LineReader, number: number, series: Series): void {
    const gauge = this.#numeric(reader, Role.gauge);
    const counter = gauge < 0 ? this.#numeric(reader, Role.counter) : -1;
    const at = gauge < 0 ? counter : gauge;
    if (at < 0 && this.#histogram(reader, series)) return;
    if (at >= 0) {
      const sum = series.delta ? Shape.deltaSum : Shape.cumulativeSum;
      const shape = gauge >= 0 ? Shape.gauge : sum;
      const metric = this.#chunk.metric(series.measurement.name, series.group, shape);
      const { values, time } = reader;
      const [lo, hi] = [values.getUint32(at * 8, true), values.getUint32(at * 8 + 4, true)];
      const long = reader.kind[at] === Kind.uint && hi > 0x7fffffff;
      if (long) this.#tooLong(metric, number, lo, hi, time);
      else {
        const integer = reader.kind[at] !== Kind.double;
        this.#chunk.add(metric, number, integer, lo, hi, time.lo, time.hi);
      }
      const start = this.#start(reader);
      if (start !== undefined) this.#chunk.startAt(start.lo, start.hi);
    }
    this.#eachField(reader, number, at);
  }

  /** Place of the field with a role and a number; -1 = none. */
  #numeric(reader: LineReader, role: Role): number {
    for (let i = 0; i < reader.fieldCount; i += 1) {
      if (this.#fields[i]!.role === role && reader.kind[i]! <= Kind.uint) return i;
    }
    return -1;
  }

  /**
   * A line with count, sum and numbers by bound. Where they cannot be a histogram's they are a
   * summary's, if the bounds can be quantiles.
   */
  #histogram(reader: LineReader, series: Series): boolean {
    const others = (1 << Role.other) | (1 << Role.gauge) | (1 << Role.counter);
    const [count, sum] = [this.#numeric(reader, Role.count), this.#numeric(reader, Role.sum)];
    if ((this.#roles & others) !== 0 || count < 0 || sum < 0) return false;
    const pairs: [number, number][] = [];
    for (let i = 0; i < reader.fieldCount; i += 1) {
      const { role, bound } = this.#fields[i]!;
      if (role === Role.startTime) continue;
      if (reader.kind[i]! > Kind.uint) return false;
      if (role === Role.bound) pairs.push([bound, numberAt(reader, i)]);
    }
    const total = numberAt(reader, count);
    const histogram = isCumulative(pairs, total);
    const summary = Number.isInteger(total) && total >= 0 && pairs.every(([q]) => q >= 0 && q <= 1);
    if (!histogram && !summary) return false;
    const one = {
      attributes: series.attributes,
      time: { lo: reader.time.lo, hi: reader.time.hi },
      start: this.#start(reader),
      count: total,
      sum: numberAt(reader, sum),
      buckets: pairs,
      quantiles: pairs,
    };
    const histogramShape = series.delta ? Shape.deltaHistogram : Shape.cumulativeHistogram;
    const shape = histogram ? histogramShape : Shape.summary;
    const metric = this.#chunk.metric(series.measurement.name, series.group, shape);
    this.#chunk.addEncoded(metric, (w) =>
      histogram ? writeHistogram(w, one) : writeSummary(w, one),
    );
    return true;
  }
}

function badLine(reader: LineReader, reason: string): BadLine {
  const end = Math.min(reader.end, reader.start + toldBytes);
  const cut = end < reader.end ? '...' : '';
  return {
    line: reader.line,
    text: reader.bytes.toString('utf8', reader.start, end) + cut,
    reason,
  };
}

/** Pieces of a batch, each within the limits. */
class Output {
  readonly #chunk: MetricChunk;
  readonly #request: LineRequest;
  readonly #most: number;
  readonly #ranges: Buffer[] = [];
  readonly #counts: number[] = [];
  #bytes = 0;
  reserved = 0;

  constructor(chunk: MetricChunk, inputBytes: number, request: LineRequest) {
    this.#chunk = chunk;
    this.#request = request;
    this.#most = largest * inputBytes + spare;
  }

  flush(): void {
    const items = this.#chunk.points;
    if (items === 0) return;
    const more = this.#request.resource ?? none;
    const size = this.#chunk.byteLength(more);
    this.#bytes += size;
    if (this.#bytes > this.#most) {
      const message = `metrics of the lines would take more than ${this.#most} bytes`;
      throw new LineLimit('too_large', message, this.reserved);
    }
    if (!this.#request.reserve(size)) {
      throw new LineLimit('no_memory', 'no memory for the metrics now', this.reserved);
    }
    this.reserved += size;
    this.#ranges.push(this.#chunk.write(more));
    this.#counts.push(items);
  }

  get batch(): Metrics | undefined {
    if (this.#ranges.length === 0) return undefined;
    return new OtlpBatch('metrics', this.#ranges, this.#counts);
  }
}
