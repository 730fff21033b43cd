import { plainFloat } from '../../wire/prometheus/names/float-text.ts';
import { boundOf } from '../../wire/prometheus/scrape/bound-text.ts';
import { RowBinaryReader } from '../traces/row-binary.ts';
import { SampleColumns } from './columns.ts';
import { scratch } from './sample-rows.ts';

/** Columns of the query for histograms and summaries, in the order that they are read in. */
export const distributionRow =
  'series_id, intDiv(reinterpretAsInt64(time), 1000000) AS ms, toUInt8(bitAnd(flags, 1)) AS stale, ' +
  'present, count, sum, bounds, counts, quantile_values';

/**
 * Labels `le` and `quantile` as their sender has them: Prometheus writes `1.0`, its translation of
 * OTLP `1`.
 */
export function boundText(bound: number, fromPrometheus: boolean): string {
  return fromPrometheus ? boundOf(bound) : plainFloat(bound);
}

/** Columns of one distribution: its count, its sum, and those with a label `le` or `quantile`. */
export class Distribution {
  readonly count = new SampleColumns();
  readonly sum = new SampleColumns();
  /** By bound or quantile. */
  readonly parts = new Map<number, SampleColumns>();
  readonly #out = scratch();

  put(columns: SampleColumns, ms: number, value: number): void {
    const { double, halves } = this.#out;
    double[0] = value;
    columns.put(ms, halves[0]!, halves[1]!);
  }

  part(bound: number): SampleColumns {
    let columns = this.parts.get(bound);
    if (columns === undefined) {
      columns = new SampleColumns();
      this.parts.set(bound, columns);
    }
    return columns;
  }

  /** Every series ends at this time. */
  stale(ms: number): void {
    for (const columns of [this.count, this.sum, ...this.parts.values()]) {
      columns.put(ms, 2, 0x7ff0_0000);
    }
  }
}

/**
 * Reads rows of {@link distributionRow}, sorted by series and time.
 * @returns by id in decimal
 */
export function readDistributions(bytes: Uint8Array): Map<string, Distribution> {
  const reader = new RowBinaryReader(bytes);
  const all = new Map<string, Distribution>();
  const float = (): number => reader.float64();
  const count = (): bigint => reader.uint64();
  while (!reader.done) {
    const id = String(reader.uint64());
    let one = all.get(id);
    if (one === undefined) {
      one = new Distribution();
      all.set(id, one);
    }
    const ms = Number(reader.int64());
    const stale = reader.uint8() === 1;
    const present = reader.uint8();
    const total = Number(reader.uint64());
    const sum = reader.float64();
    const bounds = reader.array(float);
    const counts = reader.array(count);
    const quantiles = reader.array(float);
    if (stale) {
      one.stale(ms);
      continue;
    }
    one.put(one.count, ms, total);
    if ((present & 1) === 1) one.put(one.sum, ms, sum);
    for (const [i, value] of quantiles.entries()) {
      one.put(one.part(bounds[i]!), ms, value);
    }
    if (quantiles.length === 0) putBuckets(one, ms, bounds, counts, total);
  }
  return all;
}

/** Buckets of Prometheus count everything up to their bound. */
function putBuckets(
  one: Distribution,
  ms: number,
  bounds: readonly number[],
  counts: readonly bigint[],
  total: number,
): void {
  let sum = 0n;
  for (const [i, bound] of bounds.entries()) {
    sum += counts[i] ?? 0n;
    if (bound !== Number.POSITIVE_INFINITY) one.put(one.part(bound), ms, Number(sum));
  }
  one.put(one.part(Number.POSITIVE_INFINITY), ms, total);
}
