import { Cursor, noBytes, readVarint } from '../../pdata/proto/cursor.ts';
import { Writer } from '../../pdata/proto/writer.ts';
import { SpanColumn, type SpanGrouper, spanStride } from './grouper.ts';

/**
 * The fields of a ResourceSpans with the spans of some traces only; scopes whose spans all go, go.
 * @param keep whether a trace of the grouper stays
 */
export function compactTraces(
  grouper: SpanGrouper,
  keep: (trace: number) => boolean,
): Uint8Array<ArrayBuffer> {
  const { bytes, spans } = grouper;
  const order: number[] = [];
  for (let trace = 0; trace < grouper.traceCount; trace += 1) {
    if (!keep(trace)) continue;
    for (let i = grouper.first[trace]!; i >= 0; i = spans[i * spanStride + SpanColumn.next]!) {
      order.push(i);
    }
  }
  order.sort((a, b) => a - b);
  const w = new Writer(1024);
  copyHead(w, bytes, grouper.group);
  let scope = -1;
  let opened = -1;
  for (const i of order) {
    const at = i * spanStride;
    if (spans[at + SpanColumn.scope] !== scope) {
      if (opened >= 0) w.close(opened);
      scope = spans[at + SpanColumn.scope]!;
      opened = w.open(2, 2);
      copyHead(w, bytes, scope);
    }
    w.copy(bytes, spans[at]!, spans[at + SpanColumn.end]!);
  }
  if (opened >= 0) w.close(opened);
  return w.take();
}

/** Copies the head (field 1) that stands at `at`, if there is one. */
function copyHead(w: Writer, bytes: Uint8Array, at: number): void {
  if (at >= bytes.length) return;
  const c = new Cursor(noBytes);
  c.bytes = bytes;
  c.pos = at;
  if (readVarint(c) !== 10) return;
  const length = readVarint(c);
  w.copy(bytes, at, c.pos + length);
}
