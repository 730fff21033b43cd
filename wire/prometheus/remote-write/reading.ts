import type { Uint32Column } from './columns.ts';
import { settleLabels } from './label-set.ts';
import { checkHistogram, NativeHistogram } from './native-histogram.ts';
import type { Input } from './protobuf.ts';
import { startOf, type WriteRequest } from './request.ts';

/** Latest time, milliseconds since 1970, that 64 bits of nanoseconds hold. */
export const timeMsMax = 9_223_372_036_854;

/** Faults that are told one by one. */
const faultsMax = 10;

/** What both versions' readers share: the request, its faults, and series as they are read. */
export class Reading {
  readonly request: WriteRequest;
  readonly faults: string[] = [];
  readonly input: Input;
  /** The symbol of `__name__`, -1 = no series has it. */
  nameSymbol = -1;
  refused = 0;
  /** Series of the message that were begun. */
  series = 0;
  readonly #histogram = new NativeHistogram();

  constructor(request: WriteRequest, input: Input) {
    this.request = request;
    this.input = input;
  }

  /** Notes that a part is left out. @param parts how many series, samples ... it is */
  refuse(message: string, parts = 1): void {
    this.refused += parts;
    if (this.faults.length < faultsMax) this.faults.push(message);
  }

  /** What the series that is read is called in messages. */
  seriesText(): string {
    const { request } = this;
    const from = startOf(request.labelEnds, request.seriesCount);
    const { symbols, labels } = request;
    for (let i = from; i + 1 < labels.length; i += 2) {
      if (labels.values[i] !== this.nameSymbol) continue;
      const text = symbols.text(labels.values[i + 1]!).slice(0, 200);
      return `series ${this.series} ${JSON.stringify(text)}`;
    }
    return `series ${this.series}`;
  }

  /**
   * Whether a time can be kept; else the part is refused.
   * @param what it belongs to
   */
  timeFits(timeMs: number, what: string): boolean {
    if (timeMs >= 0 && timeMs <= timeMsMax) return true;
    this.refuse(`${this.seriesText()}: the time of ${what} is out of range: ${timeMs} ms`);
    return false;
  }

  /** Checks the labels that were read and finds the metric's name; undefined = refused. */
  settle(): number | undefined {
    const { request } = this;
    const from = startOf(request.labelEnds, request.seriesCount);
    const fault = settleLabels(request.symbols, request.labels, from);
    if (fault !== undefined) return this.#refuseSeries(`a label has an ${fault}`, fault);
    const { values, length } = request.labels;
    for (let i = from; i < length; i += 2) {
      if (values[i] === this.nameSymbol) return values[i + 1]!;
    }
    return this.#refuseSeries('it has no label __name__', undefined);
  }

  #refuseSeries(message: string, fault: string | undefined): undefined {
    const texts: Readonly<Record<string, string>> = {
      'empty name': 'a label has no name',
      'not UTF-8': 'a label is not UTF-8',
      'duplicate name': 'two labels have the same name',
    };
    const why = fault === undefined ? message : texts[fault]!;
    this.dropSeries(`cannot take ${this.seriesText()}: ${why}`);
    return undefined;
  }

  /** Refuses the whole series that is read. */
  dropSeries(message: string): void {
    const { request } = this;
    const last = request.seriesCount;
    const parts =
      request.sampleCount -
      startOf(request.sampleEnds, last) +
      (request.histogramCount - startOf(request.histogramEnds, last)) +
      (request.exemplarCount - startOf(request.exemplarEnds, last));
    this.refuse(message, Math.max(1, parts));
    request.dropSeries();
  }

  /** Reads a Sample. @param end of it */
  sample(end: number): void {
    const { input } = this;
    const outer = input.end;
    input.end = end;
    let lo = 0;
    let hi = 0;
    let time = 0;
    let start = 0;
    while (input.pos < end) {
      const tag = input.varint();
      if (tag === 9) {
        input.fixed64();
        lo = input.lo;
        hi = input.hi;
      } else if (tag === 16) time = input.int64();
      else if (tag === 24) start = input.int64();
      else input.skip(tag);
    }
    input.end = outer;
    if (!this.timeFits(time, 'a sample')) return;
    this.request.addSample(lo, hi, time, start > 0 && start <= timeMsMax ? start : 0);
  }

  /** Takes a Histogram: the bytes stay as they are. @param end of it */
  histogram(end: number): void {
    const { input } = this;
    const start = input.pos;
    const outer = input.end;
    this.#histogram.read(input, end);
    input.end = outer;
    input.pos = end;
    const fault = checkHistogram(this.#histogram);
    if (fault !== undefined) {
      this.refuse(`cannot take a histogram of ${this.seriesText()}: ${fault}`);
      return;
    }
    const time = this.#histogram.timeMs;
    if (!this.timeFits(time, 'a histogram')) return;
    this.request.addHistogram(start, end, time, this.#histogram.kind);
  }

  /** Ends an exemplar whose labels were appended. */
  endExemplar(lo: number, hi: number, timeMs: number): void {
    const { request } = this;
    const from = startOf(request.exemplarLabelEnds, request.exemplarCount);
    const fault = settleLabels(request.symbols, request.exemplarLabels, from);
    if (fault !== undefined || !(timeMs >= 0 && timeMs <= timeMsMax)) {
      const why = fault === undefined ? `its time is out of range: ${timeMs} ms` : fault;
      this.refuse(`cannot take an exemplar of ${this.seriesText()}: ${why}`);
      request.exemplarLabels.length = from;
      return;
    }
    request.exemplarLabelEnds.push(request.exemplarLabels.length);
    request.exemplarBits.push(lo);
    request.exemplarBits.push(hi);
    request.exemplarTimes.push(timeMs);
  }
}

/** Where the labels of the series before begin: they are mostly the same. */
export function previousLabels(request: WriteRequest, ends: Uint32Column): number {
  const last = request.seriesCount - 1;
  return last < 0 ? -1 : startOf(ends, last);
}
