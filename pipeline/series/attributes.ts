import { Cursor, readVarint } from '../../pdata/proto/cursor.ts';
import { Writer } from '../../pdata/proto/writer.ts';
import { MessageView } from '../../pdata/readers.ts';

/**
 * Attributes as they are kept beside a series: KeyValues, each with its length before it. The
 * number of their field depends on the kind of data point and is written with it.
 * @param attributes encoded AnyValues
 */
export function packAttributes(attributes: ReadonlyMap<string, Uint8Array>): Uint8Array {
  const w = new Writer(256);
  const inner = new Writer(128);
  for (const [key, value] of attributes) {
    inner.length = 0;
    inner.stringField(1, key);
    inner.bytesField(2, value);
    w.varint(inner.length);
    w.copy(inner.bytes, 0, inner.length);
  }
  return w.take();
}

/** Writes attributes that {@link packAttributes} packed as repeated field `field`. */
export function writePacked(
  w: Writer,
  field: number,
  b: Uint8Array,
  start: number,
  end: number,
): void {
  const c = new Cursor(b, start);
  while (c.pos < end) {
    const from = c.pos;
    const size = readVarint(c);
    w.tag(field, 2);
    w.copy(b, from, c.pos + size);
    c.pos += size;
  }
}

/**
 * The attributes of a Resource message, and nothing else of it, as fields of one.
 * @param b holds the fields of a Resource in [start, end)
 */
export function resourceFields(b: Uint8Array, start: number, end: number): Uint8Array {
  const view = new MessageView();
  view.attributeField = 1;
  view.bindBytes(b, start, end);
  view.rewind();
  const attributes = new Map<string, Uint8Array>();
  while (view.nextAttribute()) attributes.set(view.keyText(), view.value.copy());
  const packed = packAttributes(attributes);
  const w = new Writer(packed.length + attributes.size * 2);
  writePacked(w, 1, packed, 0, packed.length);
  return w.take();
}
