import { Cursor, readVarint } from '../../pdata/proto/cursor.ts';
import { Writer } from '../../pdata/proto/writer.ts';
import { SpanColumn, type SpanGrouper, spanStride } from './grouper.ts';

/**
 * A ResourceSpans, with its tag, with the spans of some traces only; scopes whose spans all go, go.
 * Schema URLs and unknown fields are left out.
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
  const group = w.open(1, 2);
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
  w.close(group);
  return w.take();
}

/** Copies the resource or scope (field 1, the first) of the group at `at`, if there is one. */
function copyHead(w: Writer, bytes: Uint8Array, at: number): void {
  const c = new Cursor(bytes, at);
  readVarint(c);
  readVarint(c);
  const head = c.pos;
  if (readVarint(c) !== 10) return;
  const length = readVarint(c);
  w.copy(bytes, head, c.pos + length);
}
