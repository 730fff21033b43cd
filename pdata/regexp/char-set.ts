import type { CharSet } from './ast.ts';

export const lastCodePoint = 0x10ffff;

/** The set of some ranges in any order. */
export function setOf(
  ranges: readonly number[],
  properties: readonly string[] = [],
  negated = false,
): CharSet {
  return { ranges: normalise(ranges), properties, negated };
}

/** Ranges sorted and joined. */
export function normalise(ranges: readonly number[]): number[] {
  const pairs: [number, number][] = [];
  for (let i = 0; i < ranges.length; i += 2) pairs.push([ranges[i]!, ranges[i + 1]!]);
  pairs.sort((a, b) => a[0] - b[0]);
  const out: number[] = [];
  for (const [low, high] of pairs) {
    const last = out.length - 1;
    if (last > 0 && low <= out[last]! + 1) out[last] = Math.max(out[last]!, high);
    else out.push(low, high);
  }
  return out;
}

/** Everything that is in none of some normalised ranges. */
export function complement(ranges: readonly number[]): number[] {
  const out: number[] = [];
  let from = 0;
  for (let i = 0; i < ranges.length; i += 2) {
    if (ranges[i]! > from) out.push(from, ranges[i]! - 1);
    from = ranges[i + 1]! + 1;
  }
  if (from <= lastCodePoint) out.push(from, lastCodePoint);
  return out;
}

/** A set's code points; all of them when it names Unicode properties (a bound, not the truth). */
export function upperBound(set: CharSet): readonly number[] {
  if (set.properties.length > 0) return [0, lastCodePoint];
  return set.negated ? complement(set.ranges) : set.ranges;
}

/** Whether two normalised lists of ranges have a code point in common. */
export function overlap(a: readonly number[], b: readonly number[]): boolean {
  let i = 0;
  let j = 0;
  while (i < a.length && j < b.length) {
    if (a[i + 1]! < b[j]!) i += 2;
    else if (b[j + 1]! < a[i]!) j += 2;
    else return true;
  }
  return false;
}

/** The only code point of a set; undefined when it has none or several. */
export function onlyMember(set: CharSet): number | undefined {
  if (set.negated || set.properties.length > 0 || set.ranges.length !== 2) return undefined;
  return set.ranges[0] === set.ranges[1] ? set.ranges[0] : undefined;
}

/**
 * Ranges with the other case of every letter; undefined when they hold something outside ASCII,
 * whose folding is left to the general engine.
 */
export function foldAscii(ranges: readonly number[]): number[] | undefined {
  const out = [...ranges];
  for (let i = 0; i < ranges.length; i += 2) {
    const [low, high] = [ranges[i]!, ranges[i + 1]!];
    if (high > 0x7f) return undefined;
    addShifted(out, low, high, 0x41, 0x5a, 32);
    addShifted(out, low, high, 0x61, 0x7a, -32);
    if (contains(low, high, 'k')) out.push(0x212a, 0x212a);
    if (contains(low, high, 's')) out.push(0x17f, 0x17f);
  }
  return normalise(out);
}

function addShifted(
  out: number[],
  low: number,
  high: number,
  first: number,
  last: number,
  shift: number,
): void {
  const from = Math.max(low, first);
  const to = Math.min(high, last);
  if (from <= to) out.push(from + shift, to + shift);
}

function contains(low: number, high: number, letter: string): boolean {
  const lower = letter.charCodeAt(0);
  return (low <= lower && lower <= high) || (low <= lower - 32 && lower - 32 <= high);
}

const digit = [0x30, 0x39];
const word = [0x30, 0x39, 0x41, 0x5a, 0x5f, 0x5f, 0x61, 0x7a];

/** Ranges of `\d`, `\s` and `\w`: ASCII only, and no vertical tab in `\s`. */
export const perlClasses: Readonly<Record<string, readonly number[]>> = {
  d: digit,
  s: [0x09, 0x0a, 0x0c, 0x0d, 0x20, 0x20],
  w: word,
};

/** Ranges of `[:name:]`. */
export const posixClasses: Readonly<Record<string, readonly number[]>> = {
  alnum: [0x30, 0x39, 0x41, 0x5a, 0x61, 0x7a],
  alpha: [0x41, 0x5a, 0x61, 0x7a],
  ascii: [0, 0x7f],
  blank: [0x09, 0x09, 0x20, 0x20],
  cntrl: [0, 0x1f, 0x7f, 0x7f],
  digit,
  graph: [0x21, 0x7e],
  lower: [0x61, 0x7a],
  print: [0x20, 0x7e],
  punct: [0x21, 0x2f, 0x3a, 0x40, 0x5b, 0x60, 0x7b, 0x7e],
  space: [0x09, 0x0d, 0x20, 0x20],
  upper: [0x41, 0x5a],
  word,
  xdigit: [0x30, 0x39, 0x41, 0x46, 0x61, 0x66],
};
