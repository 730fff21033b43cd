import { Exemplars } from '../../pipeline/series/exemplars.ts';
import { type Histograms, histogramsOf } from '../../pipeline/series/histograms.ts';
import type { SeriesKey } from '../../pipeline/series/key.ts';
import { Column, SeriesTable } from '../../pipeline/series/table.ts';

/** What a set of series keeps for each. */
export interface SeriesKind {
  /** Upper bounds, or the number of exponential buckets; undefined = no histogram. */
  readonly buckets: readonly number[] | number | undefined;
  /** Exemplars a series and flush; 0 = none. */
  readonly exemplars: number;
  /** Series at most, beside the one that the others count for; 0 = any number. */
  readonly limit: number;
}

/** Series of one resource with the same dimensions: counts, and a histogram if asked for. */
export class SeriesSet {
  readonly table = new SeriesTable();
  readonly counts = new Column();
  /** Nanoseconds since 1970 of the first and milliseconds (monotonic) of the last span. */
  readonly starts = new Column();
  readonly seen = new Column();
  /** 1 = has been exported. */
  readonly exported = new Column();
  readonly histograms: Histograms | undefined;
  readonly exemplars: Exemplars | undefined;
  /** The series that those beyond the limit count for, -1 = not needed yet. */
  overflow = -1;
  readonly #limit: number;

  constructor({ buckets, exemplars, limit }: SeriesKind) {
    if (buckets !== undefined) this.histograms = histogramsOf(buckets);
    if (exemplars > 0) this.exemplars = new Exemplars(exemplars);
    this.#limit = limit;
  }

  get bytes(): number {
    const columns = this.counts.bytes * 4;
    const values = (this.histograms?.bytes ?? 0) + (this.exemplars?.bytes ?? 0);
    return this.table.bytes + columns + values;
  }

  get isFull(): boolean {
    return this.#limit > 0 && this.table.size >= this.#limit;
  }

  add(key: SeriesKey, hash: number, attributes: Uint8Array, startNs: number): number {
    const i = this.table.add(key, hash, attributes);
    this.counts.open(i);
    this.starts.open(i);
    this.seen.open(i);
    this.exported.open(i);
    this.histograms?.open(i);
    this.starts.values[i] = startNs;
    return i;
  }

  /** Forgets series that no span came for since `beforeMs`. */
  expire(beforeMs: number): void {
    const { overflow } = this;
    const left = this.table.retain((i) => this.seen.values[i]! > beforeMs);
    if (left === undefined) return;
    for (const column of [this.counts, this.starts, this.seen, this.exported]) column.reorder(left);
    this.histograms?.reorder(left);
    this.exemplars?.reorder(left);
    this.overflow = overflow < 0 ? -1 : left.indexOf(overflow);
  }
}
