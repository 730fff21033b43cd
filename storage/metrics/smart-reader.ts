import { tableName } from '../schema/table.ts';
import { rowsOf, type SqlClient } from '../sql.ts';
import { Params } from '../traces/bind.ts';
import { type Deadline, runCall } from './calls.ts';
import { mergeColumns, type SampleColumns } from './columns.ts';
import {
  boundText,
  type Distribution,
  distributionRow,
  readDistributions,
} from './distribution-rows.ts';
import {
  condition,
  hasPointLabel,
  isPointLabel,
  labelExpression,
  nameCondition,
  pointMatch,
  seriesSource,
} from './matchers.ts';
import { type MetadataRow, metadataOf, partsOf } from './metadata.ts';
import {
  defaultLimits,
  type HistogramPoint,
  type Labels,
  type Matcher,
  type MetricLimits,
  type MetricMetadata,
  MetricReadError,
  type MetricReader,
  type SeriesHistograms,
  type SeriesSamples,
  type TimeRange,
} from './model.ts';
import { nativeRow, readHistograms } from './native-rows.ts';
import { SampleRows, sampleRow } from './sample-rows.ts';
import {
  compareLabels,
  fromPrometheus,
  labelsKey,
  labelsOfRow,
  type SeriesRow,
  seriesColumns,
} from './series-rows.ts';

/** Where the tables of schema `smart` are, and bounds of each call. */
export interface SmartMetricReaderOptions {
  readonly client: SqlClient;
  readonly database: string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Time for one call, over all its statements; 30,000 ms unless given. */
  readonly timeoutMs?: number;
  readonly limits?: Partial<MetricLimits>;
}

/** Ids that are named in a statement; more are asked for by their condition. */
const MAX_IDS = 2_000;
/** The last time that a column of nanoseconds holds, in ms. */
const LAST_MS = Math.floor(Number(2n ** 63n / 1_000_000n)) - 1;

/** Metrics out of the tables of schema `smart`. */
export function createSmartMetricReader(options: SmartMetricReaderOptions): MetricReader {
  return new SmartMetricReader(options);
}

type MatcherSets = readonly (readonly Matcher[])[];

class SmartMetricReader implements MetricReader {
  readonly #client: SqlClient;
  readonly #limits: MetricLimits;
  readonly #now: () => number;
  readonly #run: <T>(none: T, call: (deadline: Deadline) => Promise<T>) => Promise<T>;
  readonly #table: (name: string) => string;

  constructor(options: SmartMetricReaderOptions) {
    const { now, timeoutMs = 30_000 } = options;
    this.#client = options.client;
    this.#now = now;
    this.#limits = { ...defaultLimits, ...options.limits };
    this.#run = (none, call) => runCall(now, timeoutMs, none, call);
    this.#table = (name) => tableName(options, name);
  }

