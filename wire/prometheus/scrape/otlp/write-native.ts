import type { Writer } from '../../../../pdata/proto/writer.ts';
import type { NativePoint } from '../native.ts';
import { putUnsigned } from './put-unsigned.ts';

/** Most buckets that one side is written with. */
const bucketsMax = 65_536;

/**
 * Writes count, sum and buckets as fields of an ExponentialHistogramDataPoint. Buckets of
 * Prometheus are named by their upper bound, those of OTLP by the lower one: offsets differ by one.
 */
export function putNative(w: Writer, point: NativePoint): void {
  w.tag(4, 1);
  putUnsigned(w, point.count);
  w.doubleField(5, point.sum);
  if (point.schema !== 0) w.sint32Field(6, point.schema);
  if (point.zeroCount !== 0) {
    w.tag(7, 1);
    putUnsigned(w, point.zeroCount);
  }
  putSide(w, 8, point.positiveSpans, point.positive);
  putSide(w, 9, point.negativeSpans, point.negative);
  if (point.zeroThreshold !== 0) w.doubleField(14, point.zeroThreshold);
}

function putSide(
  w: Writer,
  field: number,
  spans: readonly number[],
  counts: readonly number[],
): void {
  if (spans.length === 0) return;
  const side = w.open(field, 2);
  const offset = spans[0]! - 1;
  if (offset !== 0) w.sint32Field(1, offset);
  const at = w.open(2, 2);
  let next = 0;
  let written = 0;
  for (let i = 0; i < spans.length; i += 2) {
    const gap = i === 0 ? 0 : spans[i]!;
    for (let n = 0; n < gap && written < bucketsMax; n += 1, written += 1) w.varint(0);
    for (let n = spans[i + 1]!; n > 0 && written < bucketsMax; n -= 1, written += 1) {
      w.varint(Math.max(0, Math.trunc(counts[next]!)));
      next += 1;
    }
  }
  w.close(at);
  w.close(side);
}
