import type { Binder } from './bind.ts';

/** A field of the span that a search names as if it were an attribute. */
export interface Field {
  /** Its string form, of columns of `spans`. */
  readonly text: string;
  /** True for spans that have it. */
  readonly exists: string;
}

const kinds = "['unspecified', 'internal', 'server', 'client', 'producer', 'consumer']";

/** Fields by the names that Jaeger shows them under, `span.name` and `service.name`. */
const fields: ReadonlyMap<string, Field> = new Map([
  ['error', { text: "if(status_code = 2, 'true', 'false')", exists: '1' }],
  ['span.kind', { text: `${kinds}[kind + 1]`, exists: '1' }],
  ['span.name', { text: 'name', exists: '1' }],
  ['service.name', { text: 'service', exists: 'notEmpty(service)' }],
  ['otel.status_code', { text: "['UNSET', 'OK', 'ERROR'][status_code + 1]", exists: '1' }],
  ['otel.status_description', { text: 'status_message', exists: 'notEmpty(status_message)' }],
  ['w3c.tracestate', { text: 'trace_state', exists: 'notEmpty(trace_state)' }],
  ['wirestitch.client.entity', entity('client_entity')],
  ['wirestitch.server.entity', entity('server_entity')],
]);

/** Entities are shown as signed numbers; 0 is none. */
function entity(column: string): Field {
  return { text: `toString(reinterpretAsInt64(toUInt64(${column})))`, exists: `${column} != 0` };
}

/** @returns undefined where the key is an attribute's */
export function fieldOf(key: string): Field | undefined {
  return fields.get(key);
}

/** Names of the fields and of those of scopes, for lists of keys. */
export const fieldNames: readonly string[] = [
  ...fields.keys(),
  'otel.scope.name',
  'otel.scope.version',
  'event',
];

/** Columns of `scopes` by the names that Jaeger shows them under. */
export function scopeField(key: string): string | undefined {
  if (key === 'otel.scope.name') return 'name';
  if (key === 'otel.scope.version') return 'version';
  return undefined;
}

/** One place where spans can have attributes: a map of the columns of `spans`. */
export interface AttributeMap {
  readonly column: string;
  /** Type of the values; `json`: typed JSON of what has no map of its own. */
  readonly type: 'string' | 'int' | 'float' | 'bool' | 'json';
  /** True where the column is an array of maps, one for each event or link. */
  readonly nested: boolean;
  /** The array of its keys, where they can be read without the values. */
  readonly keys?: string;
}

function map(column: string, type: AttributeMap['type']): AttributeMap {
  return { column, type, nested: false, keys: `${column}.keys` };
}

/** Where spans have attributes, without those of resource and scope. */
export const attributeMaps: readonly AttributeMap[] = [
  map('attributes_string', 'string'),
  map('attributes_int', 'int'),
  map('attributes_float', 'float'),
  map('attributes_bool', 'bool'),
  map('attributes_other', 'json'),
  { column: '`events.attributes`', type: 'string', nested: true },
  { column: '`events.attributes_other`', type: 'json', nested: true },
  { column: '`links.attributes`', type: 'string', nested: true },
  { column: '`links.attributes_other`', type: 'json', nested: true },
];

/** True for rows that have the key in the map; cheap where the keys have a column of their own. */
export function hasKey({ column, nested, keys }: AttributeMap, key: string, bind: Binder): string {
  const name = bind.text(key);
  if (nested) return `arrayExists(m -> mapContains(m, ${name}), ${column})`;
  return keys === undefined ? `mapContains(${column}, ${name})` : `has(${keys}, ${name})`;
}
