import { compileRegexp, type GoRegexp } from '../../../pdata/regexp/index.ts';
import { OttlError, OttlRuntimeError } from '../../errors.ts';
import { quote } from '../../grammar/quote.ts';
import type { Place } from '../../place.ts';
import { type Evaluate, type FunctionArgument, type Getter, literalOf } from '../types.ts';
import { compileGlob } from './glob.ts';

/** Patterns that were computed and are kept compiled. */
const maxPatterns = 32;

/**
 * A pattern that may be computed. A literal one is compiled at once.
 *
 * @throws OttlError for a literal that is no pattern
 */
export function patternOf(
  name: string,
  getter: Getter<string>,
  kind: 'regexp' | 'glob' = 'regexp',
): (place: Place) => GoRegexp {
  const compile = kind === 'regexp' ? compileRegexp : compileGlob;
  const build = (text: string, fail: (message: string) => Error): GoRegexp => {
    try {
      return compile(text);
    } catch (error) {
      const reason = (error as Error).message;
      throw fail(
        `the regex pattern supplied to ${name} '${quote(text)}' is not a valid pattern: ${reason}`,
      );
    }
  };
  const literal = literalOf(getter);
  if (literal !== undefined) {
    const fixed = build(literal, (message) => new OttlError(message));
    return () => fixed;
  }
  const known = new Map<string, GoRegexp>();
  return (place) => {
    const text = getter.get(place);
    let found = known.get(text);
    if (found === undefined) {
      found = build(text, (message) => new OttlRuntimeError(message));
      if (known.size >= maxPatterns) known.clear();
      known.set(text, found);
    }
    return found;
  };
}

/** The literal pattern itself; undefined for a computed one. */
export function fixedPattern(
  getter: Getter<string>,
  pattern: (place: Place) => GoRegexp,
): GoRegexp | undefined {
  return getter.isLiteral ? pattern(undefined as never) : undefined;
}

/** Puts a text into a format with `%s`. @throws OttlRuntimeError for another format */
function applyFormat(format: Getter<string> | undefined, place: Place, text: string): string {
  if (format === undefined) return text;
  const template = format.get(place);
  if (!/^.*?%s.*?$/.test(template) || /%[^s]/.test(template)) {
    throw new OttlRuntimeError(
      'replacementFormat must be format string containing a single %s and no other format specifiers',
    );
  }
  const [first = '', ...rest] = template.split('%s');
  const [second = '', ...more] = rest;
  return [first + text + second, ...more].join('%!s(MISSING)');
}

/** A text passed through a function and a format. */
export interface Rewrite {
  readonly replacement: Getter<string>;
  readonly function: FunctionArgument | undefined;
  readonly replacement_format: Getter<string> | undefined;
}

/** The replacement itself, through function and format. */
export function wholeReplacement(rewrite: Rewrite): (place: Place) => string {
  const { replacement, replacement_format: format } = rewrite;
  const callee = rewrite.function;
  if (callee === undefined) return (place) => replacement.get(place);
  let evaluate: Evaluate | undefined;
  return (place) => {
    evaluate ??= callable(callee, replacement);
    const value = evaluate(place);
    if (typeof value !== 'string') throw new OttlRuntimeError('replacement value is not a string');
    return applyFormat(format, place, value);
  };
}

function callable(callee: FunctionArgument, input: Getter<string>): Evaluate {
  try {
    return callee.call(input as unknown as Getter);
  } catch (error) {
    throw new OttlRuntimeError((error as Error).message);
  }
}

/** Every match of a pattern in a text replaced by a template, or by a function of it. */
export function replacer(
  rewrite: Rewrite,
): (place: Place, pattern: GoRegexp, text: string, template: string) => string {
  const callee = rewrite.function;
  if (callee === undefined)
    return (_, pattern, text, template) => pattern.replaceAll(text, template);
  const input = { isLiteral: false, text: '', get: () => input.text };
  let evaluate: Evaluate | undefined;
  return (place, pattern, text, template) => {
    let out = '';
    let copied = 0;
    for (const match of pattern.matches(text)) {
      input.text = pattern.expand(template, match);
      evaluate ??= callable(callee, input);
      const value = evaluate(place);
      if (typeof value !== 'string') {
        throw new OttlRuntimeError('the replacement value must be a string');
      }
      out += text.slice(copied, match.index);
      out += applyFormat(rewrite.replacement_format, place, value);
      copied = match.end;
    }
    return out + text.slice(copied);
  };
}

/** Parameters that the replacing editors share. */
export const rewriteParameters = [
  { name: 'replacement', type: 'string' },
  { name: 'function', type: 'function', optional: true },
  { name: 'replacement_format', type: 'string', optional: true },
] as const;
