import { Message } from '../message.ts';
import { repeated64, repeatedVarint64, zigzag } from '../otel/point-values.ts';
import { Scan } from '../scan.ts';
import type { HistogramsTable } from './point-tables.ts';

const none = { attributes: 0, listA: 0, listB: 0 };

/** Reads points that are distributions, and adds what only they have. */
export class DistributionFields {
  readonly explicit = new Message({ attributes: 9, listA: 8, listB: 0 });
  readonly exponential = new Message({ attributes: 1, listA: 11, listB: 0 });
  readonly summary = new Message({ attributes: 7, listA: 6, listB: 0 });
  readonly #buckets = new Message(none);
  readonly #quantile = new Message(none);
  readonly #scan = new Scan();

  /** The histogram in bytes `[start, end)`, which `explicit` has read. */
  putExplicit(table: HistogramsTable, b: Uint8Array, start: number, end: number): void {
    putTotals(table, b, this.explicit, 11);
    const { bounds, counts } = table;
    bounds.offsets.end(repeated64(bounds.items, b, start, end, 7, this.#scan));
    counts.offsets.end(repeated64(counts.items, b, start, end, 6, this.#scan));
    table.scale.data.u32(0);
    table.zeroCount.data.u64(0, 0);
    table.zeroThreshold.data.u64(0, 0);
    table.positiveOffset.data.u32(0);
    table.negativeOffset.data.u32(0);
    table.negativeCounts.offsets.end(0);
    table.quantileValues.offsets.end(0);
  }

  /** What `exponential` has read. */
  putExponential(table: HistogramsTable, b: Uint8Array): void {
    const point = this.exponential;
    putTotals(table, b, point, 12);
    table.bounds.offsets.end(0);
    table.scale.data.u32(zigzag(point.varint(b, 6)));
    table.zeroCount.data.u64(point.low(b, 7), point.high(b, 7));
    table.zeroThreshold.data.u64(point.low(b, 14), point.high(b, 14));
    const buckets = this.#buckets;
    const { counts, negativeCounts } = table;
    buckets.read(b, point.start[8]!, point.end[8]!);
    table.positiveOffset.data.u32(zigzag(buckets.varint(b, 1)));
    counts.offsets.end(
      repeatedVarint64(counts.items, b, point.start[8]!, point.end[8]!, this.#scan),
    );
    buckets.read(b, point.start[9]!, point.end[9]!);
    table.negativeOffset.data.u32(zigzag(buckets.varint(b, 1)));
    negativeCounts.offsets.end(
      repeatedVarint64(negativeCounts.items, b, point.start[9]!, point.end[9]!, this.#scan),
    );
    table.quantileValues.offsets.end(0);
  }

  /** What `summary` has read; quantiles go to `bounds`. */
  putSummary(table: HistogramsTable, b: Uint8Array): void {
    const point = this.summary;
    table.present.data.u8(1);
    table.count.data.u64(point.low(b, 4), point.high(b, 4));
    table.sum.data.u64(point.low(b, 5), point.high(b, 5));
    table.min.data.u64(0, 0);
    table.max.data.u64(0, 0);
    const quantile = this.#quantile;
    const { bounds, quantileValues } = table;
    const { listA } = point;
    for (let i = 0; i < listA.count; i++) {
      quantile.read(b, listA.start(i), listA.end(i));
      bounds.items.data.u64(quantile.low(b, 1), quantile.high(b, 1));
      quantileValues.items.data.u64(quantile.low(b, 2), quantile.high(b, 2));
    }
    bounds.offsets.end(listA.count);
    quantileValues.offsets.end(listA.count);
    table.counts.offsets.end(0);
    table.scale.data.u32(0);
    table.zeroCount.data.u64(0, 0);
    table.zeroThreshold.data.u64(0, 0);
    table.positiveOffset.data.u32(0);
    table.negativeOffset.data.u32(0);
    table.negativeCounts.offsets.end(0);
  }
}

/** Count and sum are fields 4 and 5; min is field `min`, max the one after it. */
function putTotals(table: HistogramsTable, b: Uint8Array, point: Message, min: number): void {
  const present = (point.has(5) ? 1 : 0) | (point.has(min) ? 2 : 0) | (point.has(min + 1) ? 4 : 0);
  table.present.data.u8(present);
  table.count.data.u64(point.low(b, 4), point.high(b, 4));
  table.sum.data.u64(point.low(b, 5), point.high(b, 5));
  table.min.data.u64(point.low(b, min), point.high(b, min));
  table.max.data.u64(point.low(b, min + 1), point.high(b, min + 1));
}
