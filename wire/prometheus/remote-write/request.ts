import { Float64Column, Uint32Column } from './columns.ts';
import type { Symbols } from './symbols.ts';

/** What a series is; the numbers are those of both versions' messages. */
export const MetricType = {
  unknown: 0,
  counter: 1,
  gauge: 2,
  histogram: 3,
  gaugeHistogram: 4,
  summary: 5,
  info: 6,
  stateset: 7,
} as const;

/** Names of {@link MetricType}, as Prometheus writes them. */
export const typeNames: readonly string[] = [
  'unknown',
  'counter',
  'gauge',
  'histogram',
  'gaugehistogram',
  'summary',
  'info',
  'stateset',
];

/** What a native histogram becomes, known without reading it again. */
export const HistogramKind = { exponential: 0, custom: 1, gauge: 2 } as const;

/** Upper and lower half of the value that ends a series. */
export const staleHi = 0x7ff00000;
/** See {@link staleHi}. */
export const staleLo = 2;

/**
 * A remote write request in columns. Series `i` has the labels [labelEnds[i - 1], labelEnds[i]) of
 * `labels`, and likewise its samples, histograms and exemplars. Labels are pairs of symbols (name,
 * value) in the order of their names, each name once; `names` holds the metric's name.
 *
 *     series     names types helps units created | labelEnds sampleEnds histogramEnds exemplarEnds
 *     samples    bits (lo, hi of the double: a stale marker survives)  times  starts
 *     histograms ranges (start, end of the message in `histogramBytes`)  times  kinds
 *     exemplars  series' own: bits, times, labels by exemplarLabelEnds
 *
 * Times are milliseconds since 1970; starts and created 0 = not said.
 */
export class WriteRequest {
  readonly symbols: Symbols;
  readonly names: Uint32Column;
  readonly types: Uint32Column;
  readonly helps: Uint32Column;
  readonly units: Uint32Column;
  readonly created: Float64Column;
  readonly labelEnds: Uint32Column;
  readonly labels: Uint32Column;

  readonly sampleEnds: Uint32Column;
  readonly sampleBits: Uint32Column;
  readonly sampleTimes: Float64Column;
  readonly sampleStarts: Float64Column;

  readonly histogramEnds: Uint32Column;
  histogramBytes: Uint8Array;
  readonly histogramRanges: Uint32Column;
  readonly histogramTimes: Float64Column;
  readonly histogramKinds: Uint32Column;

  readonly exemplarEnds: Uint32Column;
  readonly exemplarLabelEnds: Uint32Column;
  readonly exemplarLabels: Uint32Column;
  readonly exemplarBits: Uint32Column;
  readonly exemplarTimes: Float64Column;

  /** Metadata of families by itself (version 1): symbols and types. */
  readonly familyNames: Uint32Column;
  readonly familyTypes: Uint32Column;
  readonly familyHelps: Uint32Column;
  readonly familyUnits: Uint32Column;

  /** @param series about how many are coming */
  constructor(symbols: Symbols, histogramBytes: Uint8Array, series: number) {
    this.symbols = symbols;
    this.histogramBytes = histogramBytes;
    this.names = new Uint32Column(series);
    this.types = new Uint32Column(series);
    this.helps = new Uint32Column(series);
    this.units = new Uint32Column(series);
    this.created = new Float64Column(series);
    this.labelEnds = new Uint32Column(series);
    this.labels = new Uint32Column(series * 16);
    this.sampleEnds = new Uint32Column(series);
    this.sampleBits = new Uint32Column(series * 2);
    this.sampleTimes = new Float64Column(series);
    this.sampleStarts = new Float64Column(series);
    this.histogramEnds = new Uint32Column(series);
    this.histogramRanges = new Uint32Column(0);
    this.histogramTimes = new Float64Column(0);
    this.histogramKinds = new Uint32Column(0);
    this.exemplarEnds = new Uint32Column(series);
    this.exemplarLabelEnds = new Uint32Column(0);
    this.exemplarLabels = new Uint32Column(0);
    this.exemplarBits = new Uint32Column(0);
    this.exemplarTimes = new Float64Column(0);
    this.familyNames = new Uint32Column(0);
    this.familyTypes = new Uint32Column(0);
    this.familyHelps = new Uint32Column(0);
    this.familyUnits = new Uint32Column(0);
  }

  get seriesCount(): number {
    return this.names.length;
  }

  get sampleCount(): number {
    return this.sampleTimes.length;
  }

  get histogramCount(): number {
    return this.histogramTimes.length;
  }

  get exemplarCount(): number {
    return this.exemplarTimes.length;
  }

  /** Appends a sample to the series that is being read. */
  addSample(lo: number, hi: number, timeMs: number, startMs: number): void {
    this.sampleBits.push(lo);
    this.sampleBits.push(hi);
    this.sampleTimes.push(timeMs);
    this.sampleStarts.push(startMs);
  }

  /** Appends a histogram, a message in `histogramBytes`, to the series that is being read. */
  addHistogram(start: number, end: number, timeMs: number, kind: number): void {
    this.histogramRanges.push(start);
    this.histogramRanges.push(end);
    this.histogramTimes.push(timeMs);
    this.histogramKinds.push(kind);
  }

  /** Ends the series that is being read; its labels, samples ... are there. */
  endSeries(name: number, type: number, help: number, unit: number, createdMs: number): void {
    this.names.push(name);
    this.types.push(type);
    this.helps.push(help);
    this.units.push(unit);
    this.created.push(createdMs);
    this.labelEnds.push(this.labels.length);
    this.sampleEnds.push(this.sampleTimes.length);
    this.histogramEnds.push(this.histogramTimes.length);
    this.exemplarEnds.push(this.exemplarTimes.length);
  }

  /** Takes back everything of the series that is being read. */
  dropSeries(): void {
    const last = this.seriesCount - 1;
    const at = (ends: Uint32Column): number => (last < 0 ? 0 : ends.values[last]!);
    this.labels.length = at(this.labelEnds);
    const samples = at(this.sampleEnds);
    this.sampleBits.length = samples * 2;
    this.sampleTimes.length = samples;
    this.sampleStarts.length = samples;
    const histograms = at(this.histogramEnds);
    this.histogramRanges.length = histograms * 2;
    this.histogramTimes.length = histograms;
    this.histogramKinds.length = histograms;
    this.#cutExemplars(at(this.exemplarEnds));
  }

  #cutExemplars(count: number): void {
    this.exemplarTimes.length = count;
    this.exemplarBits.length = count * 2;
    this.exemplarLabelEnds.length = count;
    this.exemplarLabels.length = count === 0 ? 0 : this.exemplarLabelEnds.values[count - 1]!;
  }
}

/** Where the part of series `i` begins in a column whose ends are given. */
export function startOf(ends: Uint32Column, i: number): number {
  return i === 0 ? 0 : ends.values[i - 1]!;
}

/** What a request was read to. */
export interface ReadRequest {
  readonly request: WriteRequest;
  /** What is wrong with the parts that were left out, the first few. */
  readonly faults: readonly string[];
  /** Series, samples, histograms and exemplars that were left out, each with a fault. */
  readonly refused: number;
}
