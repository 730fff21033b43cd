import type { Metrics } from '../../pdata/batch.ts';
import { readClassic } from '../../wire/prometheus/scrape/classic.ts';
import { Exposition } from '../../wire/prometheus/scrape/exposition.ts';
import { ScrapeFault } from '../../wire/prometheus/scrape/fault.ts';
import { readOpenMetrics } from '../../wire/prometheus/scrape/open-metrics.ts';
import { MetadataStore } from '../../wire/prometheus/scrape/otlp/metadata-store.ts';
import { type Series, SeriesTable } from '../../wire/prometheus/scrape/otlp/series.ts';
import {
  Transaction,
  type TransactionOptions,
} from '../../wire/prometheus/scrape/otlp/transaction.ts';
import { readProtobuf } from '../../wire/prometheus/scrape/protobuf.ts';
import type { Format } from './format.ts';
import type { Job } from './job.ts';
import { reportLabels, SampleFault, storedLabels } from './sample-labels.ts';
import type { Target } from './target.ts';

/** Time by which samples may be ahead of the clock. */
const aheadMs = 600_000;

/** What came of the samples of a scrape. */
export interface Counts {
  /** Samples that were exposed. */
  total: number;
  /** Those that relabeling kept. */
  kept: number;
  /** Series that were not there before. */
  added: number;
}

/** Metrics about a scrape, by name. */
export type Report = readonly (readonly [name: string, value: number])[];

/** Why a scrape failed; its samples do not count. */
export type Failure = ScrapeFault | SampleFault;

/**
 * Takes what a target exposes and makes points of it, scrape by scrape. Series by the bytes that
 * they are exposed with: `#entries[number]` is the series as stored, null where relabeling drops
 * it.
 */
export class Ingest {
  readonly #job: Job;
  readonly #target: Target;
  readonly #exposition: Exposition;
  readonly #metadata = new MetadataStore();
  readonly #transaction: Transaction;
  #entries: (Series | null | undefined)[] = [];
  /** Number of the scrape in which a text came last. */
  #scraped: number[] = [];
  #series: SeriesTable;
  /** Series whose end will be told. */
  #current: Series[] = [];
  #previous: Series[] = [];
  readonly #reports = new Map<string, Series>();
  readonly #ofReports: SeriesTable;
  readonly #seed: number;
  #scrape = 0;
  #renumbered = false;
  #forget = false;

  /** @param seed a secret; see Exposition */
  constructor(job: Job, target: Target, seed: number, options: Omit<TransactionOptions, 'seed'>) {
    this.#job = job;
    this.#target = target;
    this.#exposition = new Exposition(seed);
    this.#seed = seed;
    this.#series = new SeriesTable(seed);
    this.#ofReports = new SeriesTable(seed);
    this.#transaction = new Transaction(this.#metadata, { ...options, seed });
  }

  /**
   * Takes an answer. Where it fails, all series end.
   * @param nowMs time of the scrape, milliseconds since 1970
   */
  take(body: Buffer, format: Format, nowMs: number): Counts & { readonly failure?: Failure } {
    const counts = { total: 0, kept: 0, added: 0 };
    if (body.length === 0) {
      this.end(nowMs);
      return counts;
    }
    const out = this.#exposition;
    out.clear();
    let failure: Failure | undefined;
    try {
      this.#read(body, format);
    } catch (error) {
      if (!(error instanceof ScrapeFault)) throw error;
      failure = error;
    }
    this.#metadata.update(out, this.#renumbered);
    this.#renumbered = false;
    this.#begin();
    try {
      this.#addSamples(counts, nowMs);
    } catch (error) {
      if (!(error instanceof SampleFault)) throw error;
      failure ??= error;
    }
    if (failure !== undefined) {
      this.#current.length = 0;
      this.end(nowMs);
      return { ...counts, failure };
    }
    this.#tellEnds(nowMs);
    this.#swap();
    this.#bound(out.count);
    return counts;
  }

