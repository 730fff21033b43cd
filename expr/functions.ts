import { compare, ExprRuntimeError, equal, typeName, type Value, type ValueMap } from './value.ts';

/** Static types: what is known of a value before it is there. */
export type StaticType =
  | 'any'
  | 'nil'
  | 'bool'
  | 'int'
  | 'float'
  | 'string'
  | 'array'
  | 'map'
  | 'time';

type Parameter = StaticType | 'number';

/** A function of the language that takes values. */
export interface ExprFunction {
  readonly parameters: readonly Parameter[];
  /** How many of the parameters must be given; more arguments than parameters: the last repeats. */
  readonly required: number;
  readonly variadic?: boolean;
  readonly returns: StaticType;
  readonly call: (args: readonly Value[]) => Value;
}

/** Functions with a predicate, and which of their arguments it is. */
export const predicateFunctions: ReadonlyMap<string, number> = new Map(
  [
    ...['all', 'none', 'any', 'one', 'filter', 'map', 'find', 'findIndex', 'findLast'],
    ...['findLastIndex', 'count', 'sum', 'groupBy', 'sortBy', 'reduce'],
  ].map((name) => [name, 1]),
);

/** Functions of expr-lang that are refused when an expression is loaded. */
export const unsupportedFunctions: ReadonlySet<string> = new Set([
  ...['now', 'duration', 'date', 'timezone', 'toJSON', 'fromJSON', 'mean', 'median'],
  ...['bitand', 'bitor', 'bitxor', 'bitnand', 'bitnot', 'bitshl', 'bitshr', 'bitushr'],
  ...['sortBy', 'groupBy', 'reduce', 'toPairs', 'fromPairs'],
]);

function text(value: Value | undefined): string {
  if (typeof value === 'string') return value;
  throw new ExprRuntimeError(`expected a string, got ${typeName(value ?? null)}`);
}

function list(value: Value | undefined, name: string): Value[] {
  if (Array.isArray(value)) return value;
  throw new ExprRuntimeError(`invalid argument for ${name} (type ${typeName(value ?? null)})`);
}

/** An integer out of a number, as Go converts it. */
export function toInt(value: Value | undefined): number {
  if (typeof value === 'bigint') return Number(value);
  if (typeof value === 'number') return Math.trunc(value);
  throw new ExprRuntimeError(`invalid operation: int(${typeName(value ?? null)})`);
}

/** Number of elements, keys or characters. */
function length(value: Value | undefined): bigint {
  if (typeof value === 'string') return BigInt([...value].length);
  if (value instanceof Map) return BigInt(value.size);
  if (Array.isArray(value) || value instanceof Uint8Array) return BigInt(value.length);
  throw new ExprRuntimeError(`invalid argument for len (type ${typeName(value ?? null)})`);
}

function split(args: readonly Value[], keep: boolean): Value[] {
  const [source, separator] = [text(args[0]), text(args[1])];
  const most = args.length > 2 ? toInt(args[2]) : -1;
  if (most === 0) return [];
  const parts = separator === '' ? [...source] : source.split(separator);
  const glued = most > 0 && parts.length > most ? joinTail(parts, most, separator) : parts;
  return keep ? glued.map((part, i) => (i < glued.length - 1 ? part + separator : part)) : glued;
}

function joinTail(parts: readonly string[], most: number, separator: string): string[] {
  return [...parts.slice(0, most - 1), parts.slice(most - 1).join(separator)];
}

function trimSet(source: string, set: string): string {
  const cut = new Set(set);
  const all = [...source];
  let from = 0;
  let to = all.length;
  while (from < to && cut.has(all[from]!)) from += 1;
  while (to > from && cut.has(all[to - 1]!)) to -= 1;
  return all.slice(from, to).join('');
}

function replace(args: readonly Value[]): string {
  const [source, from, to] = [text(args[0]), text(args[1]), text(args[2])];
  let left = args.length > 3 ? toInt(args[3]) : -1;
  if (left < 0) {
    if (from !== '') return source.replaceAll(from, () => to);
    left = source.length + 1;
  }
  if (from === '') {
    const all = [...source];
    return [...all, ''].map((c, i) => (i < left ? to + c : c)).join('');
  }
  let out = '';
  let at = 0;
  for (; left > 0; left -= 1) {
    const next = source.indexOf(from, at);
    if (next < 0) break;
    out += source.slice(at, next) + to;
    at = next + from.length;
  }
  return out + source.slice(at);
}

/** Offset in bytes of UTF-8, as Go counts; -1 = not found. */
function byteOffset(source: string, index: number): bigint {
  return index < 0 ? -1n : BigInt(Buffer.byteLength(source.slice(0, index)));
}

