import { z } from 'zod';
import type { AnySchema } from './shape.ts';

/** A JSON Schema, draft 2020-12. */
export type JsonSchema = { [key: string]: unknown };

/** Where {@link loosen} expects the definition of a text with references. */
const referencePath = '#/$defs/reference';

/** A text that is replaced before it is decoded: `${env:NAME}`, `${file:part.yaml}`. */
export const reference: JsonSchema = {
  type: 'string',
  pattern: '\\$\\{[^}]*\\}',
  description: `Replaced before it is read: \${env:NAME}, \${env:NAME:-default}, \${file:part.yaml}.`,
};

/** Keys of ours, and `format`, whose names are zod's where they are no standard ones. */
const own = [
  ...['written', 'section', 'secret', 'replacedBy', 'instead', 'format'],
  ...['noNull', 'unused'],
];

const durationPattern = '^[-+]?(0|((\\d+\\.?\\d*|\\.\\d+)(ns|us|µs|μs|ms|s|m|h))+)$';
const bytesPattern = '^\\s*\\d+(\\.\\d+)? ?([KMGT]i?)?B?\\s*$';

/**
 * The JSON Schemas of what a configuration schema takes, with its texts and defaults: one of the
 * given name, and one for each part that contains itself. Null and references are allowed wherever
 * the decoder allows them.
 * @param name its key below `$defs`
 */
export function jsonSchemas(schema: AnySchema, name: string): Record<string, JsonSchema> {
  const { $schema: _, ...plain } = z.toJSONSchema(schema as z.ZodType, {
    io: 'input',
    unrepresentable: 'any',
    override: (context) => fixMeta(context.jsonSchema as JsonSchema),
  }) as JsonSchema;
  const { $defs = {}, ...top } = moveRefs(plain, name) as JsonSchema;
  const out: Record<string, JsonSchema> = { [name]: loosenInside(top) };
  for (const [part, inner] of Object.entries($defs as Record<string, JsonSchema>)) {
    out[`${name}_${part}`] = loosenInside(inner);
  }
  return out;
}

/** References to parts of a schema that is going to stand below `$defs`. */
function moveRefs(value: unknown, name: string): unknown {
  if (Array.isArray(value)) return value.map((item) => moveRefs(item, name));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, inner]) => {
    if (key !== '$ref' || typeof inner !== 'string') return [key, moveRefs(inner, name)];
    if (inner === '#') return [key, `#/$defs/${name}`];
    return [key, inner.replace(/^#\/\$defs\//, `#/$defs/${name}_`)];
  });
  return Object.fromEntries(entries);
}

/** What `.meta()` of the project's own means in JSON Schema. */
function fixMeta(schema: JsonSchema): void {
  const { written, replacedBy, instead, secret, section } = schema;
  for (const key of own) delete schema[key];
  if (secret === true) schema.writeOnly = true;
  if (section === true && typeof schema.properties === 'object') {
    const enabled = { type: 'boolean', description: 'Whether the section is on.' };
    schema.properties = { enabled, ...schema.properties };
  }
  if (schema.deprecated === true) {
    const hint = typeof replacedBy === 'string' ? `use ${JSON.stringify(replacedBy)}` : instead;
    const texts = [schema.description, typeof hint === 'string' ? `Deprecated: ${hint}.` : ''];
    schema.description = texts.filter(Boolean).join(' ');
  }
  if (written === 'duration') {
    const text = { type: 'string', pattern: durationPattern };
    schema.anyOf = [text, { type: 'number', description: 'Nanoseconds.' }];
  }
  if (written === 'bytes') {
    const text = { type: 'string', pattern: bytesPattern };
    schema.anyOf = [text, { type: 'number', description: 'Bytes.' }];
  }
}

const notes = ['description', 'default', 'deprecated', 'title', 'writeOnly'];

/** A schema for a place in a configuration: null and references beside what it says. */
export function place(schema: JsonSchema): JsonSchema {
  const outer = pick(schema, notes);
  const inner = pick(schema, notes, true);
  if (Object.keys(inner).length === 0) return outer;
  if (inner.type === 'string' && Object.keys(inner).length === 1) {
    return { ...outer, type: ['string', 'null'] };
  }
  const choices = Array.isArray(inner.anyOf) && Object.keys(inner).length === 1;
  const options = choices ? (inner.anyOf as unknown[]) : [inner];
  return { ...outer, anyOf: [...options, { $ref: referencePath }, { type: 'null' }] };
}

function loosen(schema: unknown): unknown {
  if (typeof schema !== 'object' || schema === null) return schema;
  return place(loosenInside(schema as JsonSchema));
}

/** Loosens what stands inside maps and lists, not the schema itself. */
function loosenInside({ ids, ...schema }: JsonSchema): JsonSchema {
  const out: JsonSchema = { ...schema };
  for (const key of ['properties', 'patternProperties']) {
    const inner = out[key];
    if (typeof inner !== 'object' || inner === null) continue;
    out[key] = Object.fromEntries(Object.entries(inner).map(([name, s]) => [name, loosen(s)]));
  }
  if (typeof out.items === 'object') out.items = loosen(out.items);
  if (typeof out.additionalProperties === 'object') {
    out.additionalProperties = loosen(out.additionalProperties);
  }
  for (const key of ['anyOf', 'oneOf', 'allOf']) {
    const options = out[key];
    if (Array.isArray(options)) out[key] = options.map((s) => loosenInside(s as JsonSchema));
  }
  if (out.type === 'array' && isText(out.items) && ids !== true) {
    return { ...pick(out, notes), anyOf: [pick(out, notes, true), { type: 'string' }] };
  }
  return out;
}

/** A list of texts may be written as one text with commas. */
function isText(items: unknown): boolean {
  const { type } = (items ?? {}) as JsonSchema;
  return Array.isArray(type) && type.includes('string');
}

function pick(schema: JsonSchema, keys: readonly string[], others = false): JsonSchema {
  return Object.fromEntries(Object.entries(schema).filter(([k]) => keys.includes(k) !== others));
}
