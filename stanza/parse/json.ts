import type { Value, ValueMap } from '../../expr/index.ts';

/** Deepest JSON that is taken. */
const maxDepth = 1000;

/** A parsed JSON value with objects as maps, numbers as floats. */
function fromJson(value: unknown, depth = 0): Value {
  if (value === null || typeof value !== 'object') return value as Value;
  if (depth > maxDepth) throw new Error(`JSON nests deeper than ${maxDepth} levels`);
  if (value instanceof Int) return value.value;
  if (Array.isArray(value)) return value.map((element) => fromJson(element, depth + 1));
  const map: ValueMap = new Map();
  for (const key of Object.keys(value)) {
    map.set(key, fromJson((value as Record<string, unknown>)[key], depth + 1));
  }
  return map;
}

/** An integer on its way through JSON.parse. */
class Int {
  readonly value: bigint;
  constructor(value: bigint) {
    this.value = value;
  }
}

function reviveInts(_key: string, value: unknown, context?: { source?: string }): unknown {
  const source = context?.source;
  if (typeof value !== 'number' || source === undefined || !/^-?\d+$/.test(source)) return value;
  const parsed = BigInt(source);
  return BigInt.asIntN(64, parsed) === parsed ? new Int(parsed) : value;
}

/**
 * Parses a JSON object.
 * @param ints whether numbers without fraction become integers
 * @throws Error for anything else
 */
export function parseJsonObject(text: string, ints: boolean): ValueMap {
  const value = fromJson(ints ? JSON.parse(text, reviveInts) : JSON.parse(text));
  if (value instanceof Map) return value;
  if (value === null) return new Map();
  const kind = Array.isArray(value) ? 'array' : typeof value;
  throw new Error(`cannot parse JSON ${kind} as an object`);
}

/**
 * Parses a JSON array of plain values: numbers become integers (those with a fraction 0), objects
 * their text.
 * @throws Error for anything else
 */
export function parseJsonArray(text: string): Value[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Error('failed to parse entry');
  }
  if (!Array.isArray(value)) return [];
  return value.map((element: unknown): Value => {
    if (typeof element === 'number') return Number.isSafeInteger(element) ? BigInt(element) : 0n;
    if (Array.isArray(element)) throw new Error('failed to parse entry');
    if (typeof element === 'object' && element !== null) return JSON.stringify(element);
    return element as Value;
  });
}
