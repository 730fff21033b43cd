import {
  Cursor,
  doubleOf,
  readVarint,
  signedNumber,
  skipValue,
} from '../../../pdata/proto/cursor.ts';
import { MessageView } from '../../../pdata/readers.ts';
import { Bits, millisecondsOf } from './bits.ts';
import type { SeriesTable } from './series-table.ts';

/** Characters that all labels of an exemplar may have (OpenMetrics 1.0, exemplars). */
const lengthMax = 128;

/** An exemplar that was read. */
export interface Exemplar {
  /** Pairs of symbols in the order of their names. */
  readonly labels: readonly number[];
  readonly value: number;
  readonly lo: number;
  readonly hi: number;
  readonly timeMs: number;
}

/**
 * Reads the exemplars of a point. Filtered attributes are left out of one that would be too long
 * with them.
 * @param field of the exemplars
 */
export function exemplarsOf(point: MessageView, field: number, table: SeriesTable): Exemplar[] {
  if (!point.findField(field)) return [];
  const out: Exemplar[] = [];
  const c = new Cursor(point.bytes, point.start);
  const wanted = field * 8 + 2;
  const view = new MessageView();
  view.attributeField = 7;
  while (c.pos < point.end) {
    const tag = readVarint(c);
    if (tag !== wanted) {
      skipValue(c, tag);
      continue;
    }
    const length = readVarint(c);
    view.bindBytes(c.bytes, c.pos, c.pos + length);
    out.push(read(view, table));
    c.pos += length;
  }
  return out;
}

function read(view: MessageView, table: SeriesTable): Exemplar {
  view.fixed64(2);
  const timeMs = millisecondsOf(view.lo, view.hi);
  const bits = new Bits();
  const value = valueOfExemplar(view);
  bits.set(value);
  const ids = new Map<string, string>();
  for (const [name, at] of [
    ['trace_id', 5],
    ['span_id', 4],
  ] as const) {
    const id = bytesText(view, at);
    if (/[^0]/.test(id)) ids.set(name, id);
  }
  const attributes = new Map<string, string>();
  view.rewind();
  while (view.nextAttribute()) {
    const key = view.keyText();
    if (!ids.has(key)) attributes.set(key, view.value.toText());
  }
  const fits = lengthOf(ids) + lengthOf(attributes) <= lengthMax;
  const labels = [...ids, ...(fits ? attributes : [])]
    .filter(([, text]) => text !== '')
    .sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    .flatMap(([name, text]) => [table.texts.of(name), table.texts.of(text)]);
  return { labels, value, lo: bits.lo, hi: bits.hi, timeMs };
}

/** as_double or as_int. */
function valueOfExemplar(view: MessageView): number {
  if (view.fixed64(3)) return doubleOf(view.lo, view.hi);
  return view.fixed64(6) ? signedNumber(view.lo, view.hi) : 0;
}

function bytesText(view: MessageView, field: number): string {
  if (!view.findField(field)) return '';
  const { bytes, start, end } = view.value;
  return Buffer.from(bytes.subarray(start, end)).toString('hex');
}

function lengthOf(labels: ReadonlyMap<string, string>): number {
  let length = 0;
  for (const [name, text] of labels) length += [...name].length + [...text].length;
  return length;
}
