import { setTextAttribute } from '../../../pdata/overlay.ts';
import { AttributeKey, type MessageView, ValueType } from '../../../pdata/readers.ts';
import type { GoRegexp } from '../../../pdata/regexp/index.ts';
import { OttlError, OttlRuntimeError } from '../../errors.ts';
import type { PathAccess, Spot } from '../../paths/access.ts';
import { readValue } from '../../paths/bytes.ts';
import { valueText } from '../../text.ts';
import type { OttlMap, OttlValue } from '../../values.ts';
import { defineFunction, type Evaluate, literalOf, type MapTarget } from '../types.ts';
import { attributesView } from './keys.ts';
import {
  fixedPattern,
  patternOf,
  replacer,
  rewriteParameters,
  wholeReplacement,
} from './patterns.ts';

/**
 * Changes values of a map. @param change the new text of a value, undefined = as it is; `text` is
 * undefined for a value that is none
 */
function changeTexts(
  target: MapTarget,
  change: (
    place: Parameters<Evaluate>[0],
    text: string | undefined,
    value: () => OttlValue,
  ) => string | undefined,
): Evaluate {
  const view = attributesView(target);
  if (view === undefined) {
    return (place) => {
      const map = target.get(place);
      for (const [key, value] of map) {
        const text = change(place, typeof value === 'string' ? value : undefined, () => value);
        if (text !== undefined) map.set(key, text);
      }
      target.set(place, map);
      return null;
    };
  }
  return (place) => {
    const message = view(place);
    message.rewind();
    while (message.nextAttribute())
      changeCurrent(message, (text, value) => change(place, text, value));
    return null;
  };
}

function changeCurrent(
  message: MessageView,
  change: (text: string | undefined, value: () => OttlValue) => string | undefined,
): void {
  const { value } = message;
  const text = value.type === ValueType.string ? value.string() : undefined;
  const changed = change(text, () => readValue(value));
  if (changed === undefined || changed === text) return;
  setTextAttribute(message, new AttributeKey(message.keyText()), changed);
}

/** Editor `stringify_all`: makes texts of all values of a map. */
export const stringifyAll = defineFunction({
  name: 'stringify_all',
  parameters: [{ name: 'target', type: 'mapTarget' }],
  make: ({ target }) =>
    changeTexts(target, (_, text, value) => (text === undefined ? valueText(value()) : undefined)),
});

/** The first bytes of a text, cut between characters when `whole`. */
function cut(text: string, most: number, whole: boolean): string | undefined {
  if (text.length <= most && text.length * 3 <= most) return undefined;
  const bytes = Buffer.from(text);
  if (bytes.length <= most) return undefined;
  let end = most;
  if (whole) while (end > 0 && (bytes[end]! & 0xc0) === 0x80) end -= 1;
  return bytes.toString('utf8', 0, end);
}

/** Editor `truncate_all`: cuts texts after so many bytes of UTF-8. */
export const truncateAll = defineFunction({
  name: 'truncate_all',
  parameters: [
    { name: 'target', type: 'mapTarget' },
    { name: 'limit', type: 'literalInt' },
    { name: 'utf8_safe', type: 'literalBool', optional: true },
  ],
  make({ target, limit, utf8_safe: whole = true }) {
    if (limit < 0n) {
      throw new OttlError(`invalid limit for truncate_all function, ${limit} cannot be negative`);
    }
    const most = Number(limit);
    return changeTexts(target, (_, text) =>
      text === undefined ? undefined : cut(text, most, whole),
    );
  },
});

/** Editor `replace_all_matches`: puts a text in the place of those that a glob matches whole. */
export const replaceAllMatches = defineFunction({
  name: 'replace_all_matches',
  parameters: [
    { name: 'target', type: 'mapTarget' },
    { name: 'pattern', type: 'string' },
    ...rewriteParameters,
  ],
  make(args) {
    const pattern = patternOf('replace_all_matches', args.pattern, 'glob');
    const replacement = wholeReplacement(args);
    let text = '';
    const change = changeTexts(args.target, (place, value) =>
      value !== undefined && pattern(place).test(value) ? text : undefined,
    );
    return (place) => {
      pattern(place);
      text = replacement(place);
      return change(place);
    };
  },
});

