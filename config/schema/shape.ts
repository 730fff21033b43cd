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
export function unwrap(schema: AnySchema): AnySchema {
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
export function flagged(schema: AnySchema, flag: 'section' | 'secret'): boolean {
  let here: AnySchema | undefined = schema;
  while (here !== undefined) {
    if ((here as z.ZodType).meta?.()?.[flag] === true) return true;
    here = peel(here);
  }
  return false;
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
