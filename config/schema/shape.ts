import type { z } from 'zod';
import type { ConfPath } from './node.ts';

/** Any zod schema, for code that looks into its structure. */
export type AnySchema = z.core.$ZodType;

type Def = z.core.$ZodTypes['_zod']['def'];

/** The definition of a schema, as a union over its kinds. */
export function definition(schema: AnySchema): Def {
  return schema._zod.def as Def;
}

/** The schema inside wrappers that change neither what keys nor what kind of value is wanted. */
function unwrap(schema: AnySchema): AnySchema {
  let here = schema;
  for (;;) {
    const inner = peel(here);
    if (inner === undefined) return here;
    here = inner;
  }
}

function peel(schema: AnySchema): AnySchema | undefined {
  const def = definition(schema);
  switch (def.type) {
    case 'optional':
    case 'nullable':
    case 'default':
    case 'prefault':
    case 'nonoptional':
    case 'readonly':
    case 'catch':
      return def.innerType;
    case 'pipe':
      return definition(def.in).type === 'transform' ? def.out : def.in;
    case 'lazy':
      return def.getter();
    default:
      return undefined;
  }
}

/** Whether a schema, or one that it wraps, carries `.meta({[flag]: true})`. */
export function flagged(schema: AnySchema, flag: 'section' | 'secret' | 'ids' | 'noNull'): boolean {
  return metaOf(schema, flag) === true;
}

/** The `.meta({[key]: value})` of a schema or of one that it wraps, the outermost first. */
export function metaOf(schema: AnySchema, key: string): unknown {
  let here: AnySchema | undefined = schema;
  while (here !== undefined) {
    const value = (here as z.ZodType).meta?.()?.[key];
    if (value !== undefined) return value;
    here = peel(here);
  }
  return undefined;
}

/** Whether a schema has a default of its own, not only a way to be absent. */
export function hasDefault(schema: AnySchema): boolean {
  let here: AnySchema | undefined = schema;
  while (here !== undefined) {
    const { type } = definition(here);
    if (type === 'default' || type === 'prefault') return true;
    if (type === 'optional' || type === 'nullable') return false;
    here = peel(here);
  }
  return false;
}

/** Whether a schema wants whole numbers. */
export function wantsInteger(schema: AnySchema): boolean {
  const def = definition(schema);
  if (def.type !== 'number') return false;
  const formats = [def, ...(def.checks ?? []).map((check) => check._zod.def)];
  return formats.some((d) => 'format' in d && /int/.test(String(d.format)));
}

/** The alternatives of a schema: the options of a union, flattened, else itself. */
export function alternatives(schema: AnySchema): AnySchema[] {
  const inner = unwrap(schema);
  const def = definition(inner);
  if (def.type !== 'union') return [inner];
  return def.options.flatMap(alternatives);
}

/** The schemas that a value at `step` inside `schema` may have to meet. */
export function childSchemas(schema: AnySchema, step: string | number): AnySchema[] {
  const found: AnySchema[] = [];
  for (const option of alternatives(schema)) {
    const def = definition(option);
    if (def.type === 'object') {
      const name = String(step);
      const child = Object.hasOwn(def.shape, name) ? def.shape[name] : def.catchall;
      if (child !== undefined && definition(child).type !== 'never') found.push(child);
    } else if (def.type === 'record') {
      found.push(def.valueType);
    } else if (def.type === 'array') {
      found.push(def.element);
    }
  }
  return found;
}

/** The schemas that a value at `path` below `schema` may have to meet. */
export function schemasAt(schema: AnySchema, path: ConfPath): AnySchema[] {
  let here = [schema];
  for (const step of path) here = here.flatMap((s) => childSchemas(s, step));
  return here;
}

/** Names of the keys that an object schema (or a union of them) knows. */
export function keysOf(schemas: readonly AnySchema[]): string[] {
  const names = new Set<string>();
  for (const option of schemas.flatMap(alternatives)) {
    const def = definition(option);
    if (def.type === 'object') for (const name of Object.keys(def.shape)) names.add(name);
  }
  return [...names];
}

/** The texts that schemas allow, where they are enumerations or constants. */
export function constantsOf(schemas: readonly AnySchema[]): string[] {
  return schemas.flatMap(alternatives).flatMap((schema) => {
    const def = definition(schema);
    if (def.type === 'literal') return def.values.map(String);
    return def.type === 'enum' ? Object.values(def.entries).map(String) : [];
  });
}
