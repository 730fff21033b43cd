import type { OttlValue } from '../../values.ts';
import { OttlOpaque, typeName } from '../../values.ts';
import { defineFunction, type Getter, literalOf, type OttlFunction } from '../types.ts';

function isType(
  name: string,
  wanted: string | undefined,
  test: (value: OttlValue) => boolean,
): OttlFunction {
  return defineFunction({
    name,
    parameters: [{ name: 'target', type: 'any' }],
    make({ target }: { target: Getter }) {
      const literal = literalOf(target);
      // a literal of another type can be seen when the statement is read
      if (wanted !== undefined && literal !== undefined && !test(literal)) {
        throw new Error(
          `expected ${wanted} but got ${literal === null ? 'nil' : typeName(literal)}`,
        );
      }
      return (place) => test(target.get(place));
    },
  });
}

const itemLists = new Set(['events', 'links', 'exemplars', 'data_points', 'quantile_values']);

function isList(value: OttlValue): boolean {
  return Array.isArray(value) || (value instanceof OttlOpaque && itemLists.has(value.kind));
}

/** IsBool, IsDouble, IsInt, IsList, IsMap and IsString. */
export const typeTests: readonly OttlFunction[] = [
  isType('IsBool', 'bool', (value) => typeof value === 'boolean'),
  isType('IsDouble', 'float64', (value) => typeof value === 'number'),
  isType('IsInt', 'int64', (value) => typeof value === 'bigint'),
  isType('IsList', undefined, isList),
  isType('IsMap', 'pcommon.Map', (value) => value instanceof Map),
  isType('IsString', 'string', (value) => typeof value === 'string'),
];
