import { quoteString } from '../sql.ts';
import { literals } from './bind.ts';
import type { Field } from './fields.ts';
import { isNegative, textFits } from './filters.ts';
import { kindNames } from './otel-rows.ts';
import type { TraceFilter, TraceQuery } from './reader.ts';
import type { Window } from './search.ts';

/** The WHERE clause of a search in the contrib table, without time. */
export function otelCondition(query: TraceQuery): string {
  const is: string[] = [];
  if (query.service !== undefined) is.push(`ServiceName = ${quoteString(query.service)}`);
  if (query.operation !== undefined) is.push(`SpanName = ${quoteString(query.operation)}`);
  if (query.minDurationNs !== undefined) is.push(`Duration >= ${atLeast0(query.minDurationNs)}`);
  if (query.maxDurationNs !== undefined) is.push(`Duration <= ${atLeast0(query.maxDurationNs)}`);
  const { services = [], statusCode } = query;
  if (services.length > 0) is.push(`ServiceName IN (${services.map(quoteString).join(', ')})`);
  if (statusCode !== undefined) {
    is.push(`StatusCode IN (${statusNames(statusCode).map(quoteString).join(', ')})`);
  }
  for (const [key, value] of query.tags ?? []) is.push(tagCondition(key, value));
  for (const filter of query.filters ?? []) is.push(filterCondition(filter));
  return is.length === 0 ? '1' : is.join(' AND ');
}

function atLeast0(ns: bigint): bigint {
  return ns < 0n ? 0n : ns;
}

const kinds = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'];

/** Every attribute is a string here, so the string form is all there is to compare. */
function tagCondition(key: string, value: string): string {
  const error = "StatusCode IN ('Error', 'STATUS_CODE_ERROR')";
  if (key === 'error' && value === 'true') return error;
  if (key === 'error' && value === 'false') return `NOT ${error}`;
  if (key === 'span.kind' && kinds.includes(value)) {
    return `SpanKind IN (${kindNames(kinds.indexOf(value)).map(quoteString).join(', ')})`;
  }
  const text = quoteString(value);
  if (key === 'otel.status_code') {
    const name = value[0] === undefined ? '' : value[0] + value.slice(1).toLowerCase();
    return `StatusCode IN (${[name, `STATUS_CODE_${value}`].map(quoteString).join(', ')})`;
  }
  if (key === 'otel.scope.name') return `ScopeName = ${text}`;
  if (key === 'otel.scope.version') return `ScopeVersion = ${text}`;
  const name = quoteString(key);
  const inMap = (map: string) =>
    value === ''
      ? `(mapContains(${map}, ${name}) AND ${map}[${name}] = '')`
      : `${map}[${name}] = ${text}`;
  const places = [
    inMap('SpanAttributes'),
    inMap('ResourceAttributes'),
    `arrayExists(m -> ${inMap('m')}, \`Events.Attributes\`)`,
    `arrayExists(m -> ${inMap('m')}, \`Links.Attributes\`)`,
  ];
  if (key === 'event') places.push(`has(\`Events.Name\`, ${text})`);
  return `(${places.join(' OR ')})`;
}

/** Older writers have longer names, and '' for unset. */
function statusNames(code: number): string[] {
  const name = ['Unset', 'Ok', 'Error'][code] ?? '';
  const names = [name, `STATUS_CODE_${name.toUpperCase()}`];
  return code === 0 ? [...names, ''] : names;
}

const kindText = "replaceRegexpOne(lower(SpanKind), '^span_kind_', '')";
const statusText = "replaceRegexpOne(upper(StatusCode), '^STATUS_CODE_', '')";
const isError = "StatusCode IN ('Error', 'STATUS_CODE_ERROR')";

/** String forms of what is a column here, by the names that schema `smart` has for it. */
const fields: ReadonlyMap<string, string> = new Map([
  ['error', `if(${isError}, 'true', 'false')`],
  ['span.kind', `if(${kindText} = '', 'unspecified', ${kindText})`],
  ['span.name', 'SpanName'],
  ['service.name', 'ServiceName'],
  ['otel.status_code', `if(${statusText} = '', 'UNSET', ${statusText})`],
  ['otel.status_description', 'StatusMessage'],
  ['w3c.tracestate', 'TraceState'],
  ['otel.scope.name', 'ScopeName'],
  ['otel.scope.version', 'ScopeVersion'],
]);

/** Names of the fields, for lists of keys. */
export const otelFieldNames: readonly string[] = [...fields.keys(), 'event'];

/** The field that a key stands for, over columns of the contrib table. */
export function otelFieldOf(key: string): Field | undefined {
  const text = fields.get(key);
  return text === undefined ? undefined : { text, exists: `notEmpty(${text})` };
}

const maps = ['SpanAttributes', 'ResourceAttributes'];
const nestedMaps = ['`Events.Attributes`', '`Links.Attributes`'];

/** Every attribute is a string here. Scopes have no attributes in these tables. */
function filterCondition(filter: TraceFilter): string {
  const field = fields.get(filter.key);
  const has = field === undefined ? hasKey(filter.key) : `notEmpty(${field})`;
  if (filter.op === 'exists') return has;
  if (filter.op === '!exists') return `NOT ${has}`;
  if (filter.op === '=' && field === undefined) return tagCondition(filter.key, filter.value);
  const fits = field === undefined ? attributeFits(filter) : valueFits(filter, field);
  if (isNegative(filter)) return `(${has} AND NOT ${fits})`;
  return field === undefined ? fits : `(${has} AND ${fits})`;
}

function hasKey(key: string): string {
  const name = quoteString(key);
  const places = maps.map((map) => `mapContains(${map}, ${name})`);
  for (const list of nestedMaps) places.push(`arrayExists(m -> mapContains(m, ${name}), ${list})`);
  if (key === 'event') places.push('notEmpty(`Events.Name`)');
  return `(${places.join(' OR ')})`;
}

function attributeFits(filter: TraceFilter): string {
  const name = quoteString(filter.key);
  const inMap = (map: string) =>
    `(mapContains(${map}, ${name}) AND ${valueFits(filter, `${map}[${name}]`)})`;
  const places = maps.map(inMap);
  for (const list of nestedMaps) places.push(`arrayExists(m -> ${inMap('m')}, ${list})`);
  if (filter.key === 'event') {
    places.push(`arrayExists(n -> ${valueFits(filter, 'n')}, \`Events.Name\`)`);
  }
  return `(${places.join(' OR ')})`;
}

function valueFits(filter: TraceFilter, text: string): string {
  return textFits(filter, text, literals);
}

/** Condition on a stretch of start times. */
export function otelTime(window: Window): string {
  return `Timestamp >= ${literal(window.fromNs)} AND Timestamp <= ${literal(window.toNs)}`;
}

const maxInt = 2n ** 63n - 1n;

function literal(ns: bigint): string {
  return `fromUnixTimestamp64Nano(toInt64(${ns > maxInt ? maxInt : ns}), 'UTC')`;
}
