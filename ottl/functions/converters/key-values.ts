import { OttlRuntimeError } from '../../errors.ts';
import { quote } from '../../grammar/quote.ts';
import { valueText } from '../../text.ts';
import type { OttlMap, OttlValue } from '../../values.ts';
import { defineFunction, type OttlFunction } from '../types.ts';
import { compareUtf8, trimSpace } from './go-text.ts';

/**
 * Parts of a text between delimiters, empty ones left out. Within single or double quotation marks
 * a delimiter is text; the marks go, unless a backslash stands before them.
 */
function splitQuoted(text: string, delimiter: string): string[] {
  const parts: string[] = [];
  let current = '';
  let quoteChar = '';
  let escaped = false;
  for (let i = 0; i < text.length; i += 1) {
    if (quoteChar === '' && text.startsWith(delimiter, i)) {
      if (current !== '') parts.push(current);
      current = '';
      i += delimiter.length - 1;
      continue;
    }
    const char = text[i]!;
    if (escaped) escaped = false;
    else if (quoteChar === '' && (char === '"' || char === "'")) {
      quoteChar = char;
      continue;
    } else if (char === quoteChar) {
      quoteChar = '';
      continue;
    } else escaped = char === '\\';
    current += char;
  }
  if (quoteChar !== '') {
    throw new OttlRuntimeError(
      `splitting source ${quote(text)} into pairs failed: never reached the end of a quoted value`,
    );
  }
  if (current !== '') parts.push(current);
  return parts;
}

function parseKeyValue(text: string, delimiter: string, pairDelimiter: string): OttlMap {
  if (text === '') throw new OttlRuntimeError('cannot parse from empty target');
  const result: OttlMap = new Map();
  const faults: string[] = [];
  for (const pair of splitQuoted(text, pairDelimiter)) {
    const at = pair.indexOf(delimiter);
    if (at < 0) faults.push(`cannot split ${quote(pair)} into 2 items, got 1 item(s)`);
    else result.set(trimSpace(pair.slice(0, at)), trimSpace(pair.slice(at + delimiter.length)));
  }
  if (faults.length > 0) {
    throw new OttlRuntimeError(`failed to split pairs into key-values: ${faults.join('; ')}`);
  }
  return result;
}

function delimiters(
  delimiter: string | undefined,
  pairDelimiter: string | undefined,
): readonly [string, string] {
  if (delimiter === '') throw new Error('delimiter cannot be set to an empty string');
  if (pairDelimiter === '') throw new Error('pair delimiter cannot be set to an empty string');
  const one = delimiter ?? '=';
  const pair = pairDelimiter ?? ' ';
  if (one === pair) {
    throw new Error(`pair delimiter ${quote(pair)} cannot be equal to delimiter ${quote(one)}`);
  }
  return [one, pair];
}

function escaped(text: string, delimiter: string, pairDelimiter: string): string {
  const safe = text.replaceAll('"', '\\"');
  return safe.includes(pairDelimiter) || safe.includes(delimiter) ? `"${safe}"` : safe;
}

function joined(entries: Iterable<[string, OttlValue]>, one: string, pair: string): string {
  const texts: string[] = [];
  for (const [key, value] of entries) {
    texts.push(escaped(key, one, pair) + one + escaped(valueText(value), one, pair));
  }
  return texts.join(pair);
}

/** ParseKeyValue and ToKeyValueString. */
export const keyValueConverters: readonly OttlFunction[] = [
  defineFunction({
    name: 'ParseKeyValue',
    parameters: [
      { name: 'target', type: 'string' },
      { name: 'delimiter', type: 'literalString', optional: true },
      { name: 'pair_delimiter', type: 'literalString', optional: true },
    ],
    make({ target, delimiter, pair_delimiter }) {
      const [one, pair] = delimiters(delimiter, pair_delimiter);
      return (place) => parseKeyValue(target.get(place), one, pair);
    },
  }),
  defineFunction({
    name: 'ToKeyValueString',
    parameters: [
      { name: 'target', type: 'map' },
      { name: 'delimiter', type: 'literalString', optional: true },
      { name: 'pair_delimiter', type: 'literalString', optional: true },
      { name: 'sort_output', type: 'literalBool', optional: true },
    ],
    make({ target, delimiter, pair_delimiter, sort_output }) {
      const [one, pair] = delimiters(delimiter, pair_delimiter);
      return (place) => {
        const map = target.get(place);
        if (!sort_output) return joined(map, one, pair);
        return joined(
          [...map].sort(([a], [b]) => compareUtf8(a, b)),
          one,
          pair,
        );
      };
    },
  }),
];