  select(matchers: readonly Matcher[], range: TimeRange): Promise<readonly SeriesSamples[]> {
    return this.#run([], async (deadline) => {
      const rows = await this.#rowsWithin(matchers, range, [], deadline);
      const found = new Found();
      await this.#addSamples(found, rows.filter(isNumber), matchers, range, deadline);
      const distributions = rows.filter((row) => !isNumber(row) && !isNative(row));
      await this.#addDistributions(found, distributions, matchers, range, deadline);
      return found.sorted();
    });
  }

  selectHistograms(
    matchers: readonly Matcher[],
    range: TimeRange,
  ): Promise<readonly SeriesHistograms[]> {
    return this.#run([], async (deadline) => {
      const native = ["type = 'exponential_histogram'"];
      const rows = await this.#rowsWithin(matchers, range, native, deadline);
      if (rows.length === 0) return [];
      const params = new Params();
      const facts = this.#facts(rows, matchers, range, params);
      const sql = `SELECT ${nativeRow} FROM ${this.#table('metric_histograms')} WHERE ${facts}`;
      const options = { ...deadline(), params: params.values };
      const histograms = readHistograms(await this.#client.query(sql, options));
      const points = [...histograms.values()].reduce((sum, list) => sum + list.length, 0);
      if (points > this.#limits.samples) throw tooMany('samples', this.#limits.samples);
      return histogramSeries(rows, histograms);
    });
  }

  /**
   * Rows of all series that may have points in the range. A point that came late lies in a later
   * day, so there is no last day; only where that makes too many the points are asked which of
   * the series they belong to.
   */
  async #rowsWithin(
    matchers: readonly Matcher[],
    range: TimeRange,
    where: readonly string[],
    deadline: Deadline,
  ): Promise<SeriesRow[]> {
    const all = [`day >= ${dayOf(range.startMs)}`, ...where];
    try {
      return await this.#seriesRows([matchers], all, deadline);
    } catch (error) {
      const past = dayOf(range.endMs) !== dayOf(this.#now());
      if (!(error instanceof MetricReadError) || !past) throw error;
    }
    const facts = ['metric_samples', 'metric_histograms'].map(
      (table) => `SELECT series_id FROM ${this.#table(table)} WHERE ${within(range)}`,
    );
    const some = [...all, `id IN (${facts.join(' UNION DISTINCT ')})`];
    return this.#seriesRows([matchers], some, deadline);
  }

  async #seriesRows(
    sets: MatcherSets,
    days: readonly string[],
    deadline: Deadline,
  ): Promise<SeriesRow[]> {
    const params = new Params();
    const limit = this.#limits.series;
    const sql = `SELECT ${seriesColumns} FROM ${this.#source(sets, days, params)}
      LIMIT 1 BY id, suffix LIMIT ${limit + 1}`;
    const rows = await rowsOf<SeriesRow>(this.#client, sql, {
      ...deadline(),
      params: params.values,
    });
    if (rows.length > limit) throw tooMany('series', limit);
    return rows;
  }

  /** FROM and WHERE of the series of any of these sets. */
  #source(sets: MatcherSets, days: readonly string[], params: Params): string {
    const names = sets.map((matchers) => nameCondition(matchers, params).join(' AND '));
    const named = names.length > 0 && names.every((name) => name !== '');
    const where = named ? [...days, `(${names.join(' OR ')})`] : days;
    const conditions = sets.map((matchers) => `(${condition(matchers, params)})`);
    const any = conditions.length === 0 ? '1' : conditions.join(' OR ');
    return `${seriesSource(this.#table('metric_series'), where)} WHERE (${any})`;
  }

  /** What picks the facts of series rows within a range. */
  #facts(
    rows: readonly SeriesRow[],
    matchers: readonly Matcher[],
    range: TimeRange,
    params: Params,
  ): string {
    const ids = [...new Set(rows.map((row) => row.id))];
    const days = [`day >= ${dayOf(range.startMs)}`];
    const which =
      ids.length <= MAX_IDS
        ? ids.map((id) => `toUInt64(${id})`).join(', ')
        : `SELECT id FROM ${this.#source([matchers], days, params)}`;
    return `series_id IN (${which}) AND ${within(range)}
      ORDER BY series_id, time LIMIT ${this.#limits.samples + 1}`;
  }

  async #addSamples(
    found: Found,
    rows: readonly SeriesRow[],
    matchers: readonly Matcher[],
    range: TimeRange,
    deadline: Deadline,
  ): Promise<void> {
    if (rows.length === 0) return;
    const params = new Params();
    const facts = this.#facts(rows, matchers, range, params);
    const sql = `SELECT ${sampleRow} FROM ${this.#table('metric_samples')} WHERE ${facts}`;
    const samples = new SampleRows();
    const options = { ...deadline(), params: params.values };
    for await (const piece of this.#client.stream(sql, options)) samples.add(piece);
    samples.end();
    if (samples.rows > this.#limits.samples) throw tooMany('samples', this.#limits.samples);
    for (const row of rows) {
      const columns = samples.bySeries.get(row.id);
      if (columns !== undefined) found.add(labelsOfRow(row), columns);
    }
  }

  async #addDistributions(
    found: Found,
    rows: readonly SeriesRow[],
    matchers: readonly Matcher[],
    range: TimeRange,
    deadline: Deadline,
  ): Promise<void> {
    if (rows.length === 0) return;
    const params = new Params();
    const facts = this.#facts(rows, matchers, range, params);
    const sql = `SELECT ${distributionRow} FROM ${this.#table('metric_histograms')} WHERE ${facts}`;
    const options = { ...deadline(), params: params.values };
    const distributions = readDistributions(await this.#client.query(sql, options));
    const [le, quantile] = [pointMatch(matchers, 'le'), pointMatch(matchers, 'quantile')];
    let samples = 0;
    for (const row of rows) {
      const one = distributions.get(row.id);
      if (one === undefined) continue;
      const matches = row.type === 'summary' ? quantile : le;
      samples += found.addDistribution(row, one, matches);
      if (samples > this.#limits.samples) throw tooMany('samples', this.#limits.samples);
    }
  }

  series(sets: MatcherSets, range: TimeRange): Promise<readonly Labels[]> {
    return this.#run([], async (deadline) => {
      const rows = await this.#seriesRows(sets, daysOf(range), deadline);
      const all = new Map<string, Labels>();
      for (const row of rows) {
        const labels = labelsOfRow(row);
        all.set(labelsKey(labels), labels);
      }
      return [...all.values()].sort(compareLabels);
    });
  }

  labelNames(sets: MatcherSets, range: TimeRange): Promise<readonly string[]> {
    return this.#run([], (deadline) => {
      const params = new Params();
      const names = `arrayJoin(arrayConcat(['__name__'], mapKeys(attributes),
        mapKeys(attributes_other), mapKeys(scope_labels), if(job = '', [], ['job']),
        if(instance = '', [], ['instance']), if(${hasPointLabel('le')}, ['le'], []),
        if(${hasPointLabel('quantile')}, ['quantile'], [])))`;
      const sql = `SELECT DISTINCT toString(${names}) AS text
        FROM ${this.#source(sets, daysOf(range), params)}`;
      return this.#texts(sql, 'label names', params, deadline);
    });
  }

  labelValues(name: string, sets: MatcherSets, range: TimeRange): Promise<readonly string[]> {
    return this.#run([], async (deadline) => {
      const params = new Params();
      const source = this.#source(sets, daysOf(range), params);
      const value = `toString(${labelExpression(name, params)})`;
      const sql = `SELECT DISTINCT ${value} AS text FROM ${source} AND ${value} != ''`;
      const texts = await this.#texts(sql, 'label values', params, deadline);
      if (!isPointLabel(name)) return texts;
      const points = [false, true].map((prometheus) =>
        this.#pointValues(name, sets, range, prometheus, deadline),
      );
      return [...new Set([...texts, ...(await Promise.all(points)).flat()])].sort();
    });
  }

  /** Values of `le` or `quantile` that points of one origin have. */
  async #pointValues(
    name: string,
    sets: MatcherSets,
    range: TimeRange,
    prometheus: boolean,
    deadline: Deadline,
  ): Promise<string[]> {
    const params = new Params();
    const source = this.#source(sets, daysOf(range), params);
    const limit = this.#limits.names;
    const origin = prometheus ? fromPrometheus : `NOT ${fromPrometheus}`;
    const sql = `SELECT DISTINCT toString(reinterpretAsUInt64(arrayJoin(bounds))) AS bits
      FROM ${this.#table('metric_histograms')}
      WHERE series_id IN (SELECT id FROM ${source} AND ${hasPointLabel(name)} AND ${origin})
        AND ${within(range)}
      LIMIT ${limit + 1}`;
    const options = { ...deadline(), params: params.values };
    const rows = await rowsOf<{ bits: string }>(this.#client, sql, options);
    if (rows.length > limit) throw tooMany('label values', limit);
    const bits = new BigUint64Array(1);
    const double = new Float64Array(bits.buffer);
    const values = rows.map((row) => {
      bits[0] = BigInt(row.bits);
      return boundText(double[0]!, prometheus);
    });
    return name === 'le' && rows.length > 0 ? [...values, '+Inf'] : values;
  }

  async #texts(
    sql: string,
    what: string,
    params: Params,
    deadline: Deadline,
  ): Promise<readonly string[]> {
    const limit = this.#limits.names;
    const rows = await rowsOf<{ text: string }>(this.#client, `${sql} LIMIT ${limit + 1}`, {
      ...deadline(),
      params: params.values,
    });
    if (rows.length > limit) throw tooMany(what, limit);
    return rows.map((row) => row.text).sort();
  }

  metadata(
    range: TimeRange,
    metric?: string,
  ): Promise<ReadonlyMap<string, readonly MetricMetadata[]>> {
    return this.#run(new Map(), async (deadline) => {
      const params = new Params();
      const where = daysOf(range);
      if (metric !== undefined) {
        const names = [metric, ...partsOf(metric)].map((name) => params.text(name));
        where.push(`name IN (${names.join(', ')})`);
      }
      const limit = this.#limits.names;
      const sql = `SELECT DISTINCT name, type, monotonic, unit, description AS help,
          metadata['prometheus.type'] AS said
        FROM ${this.#table('metric_series')} WHERE ${where.join(' AND ')}
        ORDER BY name LIMIT ${limit + 1}`;
      const options = { ...deadline(), params: params.values };
      const rows = await rowsOf<MetadataRow>(this.#client, sql, options);
      if (rows.length > limit) throw tooMany('metrics', limit);
      const all = metadataOf(rows);
      const found = metric === undefined ? undefined : all.get(metric);
      if (metric === undefined) return all;
      return new Map(found === undefined ? [] : [[metric, found]]);
    });
  }
}

