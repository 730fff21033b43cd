import type { Writer } from '../../../../pdata/proto/writer.ts';
import { writeAttribute } from '../../../../pdata/values.ts';
import type { Nanoseconds } from '../../otlp/time.ts';
import type { TimedExemplar } from './group.ts';

/** Labels that OTLP has fields for: the field and its bytes. */
const ids: Readonly<Record<string, { readonly field: number; readonly bytes: number }>> = {
  trace_id: { field: 5, bytes: 16 },
  span_id: { field: 4, bytes: 8 },
};

/** Writes the exemplars of a point as field `field`. */
export function putExemplars(
  w: Writer,
  field: number,
  exemplars: readonly TimedExemplar[],
  time: Nanoseconds,
): void {
  for (const { exemplar, timeMs } of exemplars) {
    const { labels, value } = exemplar;
    const at = w.open(field);
    time.set(Math.max(0, timeMs));
    w.fixed64Field(2, time.lo, time.hi);
    w.doubleField(3, value);
    for (let i = 0; i < labels.length; i += 2) putLabel(w, labels[i]!, labels[i + 1]!);
    w.close(at);
  }
}

function putLabel(w: Writer, name: string, value: string): void {
  const key = name.toLowerCase();
  const id = Object.hasOwn(ids, key) ? ids[key] : undefined;
  const bytes = id === undefined ? undefined : idOf(value, id.bytes);
  if (bytes !== undefined) w.bytesField(id!.field, bytes);
  else writeAttribute(w, 7, name, value);
}

/** The bytes of an id in hexadecimal; a short one has zeros before it, a long one is cut. */
function idOf(text: string, bytes: number): Buffer | undefined {
  const digits = text.slice(0, 2 * bytes);
  if (digits.length % 2 !== 0 || !/^[0-9a-f]*$/i.test(digits)) return undefined;
  return Buffer.from(digits.padStart(2 * bytes, '0'), 'hex');
}
