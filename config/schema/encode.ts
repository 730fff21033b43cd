import { z } from 'zod';
import { parseDuration } from './duration.ts';
import { materialize, nullField } from './materialize.ts';
import { type ConfNode, define, type MapEntry, type Position } from './node.ts';
import { type AnySchema, alternatives, definition, flagged, metaOf } from './shape.ts';

/** How a configuration is written out. */
export interface EncodeOptions {
  /** Shows what is secret. */
  readonly unredacted: boolean;
  /** Writes a duration; the argument is in milliseconds. */
  readonly duration: (milliseconds: number) => unknown;
}

const masked = '[REDACTED]';
const nowhere: Position = { file: '', line: 1, column: 1 };

/**
 * A configuration value as it was written, with everything that it leaves out at its default.
 * @param node a value that `schema` decodes; undefined = absent
 * @returns plain values; undefined = absent and without a default
 */
export function encode(
  node: ConfNode | undefined,
  schema: AnySchema,
  options: EncodeOptions,
): unknown {
  if (flagged(schema, 'section')) return encodeSection(node, schema, options);
  if (node !== undefined && !options.unredacted && metaOf(schema, 'secret') === true) {
    return masked;
  }
  const def = definition(schema);
  switch (def.type) {
    case 'optional':
    case 'nullable':
    case 'nonoptional':
    case 'readonly':
    case 'catch':
      return node === undefined && def.type === 'optional'
        ? undefined
        : encode(node, def.innerType, options);
    case 'default':
      if (node === undefined) return jsonOf(def.defaultValue);
      return encode(node, def.innerType, options);
    case 'prefault':
      return encode(node ?? fromPlain(def.defaultValue), def.innerType, options);
    case 'lazy':
      return encode(node, def.getter(), options);
    case 'pipe':
      return encode(node, definition(def.in).type === 'transform' ? def.out : def.in, options);
    default:
      return node === undefined ? undefined : encodeGiven(node, schema, options);
  }
}

function encodeSection(
  node: ConfNode | undefined,
  schema: AnySchema,
  options: EncodeOptions,
): unknown {
  const given = node === undefined ? undefined : (materialize(node, schema) ?? {});
  const parsed = z.safeParse(schema, given);
  if (parsed.success && parsed.data === undefined) {
    const byDefault = z.safeParse(schema, undefined);
    return byDefault.success && byDefault.data !== undefined ? { enabled: false } : undefined;
  }
  const inner = alternatives(schema)[0]!;
  const empty = node === undefined || (node.kind === 'scalar' && node.value === null);
  return encodeGiven(empty ? fromPlain({}) : node, inner, options);
}

/** A value that is there, and a schema of its kind or a union of such. */
function encodeGiven(node: ConfNode, schema: AnySchema, options: EncodeOptions): unknown {
  if (metaOf(schema, 'written') === 'duration') return encodeDuration(node, options);
  const choices = alternatives(schema);
  const fits = (option: AnySchema) => z.safeParse(option, materialize(node, option)).success;
  const chosen = choices.length === 1 ? choices[0]! : (choices.find(fits) ?? choices[0]!);
  if (chosen !== schema) return encode(node, chosen, options);
  const def = definition(schema);
  if (node.kind === 'map' && (def.type === 'object' || def.type === 'record')) {
    return encodeMap(node.entries, def, options);
  }
  if (node.kind === 'list' && def.type === 'array') {
    return node.items.map((item) => encodeField(item, def.element, true, options));
  }
  return jsonOf(materialize(node, schema));
}

type MapDef = Extract<ReturnType<typeof definition>, { type: 'object' | 'record' }>;

function encodeMap(
  entries: ReadonlyMap<string, MapEntry>,
  def: MapDef,
  options: EncodeOptions,
): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  const put = (key: string, value: unknown) => {
    if (value !== undefined) define(out, key, value);
  };
  if (def.type === 'record') {
    for (const [key, { value }] of entries) {
      put(key, encodeField(value, def.valueType, true, options));
    }
    return out;
  }
  for (const [key, child] of Object.entries(def.shape)) {
    put(key, encodeField(entries.get(key)?.value, child, false, options));
  }
  for (const [key, { value }] of entries) {
    if (Object.hasOwn(def.shape, key)) continue;
    if (def.catchall !== undefined) put(key, encodeField(value, def.catchall, true, options));
  }
  return out;
}

function encodeField(
  node: ConfNode | undefined,
  schema: AnySchema,
  isElement: boolean,
  options: EncodeOptions,
): unknown {
  if (node?.kind !== 'scalar' || node.value !== null || flagged(schema, 'section')) {
    return encode(node, schema, options);
  }
  const given = nullField(node, schema, isElement);
  if (given === undefined) return encode(isElement ? node : undefined, schema, options);
  return given === null ? null : encode(fromPlain(given), schema, options);
}

function encodeDuration(node: ConfNode, options: EncodeOptions): unknown {
  const value = node.kind === 'scalar' ? node.value : null;
  if (typeof value === 'string') return options.duration(parseDuration(value) ?? 0);
  return options.duration(Math.trunc(Number(value)) / 1e6);
}

/** Plain values; what a schema's default may hold beside them shows its JSON form. */
function jsonOf(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  if (Array.isArray(value)) return value.map(jsonOf);
  if ('toJSON' in value) return JSON.parse(JSON.stringify(value)) as unknown;
  const out: Record<string, unknown> = {};
  for (const [key, inner] of Object.entries(value)) define(out, key, jsonOf(inner));
  return out;
}

/** A node for a plain value that stands nowhere. */
function fromPlain(value: unknown): ConfNode {
  if (Array.isArray(value)) return { kind: 'list', at: nowhere, items: value.map(fromPlain) };
  if (typeof value === 'object' && value !== null && !(value instanceof Date)) {
    const entries = Object.entries(value).map(
      ([key, inner]) => [key, { at: nowhere, value: fromPlain(inner) }] as const,
    );
    return { kind: 'map', at: nowhere, entries: new Map(entries) };
  }
  const known = ['string', 'number', 'bigint', 'boolean'].includes(typeof value);
  const plain = known || value instanceof Date ? (value as string | number | Date) : null;
  return { kind: 'scalar', at: nowhere, value: plain };
}