function replaceKeys(map: OttlMap, rename: (key: string) => string | undefined): OttlMap {
  const renamed: OttlMap = new Map();
  for (const [key, value] of map) {
    const name = rename(key);
    if (name !== undefined) renamed.set(name, value);
  }
  return renamed;
}

/** What a failing function makes of a text. */
function attempt(rewrite: () => string): string | undefined {
  try {
    return rewrite();
  } catch (error) {
    if (error instanceof OttlRuntimeError) return undefined;
    throw error;
  }
}

/** Editor `replace_all_patterns`: rewrites what a pattern finds in all values, or in all keys. */
export const replaceAllPatterns = defineFunction({
  name: 'replace_all_patterns',
  parameters: [
    { name: 'target', type: 'mapTarget' },
    { name: 'mode', type: 'literalString' },
    { name: 'regex_pattern', type: 'string' },
    ...rewriteParameters,
  ],
  make(args) {
    const { target, mode } = args;
    const pattern = patternOf('replace_all_patterns', args.regex_pattern);
    if (mode !== 'value' && mode !== 'key') {
      throw new OttlError(`invalid mode ${mode}, must be either 'key' or 'value'`);
    }
    const replace = replacer(args);
    let template = '';
    if (mode === 'value') {
      const change = changeTexts(target, (place, text) => {
        const compiled = pattern(place);
        if (text === undefined || !compiled.test(text)) return undefined;
        return attempt(() => replace(place, compiled, text, template));
      });
      return (place) => {
        template = args.replacement.get(place);
        pattern(place);
        return change(place);
      };
    }
    return (place) => {
      const map = target.get(place);
      template = args.replacement.get(place);
      const compiled = pattern(place);
      const rename = (key: string): string | undefined =>
        compiled.test(key) ? attempt(() => replace(place, compiled, key, template)) : key;
      target.set(place, replaceKeys(map, rename));
      return null;
    };
  },
});

/** Editor `replace_match`: puts a text in the place of one that a glob matches whole. */
export const replaceMatch = defineFunction({
  name: 'replace_match',
  parameters: [
    { name: 'target', type: 'target' },
    { name: 'pattern', type: 'string' },
    ...rewriteParameters,
  ],
  make(args) {
    const { target } = args;
    const pattern = patternOf('replace_match', args.pattern, 'glob');
    const replacement = wholeReplacement(args);
    return (place) => {
      const compiled = pattern(place);
      const value = target.get(place);
      const text = replacement(place);
      if (typeof value === 'string' && compiled.test(value)) target.set(place, text);
      return null;
    };
  },
});

/** The rewriting of one attribute's text by a literal pattern and template. */
function rewriteAttribute(
  { view, key }: Spot & { kind: 'attribute' },
  pattern: GoRegexp,
  template: string,
): Evaluate {
  return (place) => {
    const message = view(place);
    if (!message.find(key) || message.value.type !== ValueType.string) return null;
    const text = message.value.string();
    const changed = pattern.replaceAll(text, template);
    if (changed !== text) setTextAttribute(message, key, changed);
    return null;
  };
}

/** Editor `replace_pattern`: rewrites what a pattern finds in one text. */
export const replacePattern = defineFunction({
  name: 'replace_pattern',
  parameters: [
    { name: 'target', type: 'target' },
    { name: 'regex_pattern', type: 'string' },
    ...rewriteParameters,
  ],
  make(args) {
    const { target } = args;
    const pattern = patternOf('replace_pattern', args.regex_pattern);
    const replace = replacer(args);
    const { spot } = target as PathAccess;
    const fixed = fixedPattern(args.regex_pattern, pattern);
    const literal = args.function === undefined ? literalOf(args.replacement) : undefined;
    if (spot?.kind === 'attribute' && fixed !== undefined && literal !== undefined) {
      return rewriteAttribute(spot, fixed, literal);
    }
    return (place) => {
      const value = target.get(place);
      if (value === null) return null;
      const template = args.replacement.get(place);
      if (typeof value !== 'string') return null;
      const compiled = pattern(place);
      if (!compiled.test(value)) return null;
      target.set(place, replace(place, compiled, value, template));
      return null;
    };
  },
});