  #read(body: Buffer, format: Format): void {
    const out = this.#exposition;
    if (format === 'openmetrics') readOpenMetrics(body, out);
    else if (format === 'classic') readClassic(body, out);
    else readProtobuf(body, out, { natives: this.#job.natives, classics: this.#job.classics });
  }

  /** Begins anew and ends all series: the target could not be read, or is gone. */
  end(nowMs: number): void {
    this.#begin();
    this.#tellEnds(nowMs);
    this.#swap();
  }

  #begin(): void {
    this.#scrape += 1;
    this.#transaction.begin(this.#forget);
    this.#forget = false;
  }

  #tellEnds(nowMs: number): void {
    for (const series of this.#previous) {
      if (series.seen !== this.#scrape) this.#transaction.add(series, Number.NaN, nowMs, true);
    }
  }

  #swap(): void {
    const gone = this.#previous;
    this.#previous = this.#current;
    gone.length = 0;
    this.#current = gone;
  }

  #addSamples(counts: Counts, nowMs: number): void {
    const { sampleLimit, config } = this.#job;
    const { series, values, times, exemplars, natives, count } = this.#exposition;
    const latest = nowMs + aheadMs;
    const anyNative = natives.size > 0;
    const anyExemplar = exemplars.size > 0;
    let appended = 0;
    for (let i = 0; i < count; i += 1) {
      counts.total += 1;
      const number = series.values[i]!;
      const given = config.honor_timestamps ? times.values[i]! : Number.NaN;
      const timed = !Number.isNaN(given);
      const known = this.#entries[number];
      const entry = known === undefined ? this.#enter(number) : known;
      if (entry === null) continue;
      counts.kept += 1;
      const again = known !== undefined && this.#scraped[number] === this.#scrape;
      this.#scraped[number] = this.#scrape;
      if (again && !timed) continue;
      const timeMs = timed ? given : nowMs;
      appended += 1;
      if (sampleLimit > 0 && appended > sampleLimit) continue;
      if (timeMs > latest) continue;
      if (known === undefined) {
        counts.added += 1;
        this.#setEntry(number, entry);
      }
      const native = anyNative ? natives.get(i) : undefined;
      const added =
        native === undefined
          ? this.#transaction.add(entry, values.values[i]!, timeMs, false)
          : this.#transaction.addNative(entry, native, timeMs);
      if (!added) continue;
      if (!timed || config.track_timestamps_staleness) this.#track(entry);
      if (!anyExemplar) continue;
      const own = exemplars.get(i);
      if (own !== undefined) this.#transaction.addExemplars(entry, own, timeMs);
    }
    if (sampleLimit > 0 && appended > sampleLimit) throw new SampleFault('sample limit exceeded');
  }

  #track(series: Series): void {
    if (series.seen === this.#scrape) return;
    series.seen = this.#scrape;
    this.#current.push(series);
  }

  /** What becomes of a series that comes for the first time. */
  #enter(number: number): Series | null {
    const exposed = this.#exposition.known.labels(number);
    const labels = storedLabels(this.#job, this.#target, exposed);
    if (labels === undefined) {
      this.#setEntry(number, null);
      return null;
    }
    return this.#series.get(labels);
  }

  #setEntry(number: number, entry: Series | null): void {
    this.#entries[number] = entry;
    this.#exposition.known.dropLabels(number);
  }

  /** Forgets texts once more of them are known than twice as many as came, and a thousand. */
  #bound(count: number): void {
    const most = 2 * count + 1000;
    if (this.#exposition.size > most || this.#series.size > most) this.forget();
  }

  /** Forgets all texts; series that were there in the last scrape stay the same series. */
  forget(): void {
    this.#exposition.forget();
    this.#entries = [];
    this.#scraped = [];
    this.#series = new SeriesTable(this.#seed);
    for (const series of this.#previous) series.moveTo(this.#series);
    this.#renumbered = true;
    this.#forget = true;
  }

  /** Adds metrics about the scrape. @param stale whether they end */
  report(values: Report, nowMs: number, stale = false): void {
    for (const [name, value] of values) {
      let series = this.#reports.get(name);
      if (series === undefined) {
        series = this.#ofReports.get(reportLabels(this.#job, this.#target, name));
        this.#reports.set(name, series);
      }
      this.#transaction.add(series, value, nowMs, stale);
    }
  }

  /** Everything since `take` or `end`. */
  finish(): Metrics {
    return this.#transaction.finish();
  }
}
