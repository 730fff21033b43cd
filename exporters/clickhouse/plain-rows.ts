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

const nothing = new Uint8Array(0);

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
  #leftOver = new Uint32Array(4096);
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
    const room = storedHeaderBytes + rowBytes * columns.sampleCount;
    let target: Uint8Array = Buffer.allocUnsafeSlow(room);
    const known = this.#knownOf(request);
    this.#fill(request, known, receipt, target.subarray(storedHeaderBytes));
    const [rows = 0, day = 0, left = 0] = this.#result;
    const otlp = left === 0 ? nothing : this.#slowly(request, known, receipt, day, left);
    if (left > 0) {
      const end = storedHeaderBytes + rows * rowBytes;
      target = Buffer.concat([target.subarray(0, end), otlp]);
    }
    putStoredHeader(target, { receipt, day, rows, flags, otlp });
    return target;
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

  #fill({ columns }: PlainRequest, known: KnownSets, receipt: number, target: Uint8Array): void {
    const { idLow, idHigh, scale, misses, storedDay } = this.#encoder.series;
    if (this.#leftOver.length < columns.seriesCount) {
      this.#leftOver = new Uint32Array(2 * columns.seriesCount);
    }
    this.#addon.rows(
      columns.buffer,
      known.series,
      idLow,
      idHigh,
      scale,
      misses,
      storedDay,
      receipt,
      target,
      this.#leftOver,
      this.#result,
    );
  }

  /** OTLP of the first `left` series that are left over; they get their numbers. */
  #slowly(
    request: PlainRequest,
    known: KnownSets,
    receipt: number,
    day: number,
    left: number,
  ): Uint8Array {
    const encoder = this.#encoder;
    const places = this.#leftOver.subarray(0, left);
    const { sets } = request.columns;
    const order: number[] = [];
    const bytes = someSeries(request, places);
    const otlp = Buffer.concat(request.source.convert(bytes, request.version, order));
    let unknown = false;
    for (const place of places) {
      const series = known.series[sets[place]!] ?? -1;
      if (series === -1) unknown = true;
      // what has been stored by now is taken at once the next time
      else encoder.isStored(series, day);
    }
    if (!unknown) return otlp;
    const { epoch } = encoder.series;
    const numbers = encoder.identify(otlp, receipt);
    if (encoder.series.epoch !== epoch) return otlp;
    for (const [i, series] of numbers.entries()) known.put(sets[places[order[i]!]!]!, series);
    return otlp;
  }
}
