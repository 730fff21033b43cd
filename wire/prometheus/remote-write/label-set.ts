import type { Uint32Column } from './columns.ts';
import type { Symbols } from './symbols.ts';

/** What became of the labels of a series. */
export type LabelFault = 'empty name' | 'not UTF-8' | 'duplicate name';

/**
 * Puts labels [from, end of the column) in the order of their names and takes out those with an
 * empty value, which is as none.
 * @param pairs name and value symbols, alternating
 * @returns what is wrong with them, undefined when nothing is
 */
export function settleLabels(
  symbols: Symbols,
  pairs: Uint32Column,
  from: number,
): LabelFault | undefined {
  const { values } = pairs;
  let to = from;
  let sorted = true;
  for (let i = from; i < pairs.length; i += 2) {
    const name = values[i]!;
    const value = values[i + 1]!;
    if (name === 0) return 'empty name';
    if (symbols.invalid(name) || symbols.invalid(value)) return 'not UTF-8';
    if (value === 0) continue;
    if (to > from && symbols.compare(values[to - 2]!, name) >= 0) sorted = false;
    values[to] = name;
    values[to + 1] = value;
    to += 2;
  }
  pairs.length = to;
  return sorted ? undefined : sortLabels(symbols, pairs, from);
}

function sortLabels(symbols: Symbols, pairs: Uint32Column, from: number): LabelFault | undefined {
  const { values } = pairs;
  const count = (pairs.length - from) / 2;
  const order = Array.from({ length: count }, (_, i) => from + 2 * i);
  order.sort((a, b) => symbols.compare(values[a]!, values[b]!));
  const sorted = order.flatMap((at) => [values[at]!, values[at + 1]!]);
  values.set(sorted, from);
  for (let i = from + 2; i < pairs.length; i += 2) {
    if (values[i] === values[i - 2]) return 'duplicate name';
  }
  return undefined;
}
