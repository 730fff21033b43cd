import type { MetricsBuilder, Temporality } from '../../pdata/builder.ts';
import type { Writer } from '../../pdata/proto/writer.ts';
import { Column } from './table.ts';

/** Explicit-bucket histograms of the series of a table. */
export class ExplicitHistograms {
  readonly bounds: readonly number[];
  /** Fields of a HistogramDataPoint that others write. */
  readonly fields = { attributes: 9, exemplars: 8 } as const;
  readonly #bounds: Float64Array;
  /** Count and sum, then the buckets. */
  readonly #column: Column;

  /** @param bounds upper bounds, inclusive; ascending, or buckets are found as by binary search */
  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.#bounds = Float64Array.from(bounds);
    this.#column = new Column(bounds.length + 3);
  }

  get bytes(): number {
    return this.#column.bytes;
  }

  open(series: number): void {
    this.#column.open(series);
  }

  /** Counts `value` as `times` observations. */
  record(series: number, value: number, times: number): void {
    const bounds = this.#bounds;
    let low = 0;
    let high = bounds.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (bounds[middle]! >= value) high = middle;
      else low = middle + 1;
    }
    const { values, width } = this.#column;
    const at = series * width;
    values[at]! += times;
    values[at + 1]! += value * times;
    values[at + 2 + low]! += times;
  }

  count(series: number): number {
    return this.#column.values[series * this.#column.width]!;
  }

  /** Begins the data of a metric. */
  begin(builder: MetricsBuilder, temporality: Temporality): void {
    builder.histogram(temporality);
  }

  /** Writes count, sum, buckets and bounds of a HistogramDataPoint. */
  write(w: Writer, series: number): void {
    const { values, width } = this.#column;
    const at = series * width;
    wholeField(w, 4, values[at]!);
    w.doubleField(5, values[at + 1]!);
    const buckets = this.bounds.length + 1;
    w.tag(6, 2);
    w.varint(buckets * 8);
    for (let i = 0; i < buckets; i += 1) {
      const count = values[at + 2 + i]!;
      w.fixed64((count % 4294967296) >>> 0, Math.floor(count / 4294967296));
    }
    if (this.bounds.length === 0) return;
    w.tag(7, 2);
    w.varint(this.bounds.length * 8);
    for (const bound of this.bounds) w.double(bound);
  }

  reorder(left: Int32Array): void {
    this.#column.reorder(left);
  }
}

/** A whole number, a count or nanoseconds, as a field of fixed 64 bits. */
export function wholeField(w: Writer, field: number, value: number): void {
  w.fixed64Field(field, (value % 4294967296) >>> 0, Math.floor(value / 4294967296));
}
