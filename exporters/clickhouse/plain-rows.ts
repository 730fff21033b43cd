import type { RemoteWriteAddon } from '../../native/remote-write.ts';
import type { Batch } from '../../pdata/batch.ts';
import { inForm, storedBatch } from '../../pdata/form-batch.ts';
import type { Signal } from '../../pdata/signal.ts';
import type { SmartMetricsEncoder } from '../../wire/clickhouse/smart-metrics/encoder.ts';
import {
  putStoredHeader,
  StoredFlag,
  storedHeaderBytes,
  storedRowBytes,
} from '../../wire/clickhouse/smart-metrics/stored-rows.ts';
import {
  type PlainRequest,
  plainForm,
  type RequestSource,
  someSeries,
} from '../../wire/prometheus/remote-write/plain.ts';

const nothing: Uint8Array = new Uint8Array(0);

/** Series by number of label set, for requests of one source. */
class KnownSets {
  series = new Int32Array(4096).fill(-1);
  #setsEpoch = -1;
  #cacheEpoch = -1;
  #generation = -1;

  /** Forgets all when numbers, or what they stand for, are other ones by now. */
  check(setsEpoch: number, cacheEpoch: number, generation: number): void {
    const same =
      setsEpoch === this.#setsEpoch &&
      cacheEpoch === this.#cacheEpoch &&
      generation === this.#generation;
    if (same) return;
    this.series.fill(-1);
    this.#setsEpoch = setsEpoch;
    this.#cacheEpoch = cacheEpoch;
    this.#generation = generation;
  }

  put(set: number, series: number): void {
    if (set >= this.series.length) {
      const wider = new Int32Array(2 ** Math.ceil(Math.log2(set + 1))).fill(-1);
      wider.set(this.series);
      this.series = wider;
    }
    this.series[set] = series;
  }
}

/**
 * Rows of `metric_samples` straight from remote write requests. A series whose row of the day is
 * stored costs a look at its number; the others go by OTLP, and are known from then on.
 */
export class PlainRows {
  readonly #addon: RemoteWriteAddon;
  readonly #encoder: SmartMetricsEncoder;
  readonly #known = new WeakMap<RequestSource, KnownSets>();
  #places = new Uint32Array(4096);
  readonly #result = new Uint32Array(3);

  constructor(addon: RemoteWriteAddon, encoder: SmartMetricsEncoder) {
    this.#addon = addon;
    this.#encoder = encoder;
  }

  /** A plain request in the form in which it waits; other batches as they are. */
  own(batch: Batch<Signal>, nowMs: number): Batch<Signal> {
    const request = inForm<PlainRequest>(batch, plainForm);
    if (request === undefined) return batch;
    const bytes = this.#rowsOf(request, Math.floor(nowMs / 1000));
    return storedBatch('metrics', bytes, batch.itemCount);
  }

  #rowsOf(request: PlainRequest, receipt: number): Uint8Array {
    const { columns } = request;
    const flags =
      (columns.hasStarts ? StoredFlag.STARTS : 0) | (columns.hasStale ? StoredFlag.FLAGS : 0);
    const rowBytes = storedRowBytes(flags);
    const target: Uint8Array = Buffer.allocUnsafeSlow(
      storedHeaderBytes + rowBytes * columns.sampleCount,
    );
    const body = target.subarray(storedHeaderBytes);
    const known = this.#knownOf(request);
    let declared = nothing;
    let otlp = nothing;
    this.#fill(request, known, receipt, body, 0);
    if (this.#result[2]! > 0) {
      declared = this.#declare(request, known, receipt);
      this.#fill(request, known, receipt, body, this.#result[2]!);
    }
    const [rows = 0, day = 0, left = 0] = this.#result;
    if (left > 0) {
      otlp = this.#convert(request, left, [], false);
      this.#addon.closeUp(columns.buffer, body, rows);
    }
    const front = target.subarray(0, storedHeaderBytes + rows * rowBytes);
    const ids = this.#encoder.idsMark;
    putStoredHeader(front, { receipt, day, rows, flags, ids, declared, otlp });
    return declared.length + otlp.length === 0 ? front : Buffer.concat([front, declared, otlp]);
  }

  #knownOf({ source, columns }: PlainRequest): KnownSets {
    let known = this.#known.get(source);
    if (known === undefined) {
      known = new KnownSets();
      this.#known.set(source, known);
    }
    known.check(columns.epoch, this.#encoder.series.epoch, source.generation);
    return known;
  }

  /** Adds the rows of all series, or of the first `count` in `#places`. */
  #fill(
    { columns }: PlainRequest,
    known: KnownSets,
    receipt: number,
    target: Uint8Array,
    count: number,
  ): void {
    const { idLow, idHigh, scale, misses, promisedDay } = this.#encoder.series;
    if (this.#places.length < columns.seriesCount) {
      this.#places = new Uint32Array(2 * columns.seriesCount);
    }
    this.#addon.rows(
      columns.buffer,
      known.series,
      idLow,
      idHigh,
      scale,
      misses,
      promisedDay,
      receipt,
      target,
      this.#places,
      count,
      this.#result,
    );
  }

  /** OTLP of the first `count` series in `#places`. */
  #convert(request: PlainRequest, count: number, order: number[], firstOnly: boolean): Uint8Array {
    const bytes = someSeries(request, this.#places.subarray(0, count));
    const { source, version } = request;
    return Buffer.concat(source.convert(bytes, version, order, firstOnly));
  }

  /** What the rows of series that are left over are made of; they get their numbers. */
  #declare(request: PlainRequest, known: KnownSets, receipt: number): Uint8Array {
    const encoder = this.#encoder;
    const { sets } = request.columns;
    const order: number[] = [];
    const otlp = this.#convert(request, this.#result[2]!, order, true);
    const { epoch } = encoder.series;
    const numbers = encoder.identify(otlp, receipt);
    if (encoder.series.epoch !== epoch) return otlp;
    for (const [i, series] of numbers.entries()) {
      known.put(sets[this.#places[order[i]!]!]!, series);
    }
    return otlp;
  }
}