/** @throws ExprRuntimeError */
function toInteger(value: Value | undefined): bigint {
  if (typeof value === 'bigint') return value;
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) return -0x8000000000000000n;
    return BigInt.asIntN(64, BigInt(Math.trunc(value)));
  }
  if (typeof value === 'string') {
    if (/^[+-]?\d+$/.test(value)) {
      const parsed = BigInt(value.replace(/^\+/, ''));
      if (BigInt.asIntN(64, parsed) === parsed) return parsed;
    }
    throw new ExprRuntimeError(`invalid operation: int(${value})`);
  }
  throw new ExprRuntimeError(`invalid operation: int(${typeName(value ?? null)})`);
}

function toFloat(value: Value | undefined): number {
  if (typeof value === 'bigint' || typeof value === 'number') return Number(value);
  if (typeof value === 'string') {
    const decimal = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
    if (decimal.test(value)) return Number(value);
    const special = /^([+-]?)(inf(?:inity)?|nan)$/i.exec(value);
    if (special !== null) {
      if (special[2]!.toLowerCase() === 'nan') return Number.NaN;
      return special[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
    }
    throw new ExprRuntimeError(`invalid operation: float(${value})`);
  }
  throw new ExprRuntimeError(`invalid operation: float(${typeName(value ?? null)})`);
}

/** A value as Go's `%v` prints it. */
export function printValue(value: Value): string {
  if (value === null) return '<nil>';
  if (typeof value === 'number') return printFloat(value);
  if (typeof value !== 'object') return String(value);
  if (value instanceof Map) {
    const keys = [...value.keys()].sort();
    return `map[${keys.map((key) => `${key}:${printValue(value.get(key)!)}`).join(' ')}]`;
  }
  if (Array.isArray(value)) return `[${value.map(printValue).join(' ')}]`;
  if (value instanceof Uint8Array) return `[${[...value].join(' ')}]`;
  const ms = Number(value.ns / 1_000_000n);
  const fraction = String(value.ns % 1_000_000_000n)
    .padStart(9, '0')
    .replace(/0+$/, '');
  const day = new Date(ms).toISOString().slice(0, 19).replace('T', ' ');
  return `${day}${fraction === '' ? '' : `.${fraction}`} +0000 UTC`;
}

function printFloat(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  if (Object.is(value, -0)) return '-0';
  const size = Math.abs(value);
  if (value !== 0 && (size < 1e-4 || size >= 1e21)) {
    return value.toExponential().replace(/e([+-])(\d)$/, 'e$10$2');
  }
  return String(value);
}

function typeOf(value: Value): string {
  const names: Readonly<Record<string, string>> = {
    bigint: 'int',
    number: 'float',
    boolean: 'bool',
    string: 'string',
  };
  if (value === null) return 'nil';
  if (typeof value !== 'object') return names[typeof value]!;
  if (value instanceof Map) return 'map';
  return Array.isArray(value) || value instanceof Uint8Array ? 'array' : 'time.Time';
}

function extreme(args: readonly Value[], sign: 1 | -1, name: string): Value {
  const numbers = args.flatMap((arg) => (Array.isArray(arg) ? arg : [arg]));
  if (numbers.length === 0) throw new ExprRuntimeError(`not enough arguments to call ${name}`);
  return numbers.reduce((best, value) => (compare(value, best, '<') * sign > 0 ? value : best));
}

function roundAway(value: number): number {
  return Math.sign(value) * Math.round(Math.abs(value));
}

function unique(values: readonly Value[]): Value[] {
  const out: Value[] = [];
  for (const value of values) if (!out.some((kept) => equal(kept, value))) out.push(value);
  return out;
}

function flatten(values: readonly Value[]): Value[] {
  return values.flatMap((value) => (Array.isArray(value) ? flatten(value) : [value]));
}

function entriesOf(value: Value | undefined, name: string): ValueMap {
  if (value instanceof Map) return value;
  throw new ExprRuntimeError(`cannot get ${name} from ${typeName(value ?? null)}`);
}

const strings = (count: number): Parameter[] => Array.from({ length: count }, () => 'string');

function define(
  parameters: readonly Parameter[],
  returns: StaticType,
  call: (args: readonly Value[]) => Value,
  required = parameters.length,
): ExprFunction {
  return { parameters, required, returns, call };
}

/** The functions that take values, by name. */
export const functions: ReadonlyMap<string, ExprFunction> = new Map<string, ExprFunction>([
  ['len', define(['any'], 'int', ([value]) => length(value))],
  ['type', define(['any'], 'string', ([value]) => typeOf(value!))],
  ['abs', define(['number'], 'any', ([v]) => absolute(v!))],
  ['ceil', define(['number'], 'float', ([v]) => Math.ceil(Number(v)))],
  ['floor', define(['number'], 'float', ([v]) => Math.floor(Number(v)))],
  ['round', define(['number'], 'float', ([v]) => roundAway(Number(v)))],
  ['int', define(['any'], 'int', ([value]) => toInteger(value))],
  ['float', define(['any'], 'float', ([value]) => toFloat(value))],
  ['string', define(['any'], 'string', ([value]) => printValue(value!))],
  [
    'trim',
    define(
      strings(2),
      'string',
      (a) => (a.length > 1 ? trimSet(text(a[0]), text(a[1])) : text(a[0]).trim()),
      1,
    ),
  ],
  ['trimPrefix', define(strings(2), 'string', ([s, p = ' ']) => trimStart(text(s), text(p)), 1)],
  ['trimSuffix', define(strings(2), 'string', ([s, p = ' ']) => trimEnd(text(s), text(p)), 1)],
  ['upper', define(['string'], 'string', ([s]) => text(s).toUpperCase())],
  ['lower', define(['string'], 'string', ([s]) => text(s).toLowerCase())],
  ['split', define(['string', 'string', 'int'], 'array', (args) => split(args, false), 2)],
  ['splitAfter', define(['string', 'string', 'int'], 'array', (args) => split(args, true), 2)],
  ['replace', define([...strings(3), 'int'], 'string', replace, 3)],
  ['repeat', define(['string', 'int'], 'string', ([s, n]) => repeat(text(s), toInt(n)))],
  [
    'join',
    define(
      ['array', 'string'],
      'string',
      ([l, glue = '']) => list(l, 'join').map(text).join(text(glue)),
      1,
    ),
  ],
  ['indexOf', define(strings(2), 'int', ([s, f]) => byteOffset(text(s), text(s).indexOf(text(f))))],
  [
    'lastIndexOf',
    define(strings(2), 'int', ([s, f]) => byteOffset(text(s), text(s).lastIndexOf(text(f)))),
  ],
  ['hasPrefix', define(strings(2), 'bool', ([s, p]) => text(s).startsWith(text(p)))],
  ['hasSuffix', define(strings(2), 'bool', ([s, p]) => text(s).endsWith(text(p)))],
  ['max', { ...define(['any'], 'any', (args) => extreme(args, 1, 'max')), variadic: true }],
  ['min', { ...define(['any'], 'any', (args) => extreme(args, -1, 'min')), variadic: true }],
  ['first', define(['array'], 'any', ([l]) => list(l, 'first')[0] ?? null)],
  ['last', define(['array'], 'any', ([l]) => list(l, 'last').at(-1) ?? null)],
  ['get', define(['any', 'any'], 'any', ([from, key]) => get(from!, key!))],
  ['take', define(['array', 'int'], 'array', ([l, n]) => take(list(l, 'take'), toInt(n)))],
  ['keys', define(['map'], 'array', ([m]) => [...entriesOf(m, 'keys').keys()])],
  ['values', define(['map'], 'array', ([m]) => [...entriesOf(m, 'values').values()])],
  ['reverse', define(['array'], 'array', ([l]) => list(l, 'reverse').toReversed())],
  ['uniq', define(['array'], 'array', ([l]) => unique(list(l, 'uniq')))],
  [
    'concat',
    { ...define(['array'], 'array', (a) => a.flatMap((l) => list(l, 'concat'))), variadic: true },
  ],
  ['flatten', define(['array'], 'array', ([l]) => flatten(list(l, 'flatten')))],
  [
    'sort',
    define(
      ['array', 'string'],
      'array',
      ([l, order = 'asc']) => sort(list(l, 'sort'), text(order)),
      1,
    ),
  ],
  ['toBase64', define(['string'], 'string', ([s]) => Buffer.from(text(s)).toString('base64'))],
  ['fromBase64', define(['string'], 'string', ([s]) => fromBase64(text(s)))],
]);

function trimStart(source: string, prefix: string): string {
  return source.startsWith(prefix) ? source.slice(prefix.length) : source;
}

function trimEnd(source: string, suffix: string): string {
  return suffix !== '' && source.endsWith(suffix) ? source.slice(0, -suffix.length) : source;
}

function repeat(source: string, count: number): string {
  if (count < 0) {
    throw new ExprRuntimeError(
      `invalid argument for repeat (expected positive integer, got ${count})`,
    );
  }
  if (count > 1e6 || count * source.length > 1e6)
    throw new ExprRuntimeError('memory budget exceeded');
  return source.repeat(count);
}

function take(values: readonly Value[], count: number): Value[] {
  if (count < 0) throw new ExprRuntimeError(`cannot take ${count} elements`);
  return values.slice(0, count);
}

function sort(values: readonly Value[], order: string): Value[] {
  if (order !== 'asc' && order !== 'desc')
    throw new ExprRuntimeError(`unknown order, use asc or desc (got ${order})`);
  const sorted = values.toSorted((a, b) => compare(a, b, '<'));
  return order === 'asc' ? sorted : sorted.reverse();
}

function fromBase64(source: string): string {
  if (source.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(source)) {
    throw new ExprRuntimeError('illegal base64 data');
  }
  return Buffer.from(source, 'base64').toString();
}

function get(from: Value, key: Value): Value {
  if (from instanceof Map) return typeof key === 'string' ? (from.get(key) ?? null) : null;
  if (Array.isArray(from)) return from.at(toInt(key)) ?? null;
  return null;
}

function absolute(value: Value): Value {
  if (typeof value === 'bigint') return value < 0n ? -value : value;
  return Math.abs(Number(value));
}
