/** What rows must hold of the values that tests send, in the texts that queries give. */
import type { AttributeValue } from '../../../storage/traces/model.ts';
import type { Attribute, Value } from '../../../wire/clickhouse/testing/otlp-model.ts';

/** A value as readers give it back. */
export function modelValue(value: Value): AttributeValue {
  if ('string' in value) return { type: 'string', value: value.string };
  if ('bool' in value) return { type: 'bool', value: value.bool };
  if ('int' in value) return { type: 'int', value: value.int };
  if ('double' in value) return { type: 'double', value: value.double };
  if ('bytes' in value) return { type: 'bytes', value: value.bytes };
  if ('array' in value) return { type: 'array', value: value.array.map(modelValue) };
  if ('map' in value) {
    const pairs = value.map.map(([k, v]) => ({ key: k, value: modelValue(v) }));
    return { type: 'kvlist', value: pairs };
  }
  return { type: 'empty' };
}

export type Pairs = (readonly [string, string])[];

/** Attributes of one type, each with the text of its value. */
export function pairsOf(
  list: readonly Attribute[],
  kind: string,
  text: (v: Value) => string,
): Pairs {
  return list.filter(([, v]) => kind in v).map(([k, v]) => [k, text(v)] as const);
}

/** A double's bits as hex digits, so that NaN and -0 are told apart. */
export const bits = (value: number): string => {
  const buffer = Buffer.alloc(8);
  buffer.writeDoubleLE(value);
  return buffer.toString('hex').toUpperCase();
};

/** An id as hex digits; zeros when it has another size. */
export function idText(id: Uint8Array, size: number): string {
  return Buffer.from(id.length === size ? id : new Uint8Array(size))
    .toString('hex')
    .toUpperCase();
}
