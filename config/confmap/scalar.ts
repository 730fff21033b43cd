import type { ScalarValue } from '../schema/node.ts';

const float = /^[-+]?(\.\d+|\d+(\.\d*)?)([eE][-+]?\d+)?$/;
const integer = /^([-+]?)(0[xX][\da-fA-F]+|0[bB][01]+|0[oO]?[0-7]*|[1-9]\d*)$/;

const words: ReadonlyMap<string, ScalarValue> = new Map<string, ScalarValue>([
  ...['', '~', 'null', 'Null', 'NULL'].map((w) => [w, null] as const),
  ...['true', 'True', 'TRUE'].map((w) => [w, true] as const),
  ...['false', 'False', 'FALSE'].map((w) => [w, false] as const),
  ...['.nan', '.NaN', '.NAN'].map((w) => [w, Number.NaN] as const),
  ...['.inf', '.Inf', '.INF', '+.inf', '+.Inf', '+.INF'].map((w) => [w, Infinity] as const),
  ...['-.inf', '-.Inf', '-.INF'].map((w) => [w, -Infinity] as const),
]);

/**
 * What a plain (unquoted) YAML scalar means, by the rules of Go's yaml.v3, which the collector
 * uses: YAML 1.2 core, plus octal with a leading zero (0123 = 83), 0b, 0o and `_` between digits.
 * Integers that a double cannot hold are bigint. Timestamps and yes/no stay text.
 */
export function resolveScalar(text: string): ScalarValue {
  const word = words.get(text);
  if (word !== undefined) return word;
  const digits = text.replaceAll('_', '');
  if (!/\d/.test(text) || /^[_eE]/.test(text)) return text;
  const match = integer.exec(digits);
  if (match !== null) return toInteger(match[1]!, match[2]!);
  return float.test(digits) ? Number(digits) : text;
}

function toInteger(sign: string, digits: string): ScalarValue {
  const legacyOctal = /^0[0-7]+$/.test(digits);
  const size = BigInt(legacyOctal ? `0o${digits.slice(1)}` : digits);
  const value = sign === '-' ? -size : size;
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
