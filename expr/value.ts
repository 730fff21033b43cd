/** A point in time: what `timestamp` is in an expression. */
export class ExprTime {
  /** Nanoseconds since 1970. */
  readonly ns: bigint;
  constructor(ns: bigint) {
    this.ns = ns;
  }
}

/** What expressions work on: bigint = integer of 64 bits, number = float of 64 bits. */
export type Value =
  | null
  | boolean
  | string
  | bigint
  | number
  | Uint8Array
  | ExprTime
  | Value[]
  | ValueMap;
/** A map in an expression; keys keep their order. */
export type ValueMap = Map<string, Value>;

/** An expression that cannot be used: what is wrong and where in its text. */
export class ExprSyntaxError extends Error {
  /** From 1, in characters. */
  readonly column: number;
  constructor(message: string, offset: number) {
    super(`${message} (column ${offset + 1})`);
    this.name = 'ExprSyntaxError';
    this.column = offset + 1;
  }
}

/** An expression that could not be evaluated for one input. */
export class ExprRuntimeError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ExprRuntimeError';
  }
}

/** The Go name of a value's type, for messages. */
export function typeName(value: Value): string {
  if (value === null) return '<nil>';
  if (typeof value === 'bigint') return 'int';
  if (typeof value === 'number') return 'float64';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'string') return 'string';
  if (value instanceof Uint8Array) return '[]uint8';
  if (value instanceof ExprTime) return 'time.Time';
  return Array.isArray(value) ? '[]interface {}' : 'map[string]interface {}';
}

/** bigint = an int of 64 bits, number = a float, as expr-lang tells them apart. */
export function isNumber(value: Value): value is bigint | number {
  return typeof value === 'bigint' || typeof value === 'number';
}

/** Deep equality; an integer equals a float of the same value (at the top), other types never mix. */
export function equal(a: Value, b: Value): boolean {
  if (a === b) return true;
  if (typeof a === 'bigint' || typeof a === 'number') {
    // biome-ignore lint/suspicious/noDoubleEquals: integer and float compare by value
    return isNumber(b) && a == b;
  }
  if (a === null || b === null || typeof a !== 'object' || typeof b !== 'object') return false;
  if (a instanceof ExprTime) return b instanceof ExprTime && a.ns === b.ns;
  if (a instanceof Uint8Array) return b instanceof Uint8Array && equalBytes(a, b);
  if (Array.isArray(a)) {
    return Array.isArray(b) && a.length === b.length && a.every((v, i) => same(v, b[i]!));
  }
  if (!(b instanceof Map) || a.size !== b.size) return false;
  for (const [key, value] of a) {
    const other = b.get(key);
    if (other === undefined || !same(value, other)) return false;
  }
  return true;
}

/** Inside lists and maps an integer is no float. */
function same(a: Value, b: Value): boolean {
  return typeof a === typeof b && equal(a, b);
}

function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

function mismatch(a: Value, operator: string, b: Value): ExprRuntimeError {
  return new ExprRuntimeError(`invalid operation: ${typeName(a)} ${operator} ${typeName(b)}`);
}

/** @returns negative, 0 or positive; NaN when a float is NaN */
export function compare(a: Value, b: Value, operator: string): number {
  if (isNumber(a) && isNumber(b)) {
    if (a < b) return -1;
    if (a > b) return 1;
    return typeof a === 'number' && typeof b === 'number' && a !== b ? Number.NaN : 0;
  }
  if (typeof a === 'string' && typeof b === 'string') return compareText(a, b);
  if (a instanceof ExprTime && b instanceof ExprTime) return compare(a.ns, b.ns, operator);
  throw mismatch(a, operator, b);
}

/** Order of UTF-8 bytes, as Go compares texts. */
function compareText(a: string, b: string): number {
  if (a === b) return 0;
  const ascii = /^[\0-\x7f]*$/;
  if (ascii.test(a) && ascii.test(b)) return a < b ? -1 : 1;
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/** `+ - * / % **` with Go's 64-bit integers; `/` and `**` always give floats. */
export function arithmetic(operator: string, a: Value, b: Value): Value {
  if (operator === '+' && typeof a === 'string' && typeof b === 'string') return a + b;
  if (!isNumber(a) || !isNumber(b)) throw mismatch(a, operator, b);
  if (operator === '/') return Number(a) / Number(b);
  if (operator === '**') return Number(a) ** Number(b);
  if (typeof a === 'bigint' && typeof b === 'bigint') return integers(operator, a, b);
  const [x, y] = [Number(a), Number(b)];
  if (operator === '+') return x + y;
  if (operator === '-') return x - y;
  if (operator === '*') return x * y;
  throw mismatch(a, operator, b);
}

function integers(operator: string, a: bigint, b: bigint): bigint {
  if (operator === '+') return BigInt.asIntN(64, a + b);
  if (operator === '-') return BigInt.asIntN(64, a - b);
  if (operator === '*') return BigInt.asIntN(64, a * b);
  if (b === 0n) throw new ExprRuntimeError('integer divide by zero');
  return a % b;
}
