import type { Attribute, Value } from './otlp-model.ts';

/** What the Go collector's `AsString` makes of a value, written the slow and plain way. */
export function asText(value: Value): string {
  if ('string' in value) return value.string;
  if ('bool' in value) return String(value.bool);
  if ('int' in value) return String(value.int);
  if ('double' in value) return doubleAsText(value.double);
  if ('bytes' in value) return Buffer.from(value.bytes).toString('base64');
  if ('empty' in value) return '';
  return json(value) ?? '';
}

function doubleAsText(value: number): string {
  if (Number.isNaN(value)) return 'json: unsupported value: NaN';
  if (value === Infinity) return 'json: unsupported value: +Inf';
  if (value === -Infinity) return 'json: unsupported value: -Inf';
  return Object.is(value, -0) ? '-0' : `${value}`;
}

/** JSON text, or undefined when an infinity or NaN is inside. */
function json(value: Value): string | undefined {
  if ('empty' in value) return 'null';
  if ('string' in value) return quoted(value.string);
  if ('bytes' in value) return quoted(asText(value));
  if ('double' in value && !Number.isFinite(value.double)) return undefined;
  if ('array' in value) {
    const items = value.array.map(json);
    return items.includes(undefined) ? undefined : `[${items.join(',')}]`;
  }
  if ('map' in value) return jsonMap(value.map);
  return asText(value);
}

function jsonMap(map: readonly Attribute[]): string | undefined {
  const last = new Map(map);
  const pairs = [...last].sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  const texts = pairs.map(([key, value]) => [quoted(key), json(value)] as const);
  if (texts.some(([, value]) => value === undefined)) return undefined;
  return `{${texts.map(([key, value]) => `${key}:${value}`).join(',')}}`;
}

function quoted(text: string): string {
  return JSON.stringify(text).replace(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** Attributes as the tables of schema `otel` keep them. */
export function sortedPairs(list: readonly Attribute[]): [string, string][] {
  return list
    .map(([key, value]): [string, string] => [key, asText(value)])
    .sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
}
