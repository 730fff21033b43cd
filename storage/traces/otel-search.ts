import { quoteString } from '../sql.ts';
import { kindNames } from './otel-rows.ts';
import type { TraceQuery } from './reader.ts';
import type { Window } from './search.ts';

/** The WHERE clause of a search in the contrib table, without time. */
export function otelCondition(query: TraceQuery): string {
  const is: string[] = [];
  if (query.service !== undefined) is.push(`ServiceName = ${quoteString(query.service)}`);
  if (query.operation !== undefined) is.push(`SpanName = ${quoteString(query.operation)}`);
  if (query.minDurationNs !== undefined) is.push(`Duration >= ${atLeast0(query.minDurationNs)}`);
  if (query.maxDurationNs !== undefined) is.push(`Duration <= ${atLeast0(query.maxDurationNs)}`);
  for (const [key, value] of query.tags ?? []) is.push(tagCondition(key, value));
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

/** Condition on a stretch of start times. */
export function otelTime(window: Window): string {
  return `Timestamp >= ${literal(window.fromNs)} AND Timestamp <= ${literal(window.toNs)}`;
}

const maxInt = 2n ** 63n - 1n;

function literal(ns: bigint): string {
  return `fromUnixTimestamp64Nano(toInt64(${ns > maxInt ? maxInt : ns}), 'UTC')`;
}
