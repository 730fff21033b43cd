import { compileRegexp, type GoRegexp } from '../../pdata/regexp/index.ts';

const separator = '\\.';

/**
 * Compiles a pattern for dotted names: `*` is anything but a dot, `**` anything, `?` one character
 * but a dot, `[abc]`, `[!abc]`, `[a-z]` one of a class, `{a,b}` one of several patterns, `\` takes
 * the next character as it is.
 * @throws Error that says what is wrong
 */
export function compileGlob(pattern: string): GoRegexp {
  return compileRegexp(`^(?:${new Translator(pattern).run()})$`);
}

/** From a glob to a regular expression. */
class Translator {
  readonly #chars: readonly string[];
  #at = 0;
  #depth = 0;

  constructor(pattern: string) {
    this.#chars = [...pattern];
  }

  run(): string {
    let out = '';
    while (this.#at < this.#chars.length) out += this.#next();
    return out + ')'.repeat(this.#depth);
  }

  #next(): string {
    const char = this.#chars[this.#at]!;
    this.#at += 1;
    if (char === '*') {
      if (this.#chars[this.#at] !== '*') return `[^${separator}]*`;
      this.#at += 1;
      return '(?s:.*)';
    }
    if (char === '?') return `[^${separator}]`;
    if (char === '[') return this.#class();
    if (char === '{') {
      this.#depth += 1;
      return '(?:';
    }
    if (this.#depth > 0 && char === ',') return '|';
    if (this.#depth > 0 && char === '}') {
      this.#depth -= 1;
      return ')';
    }
    if (char !== '\\') return quote(char);
    const escaped = this.#chars[this.#at];
    this.#at += 1;
    return escaped === undefined ? '' : quote(escaped);
  }

  #read(): string {
    const char = this.#chars[this.#at];
    if (char === undefined) throw new Error('unexpected end of input');
    this.#at += 1;
    return char;
  }

  #class(): string {
    let first = this.#read();
    let not = '';
    if (first === '!') {
      not = '^';
      first = this.#read();
    }
    if (this.#chars[this.#at] === '-') {
      this.#at += 1;
      const last = this.#read();
      if (last.codePointAt(0)! < first.codePointAt(0)!) {
        throw new Error(`hi character '${last}' should be greater than lo '${first}'`);
      }
      if (this.#read() !== ']') throw new Error('expected close range character');
      return `[${not}${quote(first)}-${quote(last)}]`;
    }
    let chars = '';
    for (let char = first; char !== ']'; char = this.#read()) {
      chars += quote(char === '\\' ? this.#read() : char);
    }
    if (chars === '') throw new Error('could not parse range');
    return `[${not}${chars}]`;
  }
}

function quote(char: string): string {
  return /[\\^$.|?*+()[\]{}-]/.test(char) ? `\\${char}` : char;
}
