import type { Writer } from '../../../pdata/proto/writer.ts';
import { staleHi, staleLo } from '../remote-write/request.ts';
import type { ExponentialFields } from './point-fields.ts';

/** Scales that native histograms have. */
const scaleMin = -4;
const scaleMax = 8;

/** What the zero bucket reaches to where a point does not say it. */
const zeroThreshold = 1e-128;

/** Runs of so many empty buckets are written; longer ones are gaps between spans. */
const emptyRun = 2;

/**
 * Writes an exponential point as the fields of a Histogram message of either version.
 * @returns what is wrong, undefined when nothing is
 */
export function putNative(
  w: Writer,
  point: ExponentialFields,
  timeMs: number,
  startMs: number,
): string | undefined {
  if (point.scale < scaleMin) {
    return `cannot convert exponential to native histogram. Scale must be >= -4, was ${point.scale}`;
  }
  const shift = Math.min(31, Math.max(0, point.scale - scaleMax));
  if (point.stale) putHalves(w, 1, staleLo, staleHi);
  else putHalves(w, 1, point.countLo, point.countHi);
  if (point.stale) w.fixed64Field(3, staleLo, staleHi);
  else if (point.hasSum) w.fixed64Field(3, point.sumLo, point.sumHi);
  const scale = Math.min(point.scale, scaleMax);
  if (scale !== 0) w.sint32Field(4, scale);
  w.doubleField(5, point.zeroThreshold === 0 ? zeroThreshold : point.zeroThreshold);
  putHalves(w, 6, point.zeroLo, point.zeroHi);
  putSide(w, 8, point.negativeOffset, point.negative, shift);
  putSide(w, 11, point.positiveOffset, point.positive, shift);
  if (timeMs !== 0) w.intField(15, timeMs);
  if (startMs !== 0) w.intField(17, startMs);
  return undefined;
}

function putHalves(w: Writer, field: number, lo: number, hi: number): void {
  w.tag(field, 0);
  w.varintHalves(lo, hi);
}

/** Spans as field `field`, deltas of their buckets as the next one. */
function putSide(
  w: Writer,
  field: number,
  offset: number,
  counts: readonly number[],
  shift: number,
): void {
  if (counts.length === 0) return;
  const merged = shift === 0 ? counts : mergeBuckets(offset, counts, shift);
  const spans = [(offset >> shift) + 1, 0];
  const deltas: number[] = [];
  let before = 0;
  let empty = 0;
  const append = (count: number): void => {
    spans[spans.length - 1]! += 1;
    deltas.push(count - before);
    before = count;
  };
  for (const [i, count] of merged.entries()) {
    if (count === 0 && i < merged.length - 1) {
      empty += 1;
      continue;
    }
    if (empty > emptyRun) spans.push(empty, 0);
    else for (; empty > 0; empty -= 1) append(0);
    empty = 0;
    append(count);
  }
  for (let i = 0; i < spans.length; i += 2) {
    const at = w.open(field);
    if (spans[i] !== 0) w.sint32Field(1, spans[i]!);
    if (spans[i + 1] !== 0) w.uintField(2, spans[i + 1]!);
    w.close(at);
  }
  const at = w.open(field + 1);
  for (const delta of deltas) w.sint64(delta);
  w.close(at);
}

/** Buckets of a scale that is `shift` lower. */
function mergeBuckets(offset: number, counts: readonly number[], shift: number): number[] {
  const out: number[] = [];
  const first = offset >> shift;
  for (const [i, count] of counts.entries()) {
    const at = ((offset + i) >> shift) - first;
    out[at] = (out[at] ?? 0) + count;
  }
  return out;
}
