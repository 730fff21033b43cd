import { RowBinaryReader } from '../traces/row-binary.ts';
import type { HistogramPoint } from './model.ts';

/** Columns of the query for exponential histograms, in the order that they are read in. */
export const nativeRow =
  'series_id, intDiv(reinterpretAsInt64(time), 1000000) AS ms, ' +
  'intDiv(reinterpretAsInt64(start_time), 1000000) AS start_ms, ' +
  'toUInt8(bitAnd(flags, 1)) AS stale, present, count, sum, toInt64(scale) AS wide_scale, ' +
  'zero_count, zero_threshold, toInt64(positive_offset) AS positive, counts, ' +
  'toInt64(negative_offset) AS negative, negative_counts';

/**
 * Reads rows of {@link nativeRow}, sorted by series and time; of equal times the last one stays.
 * @returns by id in decimal
 */
export function readHistograms(bytes: Uint8Array): Map<string, HistogramPoint[]> {
  const reader = new RowBinaryReader(bytes);
  const all = new Map<string, HistogramPoint[]>();
  while (!reader.done) {
    const id = String(reader.uint64());
    const list = all.get(id) ?? [];
    all.set(id, list);
    const point = readPoint(reader);
    if (list.at(-1)?.timeMs === point.timeMs) list.pop();
    list.push(point);
  }
  return all;
}

function readPoint(reader: RowBinaryReader): HistogramPoint {
  const int = (): number => Number(reader.int64());
  const count = (): number => Number(reader.uint64());
  const timeMs = int();
  const startMs = int();
  const stale = reader.uint8() === 1;
  const present = reader.uint8();
  const total = count();
  const sum = reader.float64();
  return {
    timeMs,
    startMs,
    stale,
    count: total,
    ...((present & 1) === 1 ? { sum } : {}),
    scale: int(),
    zeroCount: count(),
    zeroThreshold: reader.float64(),
    positive: { offset: int(), counts: reader.array(count) },
    negative: { offset: int(), counts: reader.array(count) },
  };
}
