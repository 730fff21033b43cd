import { z } from 'zod';
import { type ConfNode, define, type MapNode, type ScalarNode } from './node.ts';
import { type AnySchema, alternatives, childSchemas, definition, flagged } from './shape.ts';

/**
 * Turns a tree into the plain value that `schema` parses. What only the schema can decide is
 * decided here: a reference gives its text where a string is wanted and its parsed value
 * elsewhere; a null field means "as if absent", or "on with defaults" for a section; a text
 * "a,b" is a list where a list of strings is wanted.
 */
export function materialize(node: ConfNode, schema: AnySchema | undefined): unknown {
  if (schema === undefined) return plain(node);
  if (node.kind === 'scalar') return scalar(node, schema);
  if (node.text !== undefined && wantsString(schema)) return node.text;
  if (node.kind === 'map') return map(node, schema);
  const element = childSchemas(schema, 0)[0];
  return node.items.map((item) => materialize(item, element));
}

function plain(node: ConfNode): unknown {
  if (node.kind === 'scalar') return node.value;
  if (node.kind === 'list') return node.items.map(plain);
  return map(node, undefined);
}

function map(node: MapNode, schema: AnySchema | undefined): unknown {
  const out: Record<string, unknown> = {};
  for (const [key, entry] of node.entries) {
    const child = schema === undefined ? undefined : bestChild(schema, key, entry.value);
    const value = entry.value;
    if (value.kind === 'scalar' && value.value === null && child !== undefined) {
      if (flagged(child, 'section')) define(out, key, {});
      else if (value.text !== undefined && wantsString(child)) define(out, key, value.text);
      else if (accepts(child, null)) define(out, key, null);
    } else {
      define(out, key, materialize(value, child));
    }
  }
  return out;
}

function bestChild(schema: AnySchema, key: string, value: ConfNode): AnySchema | undefined {
  const options = childSchemas(schema, key);
  if (options.length < 2) return options[0];
  return options.find((option) => accepts(option, materialize(value, option))) ?? options[0];
}

function scalar(node: ScalarNode, schema: AnySchema): unknown {
  const { text } = node;
  const value = typeof node.value === 'bigint' ? Number(node.value) : node.value;
  const options = alternatives(schema);
  if (text !== undefined && options.some((o) => definition(o).type === 'string')) {
    const sure = options.length === 1 || typeof value === 'string';
    if (sure || !accepts(schema, value)) return text;
  }
  if (typeof value === 'string' && options.every(isStringList)) {
    return value === '' ? [] : value.split(',');
  }
  return value;
}

function isStringList(schema: AnySchema): boolean {
  const def = definition(schema);
  return def.type === 'array' && wantsString(def.element);
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
