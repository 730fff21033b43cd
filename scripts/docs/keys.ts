import { z } from 'zod';
import { insteadOf } from '../../config/schema/deprecated.ts';
import {
  type AnySchema,
  alternatives,
  childSchemas,
  definition,
  flagged,
  metaOf,
} from '../../config/schema/shape.ts';

/** A key of a component's configuration. */
export interface KeyRow {
  /** `a::b`, `list[]::c`, `map::NAME`. */
  readonly path: string;
  readonly type: string;
  /** As it is written in YAML; '' = none, absent. */
  readonly default: string;
  readonly required: boolean;
  readonly text: string;
  /** Why it changes nothing; '' = it does something. */
  readonly unused: string;
}

/** Maps and lists inside each other that are followed. */
const deepest = 8;

/** The keys of a schema, outer before inner, in the order of the schema. */
export function keyRows(schema: AnySchema): KeyRow[] {
  const rows: KeyRow[] = [];
  walk(schema, '', [], rows);
  return rows;
}

function walk(schema: AnySchema, path: string, above: readonly AnySchema[], rows: KeyRow[]): void {
  const seen = new Set<string>();
  for (const option of alternatives(schema)) {
    if (above.includes(option) || above.length > deepest) continue;
    const inside = [...above, option];
    const def = definition(option);
    if (def.type === 'object') {
      for (const [key, child] of Object.entries(def.shape)) {
        if (seen.has(key)) continue;
        seen.add(key);
        const full = path === '' ? key : `${path}::${key}`;
        rows.push(row(full, child));
        walk(child, full, inside, rows);
      }
    } else if (def.type === 'array') {
      walk(def.element, `${path}[]`, inside, rows);
    } else if (def.type === 'record' && alternatives(def.valueType).some(hasKeys)) {
      walk(def.valueType, path === '' ? 'NAME' : `${path}::NAME`, inside, rows);
    }
  }
}

function hasKeys(schema: AnySchema): boolean {
  return ['object', 'array', 'record'].includes(definition(schema).type);
}

function row(path: string, schema: AnySchema): KeyRow {
  const given = defaultOf(schema);
  const text =
    typeof metaOf(schema, 'description') === 'string' ? metaOf(schema, 'description') : '';
  const old = metaOf(schema, 'deprecated') === true ? ` Deprecated${insteadOf(schema)}.` : '';
  const idle = metaOf(schema, 'unused');
  const without = typeof idle === 'string' ? ` Changes nothing here: ${idle}.` : '';
  return {
    path,
    type: typeText(schema),
    default: given === undefined ? '' : given,
    required: given === undefined && !z.safeParse(schema, undefined).success,
    text: `${String(text)}${old}${without}`.trim(),
    unused: typeof idle === 'string' ? idle : '',
  };
}

/** A default as YAML would have it; undefined where there is none or it is a map of defaults. */
function defaultOf(schema: AnySchema): string | undefined {
  if (flagged(schema, 'section')) {
    const on = z.safeParse(schema, undefined);
    return on.success && on.data !== undefined ? 'on' : 'off';
  }
  let here: AnySchema = schema;
  for (;;) {
    const def = definition(here);
    if (def.type === 'default' || def.type === 'prefault') return written(def.defaultValue);
    if (def.type === 'optional' || def.type === 'nullable' || def.type === 'readonly') {
      here = def.innerType;
    } else if (def.type === 'pipe' && definition(def.in).type !== 'transform') {
      here = def.in;
    } else if (def.type === 'pipe') {
      here = def.out;
    } else {
      return undefined;
    }
  }
}

function written(value: unknown): string | undefined {
  if (typeof value === 'string') return value === '' ? '""' : value;
  if (typeof value !== 'object' || value === null) return String(value);
  const empty = Object.keys(value).length === 0;
  if (!Array.isArray(value) && empty) return undefined;
  return JSON.stringify(value);
}

const names: Readonly<Record<string, string>> = {
  string: 'text',
  boolean: 'true or false',
  object: 'map',
  record: 'map',
  unknown: 'any',
  any: 'any',
};

function typeText(schema: AnySchema, depth = 0): string {
  if (depth > 1) return 'any';
  const unit = metaOf(schema, 'written');
  if (unit === 'duration') return 'duration';
  if (unit === 'bytes') return 'bytes';
  const all = new Set(alternatives(schema).map((option) => single(option, depth + 1)));
  return all.size > 3 ? 'any' : [...all].join(' or ');
}

function single(schema: AnySchema, depth: number): string {
  const def = definition(schema);
  if (def.type === 'enum') return choices(Object.values(def.entries));
  if (def.type === 'literal') return choices(def.values);
  if (def.type === 'array')
    return `list of ${plural(typeText(childSchemas(schema, 0)[0]!, depth))}`;
  if (def.type === 'record') return `map of ${plural(typeText(def.valueType, depth))}`;
  if (def.type === 'number') return numberText(schema);
  return names[def.type] ?? def.type;
}

function plural(type: string): string {
  if (['text', 'map', 'integer', 'number', 'duration'].includes(type)) return `${type}s`;
  return type;
}

function choices(values: readonly unknown[]): string {
  const given = values.filter((value) => value !== '');
  return given.map((value) => `\`${String(value)}\``).join(', ');
}

function numberText(schema: AnySchema): string {
  const json = z.toJSONSchema(schema as z.ZodType, { io: 'input', unrepresentable: 'any' });
  const { type, minimum, maximum, exclusiveMinimum, exclusiveMaximum } = json;
  const bounds: string[] = [];
  const safe = (n: unknown): n is number => typeof n === 'number' && Number.isSafeInteger(n * 2);
  if (safe(minimum)) bounds.push(`at least ${minimum}`);
  if (safe(exclusiveMinimum)) bounds.push(`more than ${exclusiveMinimum}`);
  if (safe(maximum)) bounds.push(`at most ${maximum}`);
  if (safe(exclusiveMaximum)) bounds.push(`less than ${exclusiveMaximum}`);
  const name = type === 'integer' ? 'integer' : 'number';
  return bounds.length === 0 ? name : `${name}, ${bounds.join(', ')}`;
}
