import { compileRegexp } from '../../pdata/regexp/index.ts';
import type { Matcher, MatchOperator } from '../../storage/metrics/model.ts';
import { ApiError } from './error.ts';
import { unquote } from './quoted.ts';

/** Characters of a selector, and matchers in it. */
const mostCharacters = 100_000;
const mostMatchers = 1_000;

const space = /(?:[ \t\r\n]|#[^\r\n]*)*/y;
const metricName = /[a-zA-Z_:][a-zA-Z0-9_:]*/y;
const labelName = /[a-zA-Z_][a-zA-Z0-9_]*/y;
const string = /"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|`([^`]*)`/sy;
const operator = /=~|!=|!~|=/y;

/**
 * Reads a series selector of PromQL: `name{label="value", other=~"a|b"}`, `{"a name", "a.label"="b"}`.
 * @throws ApiError bad_data with the place
 */
export function parseSelector(text: string): Matcher[] {
  if (text.length > mostCharacters) {
    throw new ApiError('bad_data', `a selector of more than ${mostCharacters} characters`);
  }
  return new SelectorParser(text).parse();
}

class SelectorParser {
  readonly #text: string;
  #at = 0;
  readonly #matchers: Matcher[] = [];

  constructor(text: string) {
    this.#text = text;
  }

  parse(): Matcher[] {
    this.#take(space);
    const name = this.#take(metricName);
    if (name !== undefined) this.#matchers.push({ name: '__name__', operator: '=', value: name });
    this.#take(space);
    if (this.#character('{')) this.#braces();
    else if (name === undefined) this.#unexpected('expected a metric name or "{"');
    this.#take(space);
    if (this.#at < this.#text.length) this.#unexpected('expected the end');
    return this.#matchers;
  }

  #braces(): void {
    for (;;) {
      this.#take(space);
      if (this.#character('}')) return;
      this.#matcher();
      this.#take(space);
      if (this.#character('}')) return;
      if (!this.#character(',')) this.#unexpected('expected "," or "}"');
    }
  }

  #matcher(): void {
    if (this.#matchers.length === mostMatchers) this.#fail(`more than ${mostMatchers} matchers`);
    const start = this.#at;
    const quoted = this.#string();
    const name = quoted ?? this.#take(labelName);
    if (name === undefined) this.#unexpected('expected a label name or "}"');
    this.#take(space);
    const op = this.#take(operator) as MatchOperator | undefined;
    if (op === undefined) {
      if (quoted === undefined) this.#unexpected('expected label matching operator');
      this.#matchers.push({ name: '__name__', operator: '=', value: quoted });
      return;
    }
    this.#take(space);
    const value = this.#string();
    if (value === undefined) this.#unexpected('in label matching, expected string');
    const matcher: Matcher = { name, operator: op, value };
    const fault = regexpFault(matcher);
    if (fault !== undefined) this.#fail(fault, start);
    this.#matchers.push(matcher);
  }

  #string(): string | undefined {
    const start = this.#at;
    const whole = this.#take(string);
    if (whole === undefined) return undefined;
    const text = unquote(whole.slice(1, -1), whole[0]!);
    return text ?? this.#fail('invalid string', start);
  }

  #take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    this.#at += found?.length ?? 0;
    return found;
  }

  #character(wanted: string): boolean {
    if (this.#text[this.#at] !== wanted) return false;
    this.#at += 1;
    return true;
  }

  #unexpected(expected: string): never {
    const rest = this.#text.slice(this.#at, this.#at + 20);
    const what = rest === '' ? 'end of input' : JSON.stringify(rest);
    this.#fail(`unexpected ${what}, ${expected.replace(/^in label/, 'in label')}`);
  }

  #fail(message: string, at: number = this.#at): never {
    const before = this.#text.slice(0, at);
    const line = before.split('\n').length;
    const column = at - before.lastIndexOf('\n');
    throw new ApiError('bad_data', `${line}:${column}: parse error: ${message}`);
  }
}

/** What is wrong with the expression of a matcher, undefined when nothing is. */
export function regexpFault({ operator: op, value }: Matcher): string | undefined {
  if (op === '=' || op === '!=') return undefined;
  try {
    compileRegexp(value);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

/** Whether a matcher takes a label that is absent. */
function takesAbsent({ operator: op, value }: Matcher): boolean {
  if (op === '=') return value === '';
  if (op === '!=') return value !== '';
  return compileRegexp(`^(?s:${value})$`).test('') === (op === '=~');
}

/**
 * Reads the selectors of `match[]`.
 * @throws ApiError bad_data, also for one that takes every series
 */
export function parseSelectors(texts: readonly string[]): Matcher[][] {
  return texts.map((text) => {
    const matchers = parseSelector(text);
    if (!matchers.every(takesAbsent)) return matchers;
    throw new ApiError('bad_data', 'match[] must contain at least one non-empty matcher');
  });
}
