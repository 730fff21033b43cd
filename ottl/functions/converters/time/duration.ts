import { quote } from '../../../grammar/quote.ts';
import { OttlDuration } from '../../../values.ts';

const units: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1000n,
  µs: 1000n,
  μs: 1000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
};

const limit = 1n << 63n;

/**
 * A duration such as `-1h15.5m`. @throws Error with Go's text
 */
export function parseDuration(text: string): OttlDuration {
  const invalid = (): never => {
    throw new Error(`time: invalid duration ${quote(text)}`);
  };
  const signed = /^([+-]?)(.*)$/s.exec(text)!;
  let rest = signed[2]!;
  if (rest === '0') return new OttlDuration(0n);
  if (rest === '') return invalid();
  let total = 0n;
  while (rest !== '') {
    const number = /^([0-9]*)(?:\.([0-9]*))?/.exec(rest)!;
    const whole = number[1]!;
    const decimals = number[2] ?? '';
    if (whole === '' && decimals === '') return invalid();
    rest = rest.slice(number[0].length);
    const name = /^[^.0-9]*/.exec(rest)![0];
    if (name === '') throw new Error(`time: missing unit in duration ${quote(text)}`);
    const unit = Object.hasOwn(units, name) ? units[name]! : undefined;
    if (unit === undefined) {
      throw new Error(`time: unknown unit ${quote(name)} in duration ${quote(text)}`);
    }
    rest = rest.slice(name.length);
    if (whole.length > 30) return invalid();
    total += BigInt(whole === '' ? '0' : whole) * unit + fractionOf(decimals, unit);
    if (total > limit) return invalid();
  }
  if (signed[1] !== '-' && total === limit) return invalid();
  return new OttlDuration(signed[1] === '-' ? -total : total);
}

/** Decimals of a unit in nanoseconds, cut as floating point does. */
function fractionOf(decimals: string, unit: bigint): bigint {
  const digits = decimals.slice(0, 18);
  if (digits === '') return 0n;
  return BigInt(Math.trunc(Number(digits) * (Number(unit) / 10 ** digits.length)));
}
