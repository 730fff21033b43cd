import type { Writer } from '../../../pdata/proto/writer.ts';
import { startOf, type WriteRequest } from '../remote-write/request.ts';
import { putLabel } from './put-label.ts';
import type { Nanoseconds } from './time.ts';

/** Labels of exemplars that OTLP has fields for, with the field and the bytes. */
const ids: Readonly<Record<string, { readonly field: number; readonly bytes: number }>> = {
  trace_id: { field: 5, bytes: 16 },
  span_id: { field: 4, bytes: 8 },
};

/** Writes exemplar `i` of a request as field `field` of a point. */
export function putExemplar(
  w: Writer,
  field: number,
  request: WriteRequest,
  i: number,
  time: Nanoseconds,
): void {
  const { symbols, exemplarLabels, exemplarLabelEnds, exemplarBits } = request;
  const at = w.open(field);
  time.set(request.exemplarTimes.values[i]!);
  w.fixed64Field(2, time.lo, time.hi);
  w.fixed64Field(3, exemplarBits.values[2 * i]!, exemplarBits.values[2 * i + 1]!);
  const end = exemplarLabelEnds.values[i]!;
  for (let label = startOf(exemplarLabelEnds, i); label < end; label += 2) {
    const name = exemplarLabels.values[label]!;
    const value = exemplarLabels.values[label + 1]!;
    const key = symbols.text(name);
    const id = Object.hasOwn(ids, key) ? ids[key] : undefined;
    const text = id === undefined ? '' : symbols.text(value);
    if (id !== undefined && text.length === 2 * id.bytes && /^[0-9a-f]+$/i.test(text)) {
      w.bytesField(id.field, Buffer.from(text, 'hex'));
    } else putLabel(w, 7, symbols, name, value);
  }
  w.close(at);
}
