import { type Allocate, type Block, writeBlock } from '../block.ts';
import { ByteBuffer } from '../byte-buffer.ts';
import { DayTables } from '../day-tables.ts';
import { Message } from '../message.ts';
import { dataField } from '../otel/point-values.ts';
import { sealDictionaries } from '../smart/dictionary-rows.ts';
import { SmartEncoder } from '../smart/encoder.ts';
import { appendText, type InternedSet, type SetLimits, sortedByKey } from '../smart/sets.ts';
import { sipHash24 } from '../smart/siphash.ts';
import { appendTypedJson } from '../smart/typed-json.ts';
import type { WrittenRows } from '../smart/written-rows.ts';
import { dayOf, SECONDS_A_DAY } from '../time.ts';
import { Decimal, Scale } from './decimal.ts';
import { DistributionFields } from './distributions.ts';
import { ExemplarsTable, HistogramsTable, putNumber, SamplesTable } from './point-tables.ts';
import { SeriesCache, type SeriesLimits } from './series-cache.ts';
import { DESCRIPTION, METADATA, type MetricHead, NAME, SeriesTable, UNIT } from './series-table.ts';
import { plainSealer, type SampleSealer, sampleColumns } from './sorted-samples.ts';
import { readStoredRows } from './stored-rows.ts';

const GAUGE = 5;
const SUM = 7;
const HISTOGRAM = 9;
const EXPONENTIAL = 10;
const SUMMARY = 11;

/** Values in a row without a scale after which only every 64th is tried with all of them. */
const MISSES = 8;
const RETRY_MASK = 63;

/** A sealed batch of points: blocks in the order in which they are inserted. */
export interface SealedMetrics {
  readonly blocks: readonly Block[];
  /** Dictionary rows in it, for WrittenRows.add once they are delivered. */
  readonly dictionaryKeys: readonly string[];
}

interface DaySets {
  readonly resources: Set<InternedSet>;
  readonly scopes: Set<InternedSet>;
}

/** The metric at hand. */
class Head implements MetricHead {
  b: Uint8Array = new Uint8Array(0);
  readonly metric = new Message({ attributes: METADATA, listA: 0, listB: 0 });
  kind = 0;
  temporality = 0;
  monotonic = 0;
  /** Hash of description and metadata. */
  said = 0;
  resource!: InternedSet;
  scope!: InternedSet;
}

/**
 * Metrics as rows of schema `smart` (docs/schema.md): label sets once a day in `metric_series`,
 * points of gauges and sums in `metric_samples`, all others in `metric_histograms`, exemplars in
 * `metric_exemplars`. Metrics without data are skipped.
 */
export class SmartMetricsEncoder extends SmartEncoder {
  readonly #series = new DayTables(() => new SeriesTable());
  readonly #samples = new DayTables(() => new SamplesTable());
  readonly #histograms = new DayTables(() => new HistogramsTable());
  readonly #exemplars = new DayTables(() => new ExemplarsTable());
  readonly #cache: SeriesCache;
  /** Tells the ids that are given here from those under another key; never 0, 32 bits. */
  readonly idsMark: number;
  readonly #key: Uint8Array;
  readonly #sealer: SampleSealer;
  readonly #head = new Head();
  readonly #headBytes = new ByteBuffer(256);
  readonly #canonical = new ByteBuffer(512);
  readonly #value = new ByteBuffer(128);
  readonly #data = new Message({ attributes: 0, listA: 1, listB: 0 });
  readonly #number = new Message({ attributes: 7, listA: 5, listB: 0 });
  readonly #exemplar = new Message({ attributes: 7, listA: 0, listB: 0 });
  readonly #fields = new DistributionFields();
  readonly #decimal = new Decimal();
  readonly #hash = { low: 0, high: 0 };
  /** Sets that new series of a day refer to. */
  readonly #used = new Map<number, DaySets>();
  #keys: string[] = [];
  #mode: 'add' | 'identify' | 'declare' = 'add';
  /** Numbers of the series of points that are identified. */
  #identified: number[] = [];
  /** Number of the batch that is being filled. */
  #batch = 0;

  /**
   * @param key 16 bytes of setting `id_key`
   * @param written dictionary rows that need no repeating
   */
  constructor(
    key: Uint8Array,
    written: WrittenRows,
    limits?: SetLimits,
    seriesLimits?: SeriesLimits,
    sealer: SampleSealer = plainSealer,
  ) {
    super(key, written, limits, SECONDS_A_DAY);
    this.#key = key;
    this.idsMark = markOf(key);
    this.#sealer = sealer;
    this.#cache = new SeriesCache(seriesLimits);
  }

