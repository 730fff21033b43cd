import { OttlRuntimeError } from '../../errors.ts';
import { type OttlList, type OttlMap, type OttlValue, typeName } from '../../values.ts';
import { defineFunction, type OttlFunction } from '../types.ts';

const maxDepth = 5000;

/** A parsed JSON value as a value of the language: every number is a double. */
function fromJson(value: unknown, depth: number): OttlValue {
  if (depth > maxDepth) throw new OttlRuntimeError(`cannot read JSON deeper than ${maxDepth}`);
  if (typeof value === 'string') return value.toWellFormed();
  if (value === Number.POSITIVE_INFINITY || value === Number.NEGATIVE_INFINITY) {
    throw new OttlRuntimeError('cannot read JSON: a number is out of range');
  }
  if (typeof value !== 'object' || value === null) return value as number | boolean | null;
  if (Array.isArray(value)) return value.map((element): OttlValue => fromJson(element, depth + 1));
  const map: OttlMap = new Map();
  for (const [key, inner] of Object.entries(value)) {
    map.set(key.toWellFormed(), fromJson(inner, depth + 1));
  }
  return map;
}

/** A JSON object or list. @throws OttlRuntimeError */
function parseJson(text: string): OttlMap | OttlList {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    throw new OttlRuntimeError(`cannot read JSON: ${(error as Error).message}`);
  }
  if (typeof parsed !== 'object' || parsed === null) {
    const got = typeName(parsed as OttlValue);
    throw new OttlRuntimeError(`could not convert parsed value of type ${got} to JSON object`);
  }
  return fromJson(parsed, 0) as OttlMap | OttlList;
}

export const parseJsonConverter: OttlFunction = defineFunction({
  name: 'ParseJSON',
  parameters: [{ name: 'target', type: 'string' }],
  make: ({ target }) => {
    return (place) => parseJson(target.get(place));
  },
});
