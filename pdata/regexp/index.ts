import type { RE2JS } from 're2js';
import { asBuffer } from '../proto/as-buffer.ts';
import { isNullable } from './ast.ts';
import { type FastEngine, fastEngine } from './fast-engine.ts';
import { compileGeneral, RegexpError } from './general-engine.ts';
import { type LiteralTest, literalTest } from './literal-test.ts';
import { literalsOf } from './literals.ts';
import { type Parsed, parse } from './parse.ts';
import { forTest } from './simplify.ts';
import { expand, parseTemplate, type TemplatePart } from './template.ts';
import { Untranslatable } from './untranslatable.ts';

export { RegexpError };

/** Where a pattern was found. Places are UTF-16 units of the text. */
export interface GoMatch {
  readonly index: number;
  readonly end: number;
  /** the whole match, then the groups; undefined for one that took no part */
  readonly groups: readonly (string | undefined)[];
}

/**
 * A regular expression in Go's syntax and with Go's meaning (package regexp: RE2, leftmost-first).
 * No text and no pattern makes it take more than linear time, bar a bounded few milliseconds.
 *
 * @throws RegexpError with Go's own message when the pattern is not valid
 */
export function compileRegexp(pattern: string): GoRegexp {
  return new GoRegexp(pattern);
}

/** Why a pattern is not valid, in Go's words; undefined = it is. */
export function regexpFault(pattern: string): string | undefined {
  try {
    compileRegexp(pattern);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

interface Template {
  readonly text: string;
  readonly parts: readonly TemplatePart[];
  /** A template without groups, as String.replace reads it. */
  readonly plain: string | undefined;
}

function templateOf(text: string): Template {
  const parts = parseTemplate(text);
  const isPlain = parts.every((part) => typeof part === 'string');
  return { text, parts, plain: isPlain ? parts.join('').replaceAll('$', '$$$$') : undefined };
}

/** A compiled pattern; see {@link compileRegexp}. Has no state that callers could notice. */
export class GoRegexp {
  readonly pattern: string;
  /** Names of the groups from 1 on, '' for one without a name. */
  readonly groupNames: readonly string[];
  private readonly general: RE2JS;
  private readonly literal: LiteralTest | undefined;
  private readonly tester: FastEngine | undefined;
  private readonly finder: FastEngine | undefined;
  private readonly neverEmpty: boolean = false;
  private template: Template | undefined;

  constructor(pattern: string) {
    this.pattern = pattern;
    const { engine, names } = compileGeneral(pattern);
    this.general = engine;
    this.groupNames = names;
    const parsed = tryParse(pattern, this.groupNames.length);
    if (parsed === undefined) return;
    const forTesting = forTest(parsed.node);
    const literals = literalsOf(forTesting);
    this.literal = literals === undefined ? undefined : literalTest(literals);
    const tester = fastEngine(forTesting, false);
    // a test needs no place to begin from, and without g V8 keeps none
    if (tester !== undefined) {
      this.tester = { ...tester, regexp: new RegExp(tester.regexp.source, 'u') };
    }
    this.finder = fastEngine(parsed.node, true);
    this.neverEmpty = !isNullable(parsed.node);
  }

  /** Whether the pattern is found anywhere in a text. */
  test(text: string): boolean {
    if (this.literal !== undefined) return this.literal.test(text);
    const { tester } = this;
    if (tester !== undefined && text.length <= tester.maxLength) return tester.regexp.test(text);
    return this.general.test(text);
  }

  /** As {@link test}, on UTF-8 in `bytes[start, end)`; fixed texts are compared without decoding. */
  testBytes(bytes: Uint8Array, start: number, end: number): boolean {
    if (this.literal !== undefined) return this.literal.testBytes(bytes, start, end);
    return this.test(asBuffer(bytes).toString('utf8', start, end));
  }

  /** The leftmost match; undefined when there is none. */
  exec(text: string): GoMatch | undefined {
    return this.search(text)(0);
  }

  /**
   * Where the leftmost match and its groups are: [start, end] each, undefined for a group that took
   * no part. @returns undefined when there is no match
   */
  places(text: string): (readonly [start: number, end: number] | undefined)[] | undefined {
    const matcher = this.general.matcher(text);
    if (!matcher.find(0)) return undefined;
    const places: (readonly [number, number] | undefined)[] = [];
    for (let i = 0; i <= matcher.groupCount(); i += 1) {
      const start = matcher.start(i);
      places.push(start < 0 ? undefined : [start, matcher.end(i)]);
    }
    return places;
  }

  /** All matches, none overlapping; an empty one right behind another match does not count. */
  matches(text: string): GoMatch[] {
    const search = this.search(text);
    const all: GoMatch[] = [];
    let at = 0;
    let previousEnd = -1;
    while (at <= text.length) {
      const match = search(at);
      if (match === undefined) break;
      const isEmpty = match.index === match.end;
      if (!isEmpty || match.index !== previousEnd) all.push(match);
      previousEnd = match.end;
      at = match.end > at ? match.end : at + widthAt(text, at);
    }
    return all;
  }

  /** Every match replaced by a template ({@link parseTemplate}), as Regexp.ReplaceAllString does. */
  replaceAll(text: string, template: string): string {
    if (this.template?.text !== template) this.template = templateOf(template);
    const { parts, plain } = this.template!;
    const { finder } = this;
    if (plain !== undefined && this.neverEmpty && text.length <= (finder?.maxLength ?? -1)) {
      return text.replace(finder!.regexp, plain);
    }
    return this.replaceWith(text, (match) => expand(parts, match.groups, this.groupNames));
  }

  /** Every match replaced by what `replacement` makes of it. */
  replaceWith(text: string, replacement: (match: GoMatch) => string): string {
    const search = this.search(text);
    let out = '';
    let copied = 0;
    let at = 0;
    while (at <= text.length) {
      const match = search(at);
      if (match === undefined) break;
      out += text.slice(copied, match.index);
      if (match.end > copied || match.index === 0) out += replacement(match);
      copied = match.end;
      at = Math.max(match.end, at + widthAt(text, at));
    }
    return copied === 0 && out === '' ? text : out + text.slice(copied);
  }

  /** The template's text for one match of this pattern. */
  expand(template: string, match: GoMatch): string {
    return expand(parseTemplate(template), match.groups, this.groupNames);
  }

  private search(text: string): (from: number) => GoMatch | undefined {
    const { finder } = this;
    if (finder !== undefined && text.length <= finder.maxLength) {
      return (from) => fastMatch(finder.regexp, text, from);
    }
    const matcher = this.general.matcher(text);
    return (from) => {
      if (!matcher.find(from)) return undefined;
      const groups: (string | undefined)[] = [];
      for (let i = 0; i <= matcher.groupCount(); i += 1) groups.push(matcher.group(i) ?? undefined);
      return { index: matcher.start(), end: matcher.end(), groups };
    };
  }
}

function fastMatch(regexp: RegExp, text: string, from: number): GoMatch | undefined {
  regexp.lastIndex = from;
  const found = regexp.exec(text);
  if (found === null) return undefined;
  return { index: found.index, end: found.index + found[0].length, groups: found };
}

function widthAt(text: string, at: number): number {
  return (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;
}

function tryParse(pattern: string, groups: number): Parsed | undefined {
  try {
    const parsed = parse(pattern);
    return parsed.names.length === groups ? parsed : undefined;
  } catch (error) {
    if (error instanceof Untranslatable) return undefined;
    throw error;
  }
}
