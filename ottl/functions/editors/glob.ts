import { compileRegexp, type GoRegexp } from '../../../pdata/regexp/index.ts';

/*
 * Globs as `replace_match` takes them: `*` and `**` any text, `?` any character, `[abc]` `[a-z]`
 * `[!a]` one character, `{a,b}` alternatives, `\` takes away a character's meaning.
 */

const special = /[\\.+*?()|[\]{}^$]/g;

function literalText(text: string): string {
  return text.replace(special, '\\$&');
}

class Translator {
  readonly #text: readonly string[];
  #at = 0;

  constructor(glob: string) {
    this.#text = [...glob];
  }

  /** @param nested inside braces: a comma or a closing brace ends it */
  pattern(nested: boolean): string {
    let out = '';
    while (this.#at < this.#text.length) {
      const char = this.#text[this.#at]!;
      if (nested && (char === ',' || char === '}')) return out;
      this.#at += 1;
      out += this.#item(char);
    }
    return out;
  }

  #item(char: string): string {
    switch (char) {
      case '*':
        return '(?s:.*)';
      case '?':
        return '(?s:.)';
      case '[':
        return this.#range();
      case '{':
        return this.#alternatives();
      case '\\': {
        const next = this.#text[this.#at] ?? '';
        this.#at += 1;
        return literalText(next);
      }
      default:
        return literalText(char);
    }
  }

  #alternatives(): string {
    const list: string[] = [];
    do {
      list.push(this.pattern(true));
      this.#at += 1;
    } while (this.#text[this.#at - 1] === ',');
    return `(?:${list.join('|')})`;
  }

  #range(): string {
    const not = this.#text[this.#at] === '!';
    if (not) this.#at += 1;
    const low = this.#text[this.#at];
    if (low !== undefined && this.#text[this.#at + 1] === '-') {
      const high = this.#text[this.#at + 2];
      if (high === undefined) throw new Error('unexpected end of input');
      if (this.#text[this.#at + 3] !== ']') throw new Error('expected close range character');
      if (high < low) throw new Error(`hi character '${high}' should be greater than lo '${low}'`);
      this.#at += 4;
      return `[${not ? '^' : ''}${hex(low)}-${hex(high)}]`;
    }
    let list = '';
    for (;;) {
      let char = this.#text[this.#at];
      if (char === undefined) throw new Error('unexpected end of input');
      this.#at += 1;
      if (char === ']') break;
      if (char === '\\') {
        char = this.#text[this.#at];
        if (char === undefined) throw new Error('unexpected end of input');
        this.#at += 1;
      }
      list += hex(char);
    }
    if (list === '') throw new Error('could not parse range');
    return `[${not ? '^' : ''}${list}]`;
  }
}

function hex(char: string): string {
  return `\\x{${char.codePointAt(0)!.toString(16)}}`;
}

/** Compiles a glob that must match a whole text. @throws Error when it is none */
export function compileGlob(glob: string): GoRegexp {
  return compileRegexp(`\\A(?:${new Translator(glob).pattern(false)})\\z`);
}
