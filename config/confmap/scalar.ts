import type { ScalarValue } from '../schema/node.ts';

const float = /^[-+]?(\.\d+|\d+(\.\d*)?)([eE][-+]?\d+)?$/;
const integer = /^([-+]?)(0[xX][\da-fA-F]+|0[bB][01]+|0[oO][0-7]+|0[0-7]*|[1-9]\d*)$/;
const timestamp =
  /^(\d{4})-(\d\d?)-(\d\d?)(?:(?:[Tt]| (?!.*[Z+]))(\d\d?):(\d\d?):(\d\d?)(\.\d+)?(Z|[+-]\d\d:\d\d)?)?$/;

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
 * uses: YAML 1.2 core, plus octal with a leading zero (0123 = 83), 0b, 0o, `_` between digits and
 * timestamps. Integers that a double cannot hold are bigint, up to 64 bits; beyond that they are
 * doubles. What a double cannot hold stays text, as do yes and no.
 */
export function resolveScalar(text: string): ScalarValue {
  const word = words.get(text);
  if (word !== undefined) return word;
  if (!/^[-+.\d]/.test(text) || !/\d/.test(text)) return text;
  const time = toTime(text);
  if (time !== undefined) return time;
  const digits = text.replaceAll('_', '');
  const match = integer.exec(digits);
  const whole = match === null ? undefined : toInteger(match[1]!, match[2]!);
  if (whole !== undefined) return whole;
  if (!float.test(digits)) return text;
  const number = Number(digits);
  return Number.isFinite(number) ? number : text;
}

/** @returns undefined when it does not fit 64 bits, signed, or unsigned without a sign */
function toInteger(sign: string, digits: string): number | bigint | undefined {
  const legacyOctal = /^0[0-7]+$/.test(digits);
  const size = BigInt(legacyOctal ? `0o${digits.slice(1)}` : digits);
  const value = sign === '-' ? -size : size;
  const most = sign === '' ? 2n ** 64n : 2n ** 63n;
  if (value >= most || value < -(2n ** 63n)) return undefined;
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/** `2001-1-2`, `2001-01-02T03:04:05.6Z`, `2001-01-02 03:04:05`; UTC where no zone is given. */
function toTime(text: string): Date | undefined {
  const match = timestamp.exec(text);
  if (match === null) return undefined;
  const [, year, month, day, hour = '0', minute = '0', second = '0', fraction = '', zone] = match;
  if (text.includes('T') || text.includes('t') ? zone === undefined : zone !== undefined) {
    return undefined;
  }
  const ms = Math.floor(Number(`0${fraction}`) * 1000);
  const parts = [Number(year), Number(month) - 1, Number(day)] as const;
  const time = new Date(Date.UTC(...parts, Number(hour), Number(minute), Number(second), ms));
  const kept = [time.getUTCMonth() === parts[1], time.getUTCDate() === parts[2]];
  if (kept.includes(false) || Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) {
    return undefined;
  }
  if (zone === undefined || zone === 'Z') return time;
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(4));
  return new Date(time.getTime() - (zone.startsWith('-') ? -1 : 1) * minutes * 60_000);
}
