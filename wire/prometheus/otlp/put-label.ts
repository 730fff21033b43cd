import type { Writer } from '../../../pdata/proto/writer.ts';
import type { Symbols } from '../remote-write/symbols.ts';

/** Writes a KeyValue with a text. @param field below 16 */
export function putLabel(
  w: Writer,
  field: number,
  symbols: Symbols,
  name: number,
  value: number,
): void {
  const { bytes, starts, ends } = symbols;
  const from = starts.values[name]!;
  const to = ends.values[name]!;
  const start = starts.values[value]!;
  const end = ends.values[value]!;
  const inner = end - start + 2;
  const size = to - from + 4 + inner;
  if (size < 128) {
    // nearly all labels: every length is one byte
    w.need(size + 2);
    const b = w.bytes;
    let p = w.length;
    b[p] = field * 8 + 2;
    b[p + 1] = size;
    b[p + 2] = 10;
    b[p + 3] = to - from;
    p += 4;
    for (let i = from; i < to; i += 1, p += 1) b[p] = bytes[i]!;
    b[p] = 18;
    b[p + 1] = inner;
    b[p + 2] = 10;
    b[p + 3] = end - start;
    p += 4;
    for (let i = start; i < end; i += 1, p += 1) b[p] = bytes[i]!;
    w.length = p;
    return;
  }
  const at = w.open(field);
  w.tag(1, 2);
  w.varint(to - from);
  w.copy(bytes, from, to);
  const content = w.open(2);
  w.tag(1, 2);
  w.varint(end - start);
  w.copy(bytes, start, end);
  w.close(content);
  w.close(at);
}
