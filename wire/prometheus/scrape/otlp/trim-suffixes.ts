import type { PointKind } from './family-of.ts';

/** A name without the suffixes of its type and unit: `a_bytes_total` of unit bytes is `a`. */
export function trimSuffixes(name: string, kind: PointKind, unit: string): string {
  let tokens = name.split('_');
  if (tokens.length === 1) return name;
  if (kind === 'sum' && tokens.at(-1) === 'total') tokens = tokens.slice(0, -1);
  const words = unit.split('_');
  const at = tokens.length - words.length;
  if (at > 0 && words.every((word, i) => tokens[at + i] === word)) tokens = tokens.slice(0, at);
  return tokens.join('_');
}
