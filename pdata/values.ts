import { Writer } from './proto/writer.ts';

/** Forces a number to be written as a double: `new Double(1)`. */
export class Double {
  readonly value: number;
  constructor(value: number) {
    this.value = value;
  }
}

/**
 * A value to write. Numbers are 64-bit integers when they are safe integers, else doubles; bigints
 * are integers, {@link Double} is a double. Maps and plain objects become key-value lists, null the
 * empty value.
 */
export type AttributeValue =
  | string
  | number
  | bigint
  | boolean
  | null
  | Double
  | Uint8Array
  | readonly AttributeValue[]
  | ReadonlyMap<string, AttributeValue>
  | { readonly [key: string]: AttributeValue };

/** Attributes to write, in their order. */
export type AttributeSet =
  | ReadonlyMap<string, AttributeValue>
  | { readonly [key: string]: AttributeValue };

function entriesOf(set: AttributeSet): Iterable<[string, AttributeValue]> {
  return set instanceof Map ? set : Object.entries(set);
}

/** Writes the fields of an AnyValue. */
export function writeValue(w: Writer, value: AttributeValue): void {
  if (typeof value === 'string') w.stringField(1, value);
  else if (typeof value === 'number') {
    if (Number.isSafeInteger(value)) w.intField(3, value);
    else w.doubleField(4, value);
  } else if (typeof value === 'boolean') w.uintField(2, value ? 1 : 0);
  else if (typeof value === 'bigint') w.intField(3, value);
  else if (value === null) return;
  else if (value instanceof Double) w.doubleField(4, value.value);
  else if (value instanceof Uint8Array) w.bytesField(7, value);
  else if (Array.isArray(value)) {
    const at = w.open(5);
    for (const element of value as readonly AttributeValue[]) {
      const inner = w.open(1);
      writeValue(w, element);
      w.close(inner);
    }
    w.close(at);
  } else {
    const at = w.open(6);
    writeAttributes(w, 1, value as AttributeSet);
    w.close(at);
  }
}

/** Writes one KeyValue as field `field`. */
export function writeAttribute(w: Writer, field: number, key: string, value: AttributeValue): void {
  const at = w.open(field);
  w.stringField(1, key);
  const inner = w.open(2);
  writeValue(w, value);
  w.close(inner);
  w.close(at);
}

/** Writes attributes as repeated field `field`. */
export function writeAttributes(w: Writer, field: number, set: AttributeSet): void {
  for (const [key, value] of entriesOf(set)) writeAttribute(w, field, key, value);
}

/** The bytes of an AnyValue: what edits take. */
export function encodeValue(value: AttributeValue): Uint8Array {
  const w = new Writer(64);
  writeValue(w, value);
  return w.take();
}
