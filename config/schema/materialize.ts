import { z } from 'zod';
import { type ConfNode, define, type MapNode, type ScalarNode } from './node.ts';
import {
  type AnySchema,
  alternatives,
  childSchemas,
  definition,
  flagged,
  hasDefault,
  metaOf,
  wantsInteger,
} from './shape.ts';

/**
 * Turns a tree into the plain value that `schema` parses. What only the schema can decide is
 * decided here, by the rules of the Go collector: a reference gives its text where a string is
 * wanted and its parsed value elsewhere; a null field is "on with defaults" for a section, zero
 * ('', 0, false) for a single value that has a default, and "as if absent" for what else; a text
 * "a,b" is a list where a list of strings is wanted; a fraction is cut off where an integer is, and
 * an integer that a double cannot hold becomes the largest that it can.
 */
export function materialize(node: ConfNode, schema: AnySchema | undefined): unknown {
  if (schema === undefined) return plain(node);
  if (node.kind === 'scalar') return scalar(node, schema);
  if (node.text !== undefined && wantsString(schema)) return node.text;
  if (node.kind === 'map') return map(node, schema);
  const element = childSchemas(schema, 0)[0];
  return node.items.map((item) => child(item, element) ?? materialize(item, element));
}

function plain(node: ConfNode): unknown {
  if (node.kind === 'scalar') return node.value;
  if (node.kind === 'list') return node.items.map(plain);
  return map(node, undefined);
}

/** What an element of a list that is null stands for; undefined = nothing but null. */
function child(node: ConfNode, schema: AnySchema | undefined): unknown {
  const isNull = node.kind === 'scalar' && node.value === null;
  if (!isNull || schema === undefined || accepts(schema, null)) return undefined;
  const text = nullText(node, schema);
  if (text !== undefined) return text;
  return alternatives(schema).every(isObject) ? {} : zeroOf(schema);
}

function isObject(schema: AnySchema): boolean {
  return definition(schema).type === 'object';
}

function map(node: MapNode, schema: AnySchema | undefined): unknown {
  const out: Record<string, unknown> = {};
  const isRecord = schema !== undefined && alternatives(schema).some(hasFreeKeys);
  for (const [key, entry] of node.entries) {
    const { value } = entry;
    const inner = schema === undefined ? undefined : bestChild(schema, key, value);
    if (value.kind === 'scalar' && value.value === null && inner !== undefined) {
      const given = nullField(value, inner, isRecord);
      if (given !== undefined) define(out, key, given);
    } else {
      define(out, key, materialize(value, inner));
    }
  }
  return out;
}

function hasFreeKeys(schema: AnySchema): boolean {
  return definition(schema).type === 'record';
}

/**
 * What a null field stands for; undefined = as if it were absent. `.meta({noNull: true})` makes it
 * a fault.
 * @param isRecord whether it is the value of a free key, which cannot be absent
 */
export function nullField(node: ScalarNode, schema: AnySchema, isRecord: boolean): unknown {
  if (flagged(schema, 'section')) return {};
  if (flagged(schema, 'noNull')) return null;
  const text = nullText(node, schema);
  if (text !== undefined && (text !== '' || isRecord || hasDefault(schema))) return text;
  if (accepts(schema, null)) return null;
  return isRecord || hasDefault(schema) ? zeroOf(schema) : undefined;
}

/** The text of a reference that means null, where a string is wanted. */
function nullText(node: ScalarNode, schema: AnySchema): string | undefined {
  return node.text !== undefined && wantsString(schema) ? node.text : undefined;
}

/** Zero of a single value's type; undefined where a type has none or refuses it. */
function zeroOf(schema: AnySchema): unknown {
  if (metaOf(schema, 'written') !== undefined) return 0;
  const options = alternatives(schema);
  if (options.length !== 1) return undefined;
  const { type } = definition(options[0]!);
  if (type === 'number') return 0;
  if (type === 'boolean') return false;
  if (type === 'string') return '';
  return type === 'enum' && accepts(schema, '') ? '' : undefined;
}

function bestChild(schema: AnySchema, key: string, value: ConfNode): AnySchema | undefined {
  const options = childSchemas(schema, key);
  if (options.length < 2) return options[0];
  return options.find((option) => accepts(option, materialize(value, option))) ?? options[0];
}

function scalar(node: ScalarNode, schema: AnySchema): unknown {
  const { text } = node;
  const options = alternatives(schema);
  let value = typeof node.value === 'bigint' ? Number(node.value) : node.value;
  if (typeof value === 'number' && options.length === 1 && wantsInteger(options[0]!)) {
    const most = Number.MAX_SAFE_INTEGER;
    value = Math.min(Math.max(Math.trunc(value), -most), most);
  }
  if (text !== undefined && options.some((o) => definition(o).type === 'string')) {
    const sure = options.length === 1 || typeof value === 'string';
    if (sure || !accepts(schema, value)) return text;
  }
  if (typeof value === 'string' && options.every(isStringList) && !flagged(schema, 'ids')) {
    return value === '' ? [] : value.split(',');
  }
  return value;
}

/** A list of plain texts; the Go collector takes no text "a,b" for a list of secrets. */
function isStringList(schema: AnySchema): boolean {
  const def = definition(schema);
  if (def.type !== 'array' || !wantsString(def.element)) return false;
  return !flagged(def.element, 'secret');
}

function wantsString(schema: AnySchema): boolean {
  return alternatives(schema).every((option) => {
    const type = definition(option).type;
    return type === 'string' || type === 'enum' || type === 'literal';
  });
}

function accepts(schema: AnySchema, value: unknown): boolean {
  return z.safeParse(schema, value).success;
}
