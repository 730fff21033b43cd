import { Writer } from '../../../pdata/proto/writer.ts';
import { IdTable, Lists } from '../otlp/id-table.ts';
import { Float64Column, Uint32Column } from '../remote-write/columns.ts';
import { HistogramKind, startOf, WriteRequest } from '../remote-write/request.ts';
import { TextSymbols } from './text-symbols.ts';

/** What is told of a series with its first sample. */
export interface SeriesMetadata {
  readonly type: number;
  readonly help: number;
  readonly unit: number;
}

/** Collects samples under their label sets, in whatever order they come. */
export class SeriesTable {
  readonly texts = new TextSymbols();
  /** Histogram messages, one after the other. */
  readonly histograms = new Writer(1024);
  /** Label sets: pairs of symbols in the order of their names. */
  readonly #sets = new IdTable(1024);
  readonly #names: number[] = [];
  readonly #metadata: SeriesMetadata[] = [];
  readonly #bits = new Uint32Column(2048);
  readonly #times = new Float64Column(1024);
  readonly #starts = new Float64Column(1024);
  readonly #samples = new Lists(1024);
  readonly #histogramEnds = new Uint32Column(8);
  readonly #histogramTimes = new Float64Column(8);
  readonly #ofHistograms = new Lists(8);
  readonly #exemplarBits = new Uint32Column(8);
  readonly #exemplarTimes = new Float64Column(8);
  readonly #exemplarLabels = new Uint32Column(8);
  readonly #exemplarEnds = new Uint32Column(8);
  readonly #exemplars = new Lists(8);

  /** Where the pairs of the next {@link series} are pushed to. */
  get labels(): Uint32Column {
    return this.#sets.key;
  }

  get seriesCount(): number {
    return this.#sets.count;
  }

  /** The number of the series with the labels that were pushed. @param name symbol of its metric */
  series(name: number, metadata: SeriesMetadata): number {
    const known = this.#sets.count;
    const id = this.#sets.id();
    if (id === known) {
      this.#names.push(name);
      this.#metadata.push(metadata);
    }
    return id;
  }

  sample(series: number, lo: number, hi: number, timeMs: number, startMs: number): void {
    this.#samples.append(series, this.#times.length);
    this.#bits.push(lo);
    this.#bits.push(hi);
    this.#times.push(timeMs);
    this.#starts.push(startMs);
  }

  /** Takes the message that was written to `histograms` since the last one. */
  histogram(series: number, timeMs: number): void {
    this.#ofHistograms.append(series, this.#histogramTimes.length);
    this.#histogramEnds.push(this.histograms.length);
    this.#histogramTimes.push(timeMs);
  }

  /** @param labels pairs of symbols in the order of their names */
  exemplar(
    series: number,
    labels: readonly number[],
    lo: number,
    hi: number,
    timeMs: number,
  ): void {
    this.#exemplars.append(series, this.#exemplarTimes.length);
    for (const symbol of labels) this.#exemplarLabels.push(symbol);
    this.#exemplarEnds.push(this.#exemplarLabels.length);
    this.#exemplarBits.push(lo);
    this.#exemplarBits.push(hi);
    this.#exemplarTimes.push(timeMs);
  }

  /** Everything as a request; the samples of each series in the order of their times. */
  finish(): WriteRequest {
    const { symbols } = this.texts;
    const request = new WriteRequest(symbols, this.histograms.bytes, this.seriesCount);
    const { ends, tuples } = this.#sets;
    const order: number[] = [];
    for (let i = 0; i < this.seriesCount; i += 1) {
      for (let at = startOf(ends, i); at < ends.values[i]!; at += 1) {
        request.labels.push(tuples.values[at]!);
      }
      this.#listed(this.#samples, i, order, this.#times.values);
      for (const n of order) {
        const { values } = this.#bits;
        request.addSample(
          values[2 * n]!,
          values[2 * n + 1]!,
          this.#times.values[n]!,
          this.#starts.values[n]!,
        );
      }
      this.#putHistograms(request, i, order);
      this.#putExemplars(request, i, order);
      const { type, help, unit } = this.#metadata[i]!;
      request.endSeries(this.#names[i]!, type, help, unit, 0);
    }
    return request;
  }

  /** Entries of a list in the order of their times. */
  #listed(lists: Lists, series: number, out: number[], times: Float64Array): void {
    out.length = 0;
    let sorted = true;
    for (let at = lists.first(series); at !== 0; at = lists.next(at)) {
      const n = lists.value(at);
      if (out.length > 0 && times[n]! < times[out.at(-1)!]!) sorted = false;
      out.push(n);
    }
    if (!sorted) out.sort((a, b) => times[a]! - times[b]!);
  }

  #putHistograms(request: WriteRequest, series: number, order: number[]): void {
    this.#listed(this.#ofHistograms, series, order, this.#histogramTimes.values);
    for (const n of order) {
      const from = startOf(this.#histogramEnds, n);
      const to = this.#histogramEnds.values[n]!;
      request.addHistogram(from, to, this.#histogramTimes.values[n]!, HistogramKind.exponential);
    }
  }

  #putExemplars(request: WriteRequest, series: number, order: number[]): void {
    this.#listed(this.#exemplars, series, order, this.#exemplarTimes.values);
    for (const n of order) {
      const to = this.#exemplarEnds.values[n]!;
      for (let at = startOf(this.#exemplarEnds, n); at < to; at += 1) {
        request.exemplarLabels.push(this.#exemplarLabels.values[at]!);
      }
      request.exemplarLabelEnds.push(request.exemplarLabels.length);
      request.exemplarBits.push(this.#exemplarBits.values[2 * n]!);
      request.exemplarBits.push(this.#exemplarBits.values[2 * n + 1]!);
      request.exemplarTimes.push(this.#exemplarTimes.values[n]!);
    }
  }
}
