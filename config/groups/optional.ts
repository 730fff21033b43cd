import { z } from 'zod';

/**
 * A section that is off until something is in it: absent and null are off, `{}` is on with
 * defaults, `{enabled: false}` is off. Decodes to undefined when off. (`section` of config/schema
 * is on when its key is there, also without a value.)
 */
export function optionalSection<
  Shape extends z.ZodRawShape,
  Config extends z.core.$ZodObjectConfig,
>(object: z.ZodObject<Shape, Config>) {
  return z.preprocess(withoutEnabled, object.optional()).optional();
}

function withoutEnabled(value: unknown): unknown {
  if (value === null) return undefined;
  if (typeof value !== 'object' || Array.isArray(value) || !('enabled' in value)) return value;
  const { enabled, ...rest } = value;
  if (enabled === false) return undefined;
  return enabled === true ? rest : value;
}

/** A text that may be left out, also as `{}`: an empty map stands for nothing in the Go collector. */
export function orEmptyMap<T extends z.ZodType>(schema: T) {
  return z.preprocess(nothingForEmptyMap, schema.optional()).optional();
}

function nothingForEmptyMap(value: unknown): unknown {
  if (value === null) return undefined;
  const isMap = typeof value === 'object' && !Array.isArray(value);
  return isMap && Object.keys(value as object).length === 0 ? undefined : value;
}
