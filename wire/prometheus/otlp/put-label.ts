import type { Writer } from '../../../pdata/proto/writer.ts';
import type { Symbols } from '../remote-write/symbols.ts';

/** Writes a KeyValue with a text. */
export function putLabel(
  w: Writer,
  field: number,
  symbols: Symbols,
  name: number,
  value: number,
): void {
  const { bytes, starts, ends } = symbols;
  const at = w.open(field);
  const from = starts.values[name]!;
  const to = ends.values[name]!;
  w.tag(1, 2);
  w.varint(to - from);
  w.copy(bytes, from, to);
  const start = starts.values[value]!;
  const end = ends.values[value]!;
  const inner = w.open(2);
  w.tag(1, 2);
  w.varint(end - start);
  w.copy(bytes, start, end);
  w.close(inner);
  w.close(at);
}