/** Columns by label set: rows of several days, types or targets may have the same labels. */
class Found {
  readonly #all = new Map<string, { labels: Labels; parts: SampleColumns[] }>();

  add(labels: Labels, columns: SampleColumns): void {
    if (columns.length === 0) return;
    const key = labelsKey(labels);
    const known = this.#all.get(key);
    if (known === undefined) this.#all.set(key, { labels, parts: [columns] });
    else known.parts.push(columns);
  }

  /** Adds what the row's suffix means of a distribution. @returns samples */
  addDistribution(row: SeriesRow, one: Distribution, matches: (value: string) => boolean): number {
    if (row.suffix === '_count' || row.suffix === '_sum') {
      const columns = row.suffix === '_count' ? one.count : one.sum;
      this.add(labelsOfRow(row), columns);
      return columns.length;
    }
    let samples = 0;
    const label = row.type === 'summary' ? 'quantile' : 'le';
    for (const [bound, columns] of one.parts) {
      const value = boundText(bound, row.prometheus === 1);
      if (!matches(value)) continue;
      this.add(labelsOfRow(row, [label, value]), columns);
      samples += columns.length;
    }
    return samples;
  }

  sorted(): SeriesSamples[] {
    const all = [...this.#all.values()].sort((a, b) => compareLabels(a.labels, b.labels));
    return all.map(({ labels, parts }) => {
      const { times, values } = mergeColumns(parts);
      return { labels, times, values };
    });
  }
}

/** Points of all rows with the same labels, by time. */
function histogramSeries(
  rows: readonly SeriesRow[],
  histograms: ReadonlyMap<string, readonly HistogramPoint[]>,
): SeriesHistograms[] {
  const all = new Map<string, { labels: Labels; byTime: Map<number, HistogramPoint> }>();
  for (const row of rows) {
    const labels = labelsOfRow(row);
    const key = labelsKey(labels);
    const one = all.get(key) ?? { labels, byTime: new Map<number, HistogramPoint>() };
    for (const point of histograms.get(row.id) ?? []) one.byTime.set(point.timeMs, point);
    if (one.byTime.size > 0) all.set(key, one);
  }
  return [...all.values()]
    .sort((a, b) => compareLabels(a.labels, b.labels))
    .map(({ labels, byTime }) => ({
      labels,
      points: [...byTime.values()].sort((a, b) => a.timeMs - b.timeMs),
    }));
}

function isNative(row: SeriesRow): boolean {
  return row.type === 'exponential_histogram';
}

function isNumber(row: SeriesRow): boolean {
  return row.type === 'gauge' || row.type === 'sum';
}

function tooMany(what: string, limit: number): MetricReadError {
  const message = `cannot answer: more than ${limit} ${what}; ask for less at once`;
  return new MetricReadError(message, 'too_broad');
}

function clamped(ms: number): number {
  return Math.min(LAST_MS, Math.max(0, Math.floor(ms)));
}

function timeOf(ms: number, plusNs: bigint): string {
  return `fromUnixTimestamp64Nano(toInt64(${BigInt(clamped(ms)) * 1_000_000n + plusNs}), 'UTC')`;
}

function within(range: TimeRange): string {
  const { startMs, endMs } = range;
  return `time >= ${timeOf(startMs, 0n)} AND time <= ${timeOf(endMs, 999_999n)}`;
}

/** The day of a time as a literal; Date ends in 2149. */
function dayOf(ms: number): string {
  return `toDate(${Math.min(65_535, Math.floor(clamped(ms) / 86_400_000))})`;
}

function daysOf(range: TimeRange): string[] {
  return [`day >= ${dayOf(range.startMs)}`, `day <= ${dayOf(range.endMs)}`];
}
