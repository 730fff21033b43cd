import type { AttributeValue, KeyValue } from '../traces/model.ts';

/**
 * Typed JSON: one exact text form for every OTLP value (docs/schema.md). Int and double differ by a
 * point or exponent; bytes and the doubles that JSON lacks are objects with one key `@bytes` or
 * `@double`; keys of maps that begin with `@` get one more.
 */
export function formatTypedJson(value: AttributeValue): string {
  switch (value.type) {
    case 'empty':
      return 'null';
    case 'string':
      return JSON.stringify(value.value);
    case 'bool':
      return value.value ? 'true' : 'false';
    case 'int':
      return value.value.toString();
    case 'double':
      return formatDouble(value.value);
    case 'bytes':
      return `{"@bytes":"${Buffer.from(value.value).toString('base64')}"}`;
    case 'array':
      return `[${value.value.map(formatTypedJson).join(',')}]`;
    case 'kvlist':
      return formatMap(value.value);
  }
}

/** A map as typed JSON, in order, duplicate keys kept. */
function formatMap(entries: readonly KeyValue[]): string {
  const text = entries.map(
    ({ key, value }) =>
      `${JSON.stringify(key.startsWith('@') ? `@${key}` : key)}:${formatTypedJson(value)}`,
  );
  return `{${text.join(',')}}`;
}

function formatDouble(value: number): string {
  if (!Number.isFinite(value)) return `{"@double":"${value}"}`;
  if (Object.is(value, -0)) return '-0.0';
  const text = String(value);
  return /[.e]/.test(text) ? text : `${text}.0`;
}

/** Nesting that a value may have; OTLP itself is refused beyond it. */
const maxDepth = 200;

/**
 * Reads typed JSON.
 * @throws SyntaxError naming the position when `text` is not typed JSON
 */
export function parseTypedJson(text: string): AttributeValue {
  const parser: Parser = { text, at: 0 };
  const value = parseValue(parser, 0);
  skipSpace(parser);
  if (parser.at !== text.length) fail(parser, 'text after the value');
  return value;
}

interface Parser {
  readonly text: string;
  at: number;
}

function fail(parser: Parser, what: string): never {
  const quoted = JSON.stringify(parser.text.slice(0, 100));
  throw new SyntaxError(`cannot read typed JSON ${quoted}: ${what} at ${parser.at}`);
}

function skipSpace(parser: Parser): void {
  while (' \t\r\n'.includes(parser.text[parser.at] ?? 'x')) parser.at++;
}

function parseValue(parser: Parser, depth: number): AttributeValue {
  if (depth > maxDepth) fail(parser, 'too deep');
  skipSpace(parser);
  const c = parser.text[parser.at];
  if (c === '"') return { type: 'string', value: parseString(parser) };
  if (c === '[') return { type: 'array', value: parseArray(parser, depth) };
  if (c === '{') return parseObject(parser, depth);
  if (c === 't') return literal(parser, 'true', { type: 'bool', value: true });
  if (c === 'f') return literal(parser, 'false', { type: 'bool', value: false });
  if (c === 'n') return literal(parser, 'null', { type: 'empty' });
  return parseNumber(parser);
}

function literal(parser: Parser, word: string, value: AttributeValue): AttributeValue {
  if (!parser.text.startsWith(word, parser.at)) fail(parser, 'unexpected text');
  parser.at += word.length;
  return value;
}

const number = /-?(?:0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?/y;

function parseNumber(parser: Parser): AttributeValue {
  number.lastIndex = parser.at;
  const found = number.exec(parser.text);
  if (!found) fail(parser, 'unexpected text');
  parser.at += found[0].length;
  if (found[1] === undefined && found[2] === undefined) {
    return { type: 'int', value: BigInt(found[0]) };
  }
  return { type: 'double', value: Number(found[0]) };
}

const string = /"(?:[^"\\]|\\.)*"/sy;

function parseString(parser: Parser): string {
  string.lastIndex = parser.at;
  const found = string.exec(parser.text);
  if (!found) fail(parser, 'unfinished string');
  let value: string;
  try {
    value = JSON.parse(found[0]) as string;
  } catch {
    fail(parser, 'bad string');
  }
  parser.at += found[0].length;
  return value;
}

/** @returns false when `end` closes the list here */
function nextItem(parser: Parser, end: string, first: boolean): boolean {
  skipSpace(parser);
  if (parser.text[parser.at] === end) {
    parser.at++;
    return false;
  }
  if (!first) {
    if (parser.text[parser.at] !== ',') fail(parser, `expected , or ${end}`);
    parser.at++;
    skipSpace(parser);
  }
  return true;
}

function parseArray(parser: Parser, depth: number): AttributeValue[] {
  parser.at++;
  const values: AttributeValue[] = [];
  while (nextItem(parser, ']', values.length === 0)) values.push(parseValue(parser, depth + 1));
  return values;
}

function parseObject(parser: Parser, depth: number): AttributeValue {
  const start = parser.at;
  parser.at++;
  const entries: KeyValue[] = [];
  while (nextItem(parser, '}', entries.length === 0)) {
    if (parser.text[parser.at] !== '"') fail(parser, 'expected a key');
    const key = parseString(parser);
    skipSpace(parser);
    if (parser.text[parser.at] !== ':') fail(parser, 'expected :');
    parser.at++;
    entries.push({ key, value: parseValue(parser, depth + 1) });
  }
  const only = entries[0];
  if (only?.key === '@bytes' || only?.key === '@double') {
    if (entries.length === 1 && only.value.type === 'string') {
      return special(parser, only.key, only.value.value);
    }
    parser.at = start;
    fail(parser, `bad ${only.key}`);
  }
  return { type: 'kvlist', value: entries.map(unescapeKey) };
}

function special(parser: Parser, key: '@bytes' | '@double', text: string): AttributeValue {
  if (key === '@bytes') {
    const bytes = Buffer.from(text, 'base64');
    return { type: 'bytes', value: new Uint8Array(bytes) };
  }
  if (!/^(NaN|-?Infinity)$/.test(text)) fail(parser, 'bad @double');
  return { type: 'double', value: Number(text) };
}

function unescapeKey(entry: KeyValue): KeyValue {
  return entry.key.startsWith('@') ? { key: entry.key.slice(1), value: entry.value } : entry;
}
