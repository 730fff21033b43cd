import { compareValues } from '../../compare.ts';
import { OttlRuntimeError } from '../../errors.ts';
import {
  kindName,
  type OttlList,
  type OttlMap,
  OttlOpaque,
  type OttlValue,
  typeName,
} from '../../values.ts';
import { defineFunction, type OttlFunction } from '../types.ts';
import { sorted } from './sort.ts';

function lengthOf(value: OttlValue): bigint {
  if (typeof value === 'string') return BigInt(Buffer.byteLength(value));
  if (Array.isArray(value) || value instanceof Uint8Array) return BigInt(value.length);
  if (value instanceof Map) return BigInt(value.size);
  if (value instanceof OttlOpaque) return BigInt(value.messages.length);
  throw new OttlRuntimeError(
    `Len: unsupported target type ${typeName(value)}. target arg must be of type string, []any, ` +
      'map[string]any, pcommon.Map, pcommon.Slice, pcommon.Value (of type String, Map, Slice) or ' +
      'a supported slice type from the plog, pmetric or ptrace packages',
  );
}

function indexIn(target: OttlValue, value: OttlValue): bigint {
  if (typeof target === 'string') {
    if (typeof value !== 'string') {
      throw new OttlRuntimeError('invalid value type for Index function, value must be a string');
    }
    const at = target.indexOf(value);
    return BigInt(at < 0 ? at : Buffer.byteLength(target.slice(0, at)));
  }
  if (!Array.isArray(target)) {
    const got = target === null ? 'nil' : typeName(target);
    throw new OttlRuntimeError(`expected pcommon.Slice but got ${got}`);
  }
  return BigInt(target.findIndex((element) => compareValues(element, value, '==')));
}

/** What stands at a path of keys. @throws OttlRuntimeError */
function valueAt(map: OttlMap, path: readonly string[]): OttlValue {
  if (path.length === 0) throw new OttlRuntimeError('must provide at least one path item');
  let value: OttlValue | undefined = map;
  for (let i = 0; i < path.length; i += 1) {
    value = value instanceof Map ? value.get(path[i]!) : undefined;
    if (value === undefined) {
      const rest = path.slice(Math.max(0, i - 1)).join(' ');
      throw new OttlRuntimeError(`provided object does not contain the path [${rest}]`);
    }
  }
  return value;
}

function attempt<T>(what: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    throw new OttlRuntimeError(`${what}: ${(error as Error).message}`);
  }
}

function sliceToMap(
  list: OttlList,
  keyPath: readonly string[] | undefined,
  valuePath: readonly string[] | undefined,
): OttlMap {
  const result: OttlMap = new Map();
  list.forEach((element, i) => {
    if (keyPath === undefined && valuePath === undefined) {
      result.set(String(i), element);
      return;
    }
    if (!(element instanceof Map)) {
      throw new OttlRuntimeError(
        'slice elements must be maps when using `key_path` or `value_path`, but could not cast ' +
          `element of type \`${kindName(element)}\` to a map`,
      );
    }
    let key: OttlValue = String(i);
    if (keyPath !== undefined) {
      key = attempt(`could not extract key from element ${i}`, () => valueAt(element, keyPath));
      if (typeof key !== 'string') {
        throw new OttlRuntimeError(
          `element ${i}: extracted key attribute is not of type string, got "${kindName(key)}"`,
        );
      }
    }
    const value =
      valuePath === undefined
        ? element
        : attempt(`could not extract value from element ${i}`, () => valueAt(element, valuePath));
    result.set(key, value);
  });
  return result;
}

/** Coalesce, ContainsValue, Index, Keys, Len, SliceToMap, Sort and Values. */
export const listConverters: readonly OttlFunction[] = [
  defineFunction({
    name: 'Coalesce',
    parameters: [{ name: 'values', type: 'anyList' }],
    make({ values }) {
      if (values.length === 0) throw new Error('Coalesce requires at least one argument');
      return (place) => {
        for (const getter of values) {
          const value = getter.get(place);
          if (value !== null) return value;
        }
        return null;
      };
    },
  }),
  defineFunction({
    name: 'ContainsValue',
    parameters: [
      { name: 'target', type: 'list' },
      { name: 'item', type: 'any' },
    ],
    make: ({ target, item }) => {
      return (place) => {
        const list = target.get(place);
        const wanted = item.get(place);
        return list.some((element) => compareValues(element, wanted, '=='));
      };
    },
  }),
  defineFunction({
    name: 'Index',
    parameters: [
      { name: 'target', type: 'any' },
      { name: 'value', type: 'any' },
    ],
    make: ({ target, value }) => {
      return (place) => indexIn(target.get(place), value.get(place));
    },
  }),
  defineFunction({
    name: 'Keys',
    parameters: [{ name: 'target', type: 'map' }],
    make: ({ target }) => {
      return (place) => [...target.get(place).keys()];
    },
  }),
  defineFunction({
    name: 'Len',
    parameters: [{ name: 'target', type: 'any' }],
    make: ({ target }) => {
      return (place) => lengthOf(target.get(place));
    },
  }),
  defineFunction({
    name: 'SliceToMap',
    parameters: [
      { name: 'target', type: 'list' },
      { name: 'key_path', type: 'literalStringList', optional: true },
      { name: 'value_path', type: 'literalStringList', optional: true },
    ],
    make: ({ target, key_path, value_path }) => {
      return (place) => sliceToMap(target.get(place), key_path, value_path);
    },
  }),
  defineFunction({
    name: 'Sort',
    parameters: [
      { name: 'target', type: 'any' },
      { name: 'order', type: 'literalString', optional: true },
    ],
    make({ target, order }) {
      if (order !== undefined && order !== 'asc' && order !== 'desc') {
        throw new Error(`invalid arguments: ${order}. Order should be either "asc" or "desc"`);
      }
      return (place) => sorted(target.get(place), order === 'desc');
    },
  }),
  defineFunction({
    name: 'Values',
    parameters: [{ name: 'target', type: 'map' }],
    make: ({ target }) => {
      return (place) => [...target.get(place).values()];
    },
  }),
];
