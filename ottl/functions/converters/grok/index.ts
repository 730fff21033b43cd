import { OttlRuntimeError } from '../../../errors.ts';
import { quote } from '../../../grammar/quote.ts';
import type { Place } from '../../../place.ts';
import { defineFunction, type Getter, literalOf, type OttlFunction } from '../../types.ts';
import { basePatterns } from './base-patterns.ts';
import { compileGrok, type Grok, grokFields } from './grok.ts';
import { logPatterns } from './log-patterns.ts';

const maxKept = 32;

function ownDefinitions(definitions: readonly string[]): Map<string, string> {
  const own = new Map<string, string>();
  definitions.forEach((definition, i) => {
    const at = definition.indexOf('=');
    if (at < 0) {
      const shown = definition.length > 20 ? `${definition.slice(0, 17)}...` : definition;
      throw new Error(
        `pattern ${quote(shown)} supplied to ExtractGrokPatterns at index ${i} has incorrect ` +
          'format, expecting PATTERNNAME=pattern definition',
      );
    }
    const name = definition.slice(0, at);
    if (name.includes(':')) throw new Error(`pattern ID ${quote(name)} should not contain ':'`);
    own.set(name, definition.slice(at + 1));
  });
  return own;
}

const noGroups = 'at least 1 named capture group must be supplied in the given regex';

function hasGroups({ regexp }: Grok): boolean {
  return regexp.groupNames.some((name) => name !== '');
}

function makeGrok(
  pattern: Getter<string>,
  namedOnly: boolean,
  own: ReadonlyMap<string, string>,
): (place: Place) => Grok {
  const lookup = (name: string): string | undefined =>
    own.get(name) ?? logPatterns.get(name) ?? basePatterns.get(name);
  const compile = (text: string): Grok => {
    try {
      return compileGrok(text, namedOnly, lookup);
    } catch (error) {
      throw new Error(
        `the regex pattern supplied to ExtractGrokPatterns '${quote(text)}' is not a valid ` +
          `pattern: ${(error as Error).message}`,
      );
    }
  };
  const literal = literalOf(pattern);
  if (literal !== undefined) {
    const compiled = compile(literal);
    if (namedOnly && !hasGroups(compiled)) throw new Error(noGroups);
    return () => compiled;
  }
  const kept = new Map<string, Grok>();
  return (place) => {
    const text = pattern.get(place);
    let compiled = kept.get(text);
    if (compiled === undefined) {
      try {
        compiled = compile(text);
      } catch (error) {
        throw new OttlRuntimeError((error as Error).message);
      }
      if (kept.size >= maxKept) kept.delete(kept.keys().next().value!);
      kept.set(text, compiled);
    }
    if (namedOnly && !hasGroups(compiled)) throw new OttlRuntimeError(noGroups);
    return compiled;
  };
}

export const grokConverter: OttlFunction = defineFunction({
  name: 'ExtractGrokPatterns',
  parameters: [
    { name: 'target', type: 'string' },
    { name: 'pattern', type: 'string' },
    { name: 'named_captures_only', type: 'literalBool', optional: true },
    { name: 'pattern_definitions', type: 'literalStringList', optional: true },
  ],
  make({ target, pattern, named_captures_only, pattern_definitions }) {
    const own = ownDefinitions(pattern_definitions ?? []);
    const grok = makeGrok(pattern, named_captures_only ?? false, own);
    return (place) => {
      const compiled = grok(place);
      return grokFields(compiled, target.get(place));
    };
  },
});
