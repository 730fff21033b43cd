import { OttlRuntimeError } from '../../errors.ts';
import { quote } from '../../grammar/quote.ts';

const maxInt = (1n << 63n) - 1n;
const maxDigits = 200;

/**
 * A 64-bit integer in some base, as Go's strconv.ParseInt reads it. Base 0 takes it from the text:
 * 0b, 0o, 0x or 0 in front, underscores between digits.
 *
 * @throws OttlRuntimeError with Go's text
 */
export function parseInteger(text: string, base: number): bigint {
  const fail = (why: string): never => {
    throw new OttlRuntimeError(`strconv.ParseInt: parsing ${quote(text)}: ${why}`);
  };
  if (base === 1 || base > 36) return fail(`invalid base ${base}`);
  const parts = /^([+-]?)(.*)$/s.exec(text)!;
  let digits = parts[2]!;
  let radix = base;
  if (base === 0) ({ digits, radix } = withBase(digits));
  const wanted = [...digits].every((char) => digitOf(char) < radix);
  if (digits === '' || !wanted) return fail('invalid syntax');
  const significant = digits.replace(/^0+/, '');
  if (significant.length > maxDigits) return fail('value out of range');
  let value = 0n;
  for (const char of significant) value = value * BigInt(radix) + BigInt(digitOf(char));
  if (parts[1] === '-') value = -value;
  return value > maxInt || value < -maxInt - 1n ? fail('value out of range') : value;
}

function digitOf(char: string): number {
  const value = /^[0-9a-z]$/i.test(char) ? Number.parseInt(char, 36) : 99;
  return value;
}

/** What a base of 0 makes of the digits; '' where underscores are misplaced. */
function withBase(text: string): { digits: string; radix: number } {
  const prefix = /^0([box]?)/i.exec(text);
  const letter = prefix?.[1]?.toLowerCase();
  const radix = prefix === null ? 10 : { b: 2, o: 8, x: 16, '': 8 }[letter as 'b' | 'o' | 'x' | ''];
  if (text === '0') return { digits: '0', radix: 10 };
  const rest = text.slice(prefix?.[0].length ?? 0);
  // an underscore stands between digits, or between the prefix and one
  const valid = (prefix === null ? '' : '0') + rest;
  const digits = /^_|__|_$/.test(valid) ? '' : rest.replaceAll('_', '');
  return { digits, radix };
}