  /** What is known of series; numbers hold for one `epoch` of it. */
  get series(): SeriesCache {
    return this.#cache;
  }

  /**
   * The numbers of the series of all points, in their order; nothing is added. Points are those of
   * gauges and sums alone. That the range is queued is a promise of rows of these series, so that
   * further points of them may come as rows: `forgetPromises` where it does not come to it.
   * @param receiptSeconds when the batch came in, Unix seconds
   */
  identify(range: Uint8Array, receiptSeconds: number): readonly number[] {
    this.#identified = [];
    this.#append(range, receiptSeconds, 'identify');
    return this.#identified;
  }

  #append(range: Uint8Array, receiptSeconds: number, mode: 'identify' | 'declare'): void {
    this.#mode = mode;
    try {
      super.append(range, receiptSeconds);
    } finally {
      this.#mode = 'add';
    }
  }

  /** Something queued was lost: rows of series that it may have held are written once more. */
  forgetPromises(): void {
    this.#cache.promisedDay.fill(-1);
  }

  /** Whether the row that a series has on a day is stored. */
  #isStored(series: number, day: number): boolean {
    const cache = this.#cache;
    if (cache.storedDay[series] === day) return true;
    if (!this.written.has(this.#keyOf(series, day))) return false;
    cache.storedDay[series] = day;
    return true;
  }

  /**
   * Adds rows in the form in which they waited, kept until `seal`. Throws on bytes that are
   * something else.
   * @returns false, and nothing is added, when their ids are those of another key
   */
  appendStored(bytes: Uint8Array): boolean {
    const stored = readStoredRows(bytes);
    if (stored.rows > 0 && stored.ids !== 0 && stored.ids !== this.idsMark) return false;
    if (stored.rows > 0) this.#samples.for(stored.day).putPiece(bytes, stored.rows);
    const { declared, otlp, receipt } = stored;
    if (declared.length > 0) this.#append(declared, receipt, 'declare');
    if (otlp.length > 0) this.append(otlp, receipt);
    return true;
  }

  item(b: Uint8Array, start: number, end: number): void {
    const head = this.#head;
    const { metric } = head;
    metric.read(b, start, end);
    head.kind = dataField(metric);
    if (head.kind === 0) return;
    const data = this.#data;
    data.read(b, metric.start[head.kind]!, metric.end[head.kind]!);
    const untimed = head.kind === GAUGE || head.kind === SUMMARY;
    head.b = b;
    head.temporality = untimed ? 0 : data.varint(b, 2);
    head.monotonic = head.kind === SUM ? data.varint(b, 3) : 0;
    head.resource = this.currentResource!;
    head.scope = this.currentScope!;
    head.said = saidHash(b, metric);
    this.#cache.makeRoom();
    const number = this.#headNumber();
    for (let i = 0; i < data.listA.count; i++) {
      this.#point(b, number, data.listA.start(i), data.listA.end(i));
    }
  }

  /** What tells this metric's series from those of others; also the front of their canonical form. */
  #headNumber(): number {
    const { b, metric, kind, temporality, monotonic, resource, scope } = this.#head;
    const bytes = this.#headBytes;
    bytes.length = 0;
    bytes.u64(resource.idLow, resource.idHigh);
    bytes.u64(scope.idLow, scope.idHigh);
    bytes.u8(kind);
    bytes.u32(temporality);
    bytes.u8(monotonic === 0 ? 0 : 1);
    appendText(bytes, b, metric.start[NAME]!, metric.end[NAME]!);
    appendText(bytes, b, metric.start[UNIT]!, metric.end[UNIT]!);
    return this.#cache.head(bytes);
  }

  #point(b: Uint8Array, head: number, start: number, end: number): void {
    const { kind } = this.#head;
    if (this.#mode !== 'add') this.#look(b, head, start, end);
    else if (kind === GAUGE || kind === SUM) this.#numberPoint(b, head, start, end);
    else this.#distribution(b, head, start, end);
  }

  #look(b: Uint8Array, head: number, start: number, end: number): void {
    const point = this.#number;
    point.read(b, start, end);
    const day = dayOf(this.bucketOf(point.low(b, 3), point.high(b, 3)));
    if (this.#mode === 'declare') {
      this.#find(head, b, point, day);
      return;
    }
    const known = this.#cache.size;
    const series = this.#cache.find(head, b, point.attributes);
    if (series === known) this.#name(series, b, point);
    this.#cache.say(series, this.#head.said);
    this.#cache.promisedDay[series] = day;
    this.#identified.push(series);
  }

  #numberPoint(b: Uint8Array, head: number, start: number, end: number): void {
    const point = this.#number;
    point.read(b, start, end);
    const day = dayOf(this.bucketOf(point.low(b, 3), point.high(b, 3)));
    const series = this.#find(head, b, point, day);
    const cache = this.#cache;
    const table = this.#samples.for(day);
    table.rows++;
    table.head.put(day, cache.idLow[series]!, cache.idHigh[series]!, b, point, 8);
    const known = cache.scale[series]!;
    const misses = cache.misses[series]!;
    const search = misses < MISSES || (misses & RETRY_MASK) === 0;
    const scale = putNumber(table, this.#decimal, b, point, 4, 6, known, search);
    if (scale >= 0) {
      if (scale > known) cache.scale[series] = scale;
      if (misses !== 0) cache.misses[series] = 0;
    } else if (scale === Scale.BITS && this.#decimal.finite) {
      cache.misses[series] = misses === 255 ? MISSES : misses + 1;
    }
    if (point.listA.count > 0) this.#putExemplars(b, day, series, point);
  }

  #distribution(b: Uint8Array, head: number, start: number, end: number): void {
    const fields = this.#fields;
    const { kind } = this.#head;
    const point =
      kind === HISTOGRAM
        ? fields.explicit
        : kind === EXPONENTIAL
          ? fields.exponential
          : fields.summary;
    point.read(b, start, end);
    const day = dayOf(this.bucketOf(point.low(b, 3), point.high(b, 3)));
    const series = this.#find(head, b, point, day);
    const cache = this.#cache;
    const table = this.#histograms.for(day);
    table.rows++;
    const flags = kind === SUMMARY ? 8 : 10;
    table.head.put(day, cache.idLow[series]!, cache.idHigh[series]!, b, point, flags);
    if (kind === HISTOGRAM) fields.putExplicit(table, b, start, end);
    else if (kind === EXPONENTIAL) fields.putExponential(table, b);
    else fields.putSummary(table, b);
    if (kind !== SUMMARY && point.listA.count > 0) this.#putExemplars(b, day, series, point);
  }

  #putExemplars(b: Uint8Array, day: number, series: number, point: Message): void {
    const { listA } = point;
    const table = this.#exemplars.for(day);
    const exemplar = this.#exemplar;
    const { idLow, idHigh } = this.#cache;
    for (let i = 0; i < listA.count; i++) {
      exemplar.read(b, listA.start(i), listA.end(i));
      table.put(day, idLow[series]!, idHigh[series]!, b, exemplar);
      putNumber(table, this.#decimal, b, exemplar, 3, 6, 0, true);
    }
  }

  /** The number of the series of a point, whose row is written if it is not known to be stored. */
  #find(head: number, b: Uint8Array, point: Message, day: number): number {
    const cache = this.#cache;
    const known = cache.size;
    const series = cache.find(head, b, point.attributes);
    if (series === known) this.#name(series, b, point);
    cache.say(series, this.#head.said);
    if (cache.storedDay[series] === day) return series;
    if (cache.batch[series] !== this.#batch || cache.batchDay[series] !== day) {
      this.#writeSeries(series, point, day);
    }
    return series;
  }

  /**
   * Gives a series its id: the hash of its head and its attributes sorted by key, values as typed
   * JSON; the first 12 bits are those of its name, so that a metric's series lie together, the next
   * 8 those of its resource, so that series with the same times do.
   */
  #name(series: number, b: Uint8Array, point: Message): void {
    const list = point.attributes;
    const head = this.#headBytes;
    const out = this.#canonical;
    out.length = 0;
    out.copy(head.bytes, 0, head.length);
    out.varint(list.count);
    const value = this.#value;
    for (const i of sortedByKey(b, list)) {
      appendText(out, b, list.keyStart[i]!, list.keyEnd[i]!);
      value.length = 0;
      appendTypedJson(value, b, list.valueStart[i]!, list.valueEnd[i]!, 'sorted');
      appendText(out, value.bytes, 0, value.length);
    }
    const hash = this.#hash;
    const { metric } = this.#head;
    sipHash24(this.#key, b, metric.start[NAME]!, metric.end[NAME]!, hash);
    const first = (hash.high & 0xfff0_0000) | ((this.#head.resource.idHigh >>> 12) & 0xf_f000);
    sipHash24(this.#key, out.bytes, 0, out.length, hash);
    this.#cache.idLow[series] = hash.low;
    this.#cache.idHigh[series] = first | (hash.high & 0xfff);
  }

  /** By which a row of `metric_series` is known: what is said otherwise is written again. */
  #keyOf(series: number, day: number): string {
    const { idLow, idHigh, said } = this.#cache;
    const id = `${idHigh[series]!.toString(36)} ${idLow[series]!.toString(36)}`;
    return `${day} series ${id} ${said[series]!.toString(36)}`;
  }

  #writeSeries(series: number, point: Message, day: number): void {
    if (this.#isStored(series, day)) return;
    const cache = this.#cache;
    const low = cache.idLow[series]!;
    const high = cache.idHigh[series]!;
    cache.batch[series] = this.#batch;
    cache.batchDay[series] = day;
    this.#keys.push(this.#keyOf(series, day));
    const head = this.#head;
    this.#series.for(day).put(day, low, high, head, point.attributes);
    let used = this.#used.get(day);
    if (used === undefined) {
      used = { resources: new Set(), scopes: new Set() };
      this.#used.set(day, used);
    }
    used.resources.add(head.resource);
    used.scopes.add(head.scope);
  }

  /**
   * What was added: dictionary rows that are not known to be written, then points, one block a day
   * and table. The encoder is empty afterwards.
   */
  seal(batchId: bigint, allocate?: Allocate): SealedMetrics {
    const blocks: Block[] = [];
    const dictionaryKeys: string[] = [];
    for (const [day, { resources, scopes }] of [...this.#used].sort((a, b) => a[0] - b[0])) {
      const rows = { day, resources, scopes, operations: [] };
      sealDictionaries(rows, this.written, blocks, dictionaryKeys);
    }
    this.#used.clear();
    for (const key of this.#keys) dictionaryKeys.push(key);
    this.#keys = [];
    this.#batch++;
    const options = { batchId, ...(allocate === undefined ? {} : { allocate }) };
    blocks.push(
      ...this.#series.seal({ ...options, table: 'metric_series' }),
      ...this.#samples.sealEach((table, day) => this.#sealSamples(table, day, allocate)),
      ...this.#histograms.seal({ ...options, table: 'metric_histograms' }),
      ...this.#exemplars.seal({ ...options, table: 'metric_exemplars' }),
    );
    return { blocks, dictionaryKeys };
  }

  #sealSamples(table: SamplesTable, day: number, allocate: Allocate | undefined): Block[] {
    const blocks: Block[] = [];
    const add = (of: number, pieces: readonly Uint8Array[]): void => {
      const rows = pieces.reduce((sum, piece) => sum + readStoredRows(piece).rows, 0);
      const { flags, body } = this.#sealer.seal(pieces, of, rows, allocate);
      const columns = sampleColumns(flags);
      blocks.push({ table: 'metric_samples', day: of, rows, columns, body });
    };
    if (day >= 0) add(day, table.allPieces());
    else {
      // days beyond those that get a table: the columns have the day of each row
      const days = Map.groupBy(table.pieces, (piece) => readStoredRows(piece).day);
      for (const [of, pieces] of days) add(of, pieces);
      const rows = table.rows - table.pieceRows;
      const columns = table.columns.map(({ name }) => name);
      const body = writeBlock(table.columns, rows, allocate);
      if (rows > 0) blocks.push({ table: 'metric_samples', day, rows, columns, body });
    }
    table.clear();
    return blocks;
  }
}

function markOf(key: Uint8Array): number {
  const text = Buffer.from('ids of series');
  const hash = { low: 0, high: 0 };
  sipHash24(key, text, 0, text.length, hash);
  return hash.low || 1;
}

/** FNV-1a of description and metadata of a metric, 0 where there is none. */
function saidHash(b: Uint8Array, metric: Message): number {
  const { attributes: list } = metric;
  let hash = fnv(0, b, metric.start[DESCRIPTION]!, metric.end[DESCRIPTION]!);
  for (let i = 0; i < list.count; i++) {
    hash = fnv(hash, b, list.keyStart[i]!, list.keyEnd[i]!);
    hash = fnv(hash, b, list.valueStart[i]!, list.valueEnd[i]!);
  }
  return hash;
}

function fnv(from: number, b: Uint8Array, start: number, end: number): number {
  let hash = from;
  for (let i = start; i < end; i++) hash = Math.imul(hash ^ b[i]!, 0x01000193) ^ 0x9dc5;
  return hash;
}
