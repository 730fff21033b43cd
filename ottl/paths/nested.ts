import { OttlRuntimeError } from '../errors.ts';
import type { Place } from '../place.ts';
import {
  copyValue,
  kindName,
  type OttlList,
  type OttlMap,
  type OttlValue,
  typeName,
} from '../values.ts';
import { type Key, numberKey, textKey } from './segments.ts';

/** Longest list that an index beyond its end may make. */
const maxPadding = 10_000;

function boundsError(index: bigint): OttlRuntimeError {
  return new OttlRuntimeError(`index ${index} out of bounds`);
}

/** Element of a list. @throws OttlRuntimeError when there is none */
function elementIndex(list: OttlList, key: Key, place: Place): number {
  const index = numberKey(key, place);
  if (index < 0n || index >= BigInt(list.length)) throw boundsError(index);
  return Number(index);
}

/**
 * What indexes find inside a value; nil for a missing key.
 *
 * @param from first index that counts
 */
export function getNested(
  value: OttlValue,
  keys: readonly Key[],
  place: Place,
  from = 0,
): OttlValue {
  let current = value;
  for (let i = from; i < keys.length; i += 1) {
    if (current instanceof Map) {
      const found = current.get(textKey(keys[i]!, place));
      if (found === undefined) return null;
      current = found;
    } else if (Array.isArray(current)) {
      current = current[elementIndex(current, keys[i]!, place)]!;
    } else {
      throw new OttlRuntimeError(`type ${kindName(current)} does not support string indexing`);
    }
  }
  return current;
}

/** What indexes find in what a converter gave: there a missing key is an error. */
export function getIndexed(value: OttlValue, keys: readonly Key[], place: Place): OttlValue {
  let current = value;
  for (const key of keys) {
    const index = key.text ?? key.number ?? key.expression?.get(place) ?? null;
    if (index === null) {
      throw new OttlRuntimeError('key expression returned nil, expected an int or string');
    }
    if (typeof index === 'string') {
      if (!(current instanceof Map)) {
        throw new OttlRuntimeError(`type ${typeName(current)} does not support string indexing`);
      }
      const found = current.get(index);
      if (found === undefined) throw new OttlRuntimeError('key not found in map');
      current = found;
    } else if (typeof index === 'bigint') {
      if (!Array.isArray(current) && !(current instanceof Uint8Array)) {
        throw new OttlRuntimeError(`type ${typeName(current)} does not support int indexing`);
      }
      if (index < 0n || index >= BigInt(current.length)) throw boundsError(index);
      current = current[Number(index)]!;
    } else {
      const got = typeName(index);
      throw new OttlRuntimeError(`key expression must evaluate to string or int, got ${got}`);
    }
  }
  return current;
}

/** Whether an attribute can hold a value. */
export function isStorable(value: OttlValue): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return value instanceof Map || Array.isArray(value) || value instanceof Uint8Array;
}

/** @throws OttlRuntimeError for what no attribute can hold */
export function checkStorable(value: OttlValue, current: OttlValue): void {
  if (isStorable(value)) return;
  const name = kindName(current);
  throw new OttlRuntimeError(
    `unsupported type ${typeName(value)} for set operation; current value type is ${name}`,
  );
}

/** A value of what an empty place becomes when it is indexed. */
function containerFor(key: Key, place: Place): OttlMap | OttlList {
  const index = key.text ?? key.number ?? key.expression?.get(place) ?? null;
  if (typeof index === 'string') return new Map();
  if (typeof index !== 'bigint') {
    throw new OttlRuntimeError(
      'neither a string nor an int index was given, this is an error in the OTTL',
    );
  }
  if (index < 0n) return [null];
  if (index > BigInt(maxPadding)) throw boundsError(index);
  return new Array<OttlValue>(Number(index) + 1).fill(null);
}

/**
 * The value with `value` put where the indexes say; what is missing on the way is made. The
 * containers of `root` are changed in place.
 */
export function setNested(
  root: OttlValue,
  keys: readonly Key[],
  place: Place,
  value: OttlValue,
  from = 0,
): OttlValue {
  if (from >= keys.length) {
    if (value === null) return root;
    checkStorable(value, root);
    return copyValue(value);
  }
  const key = keys[from]!;
  const container = root === null ? containerFor(key, place) : root;
  if (container instanceof Map) {
    const name = textKey(key, place);
    const inner = container.get(name) ?? null;
    container.set(name, inner);
    container.set(name, setNested(inner, keys, place, value, from + 1));
  } else if (Array.isArray(container)) {
    const fresh = root === null;
    const at = fresh ? container.length - 1 : elementIndex(container, key, place);
    container[at] = setNested(container[at]!, keys, place, value, from + 1);
  } else {
    throw new OttlRuntimeError(`type ${kindName(container)} does not support string indexing`);
  }
  return container;
}
