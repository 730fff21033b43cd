import type { ValueMap } from '../../expr/index.ts';

/** Splits at a delimiter outside of quotes; quotes go, `\` keeps the quote after it. */
function splitPairs(input: string, delimiter: string): string[] {
  const pairs: string[] = [];
  let current = '';
  let quote = '';
  let escaped = false;
  for (let i = 0; i < input.length; i += 1) {
    const c = input[i]!;
    if (quote === '' && input.startsWith(delimiter, i)) {
      if (current !== '') pairs.push(current);
      current = '';
      i += delimiter.length - 1;
      continue;
    }
    if (!escaped) {
      if (quote === '' && (c === '"' || c === "'")) {
        quote = c;
        continue;
      }
      if (c === quote) {
        quote = '';
        continue;
      }
      escaped = c === '\\';
    } else escaped = false;
    current += c;
  }
  if (quote !== '') throw new Error('never reached the end of a quoted value');
  if (current !== '') pairs.push(current);
  return pairs;
}

/** White space as Go trims it. */
const space = /^[\s\u0085]+|[\s\u0085]+$/g;

/**
 * Parses `a=1 b="x y"`.
 * @throws Error naming the pairs that have no delimiter
 */
export function parseKeyValue(input: string, delimiter: string, pairDelimiter: string): ValueMap {
  const map: ValueMap = new Map();
  const faults: string[] = [];
  for (const pair of splitPairs(input, pairDelimiter)) {
    const at = pair.indexOf(delimiter);
    if (at < 0) {
      faults.push(`cannot split ${JSON.stringify(pair)} into 2 items, got 1 item(s)`);
      continue;
    }
    const value = pair.slice(at + delimiter.length);
    map.set(pair.slice(0, at).replace(space, ''), value.replace(space, ''));
  }
  if (faults.length > 0) throw new Error(faults.join('; '));
  return map;
}
