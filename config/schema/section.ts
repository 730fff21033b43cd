import { z } from 'zod';

/**
 * A part of a configuration that is off until its key is there: `grpc:`, `grpc: {}` and
 * `grpc: {endpoint: ...}` turn it on, `grpc: {enabled: false}` turns it off again.
 * Decodes to undefined when off.
 */
export function section<Shape extends z.ZodRawShape, Config extends z.core.$ZodObjectConfig>(
  object: z.ZodObject<Shape, Config>,
) {
  return z.preprocess(openSection, object.optional()).optional().meta({ section: true });
}

/** The same, but on with defaults when its key is absent. `{enabled: false}` turns it off. */
export function sectionOn<Shape extends z.ZodRawShape, Config extends z.core.$ZodObjectConfig>(
  object: z.ZodObject<Shape, Config>,
) {
  const opened = z.preprocess(openSection, object.optional());
  return opened.prefault({} as z.input<typeof opened>).meta({ section: true });
}

function openSection(value: unknown): unknown {
  if (value === null) return {};
  if (typeof value !== 'object' || Array.isArray(value) || !('enabled' in value)) return value;
  const { enabled, ...rest } = value;
  if (enabled === false) return undefined;
  return enabled === true ? rest : value;
}
