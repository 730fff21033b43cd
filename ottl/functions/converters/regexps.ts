import { compileRegexp, type GoRegexp } from '../../../pdata/regexp/index.ts';
import { OttlRuntimeError } from '../../errors.ts';
import { quote } from '../../grammar/quote.ts';
import type { Place } from '../../place.ts';
import type { OttlMap } from '../../values.ts';
import { defineFunction, type Getter, literalOf, type OttlFunction } from '../types.ts';

const maxKept = 32;

/**
 * The compiled pattern of a place. Patterns that are not literals are kept, the 32 used last.
 *
 * @throws Error when a literal pattern is not valid
 */
function patternOf(name: string, getter: Getter<string>): (place: Place) => GoRegexp {
  const literal = literalOf(getter);
  if (literal !== undefined) {
    try {
      const compiled = compileRegexp(literal);
      return () => compiled;
    } catch (error) {
      throw new Error(
        `the regex pattern supplied to ${name} '${quote(literal)}' is not a valid pattern: ` +
          (error as Error).message,
      );
    }
  }
  const kept = new Map<string, GoRegexp>();
  return (place) => {
    const pattern = getter.get(place);
    let compiled = kept.get(pattern);
    if (compiled !== undefined) return compiled;
    try {
      compiled = compileRegexp(pattern);
    } catch (error) {
      throw new OttlRuntimeError((error as Error).message);
    }
    if (kept.size >= maxKept) kept.delete(kept.keys().next().value!);
    kept.set(pattern, compiled);
    return compiled;
  };
}

/** IsMatch and ExtractPatterns. */
export const regexpConverters: readonly OttlFunction[] = [
  defineFunction({
    name: 'IsMatch',
    parameters: [
      { name: 'target', type: 'stringLike' },
      { name: 'pattern', type: 'string' },
    ],
    make({ target, pattern }) {
      const compiled = patternOf('IsMatch', pattern);
      return (place) => {
        const regexp = compiled(place);
        const text = target.get(place);
        return text !== null && regexp.test(text);
      };
    },
  }),
  defineFunction({
    name: 'ExtractPatterns',
    parameters: [
      { name: 'target', type: 'string' },
      { name: 'pattern', type: 'string' },
    ],
    make({ target, pattern }) {
      const compiled = patternOf('ExtractPatterns', pattern);
      return (place) => {
        const regexp = compiled(place);
        const { groupNames } = regexp;
        if (groupNames.every((name) => name === '')) {
          throw new OttlRuntimeError(
            'at least 1 named capture group must be supplied in the given regex',
          );
        }
        const found = regexp.exec(target.get(place));
        const result: OttlMap = new Map();
        if (found === undefined) return result;
        groupNames.forEach((name, i) => {
          if (name !== '') result.set(name, found.groups[i + 1] ?? '');
        });
        return result;
      };
    },
  }),
];
