import { unescapeGo } from '../../wire/go-text/unescape.ts';

/**
 * The text of a string token with Go's escapes: `\n`, `\x41`, `\u00e9`, `\101` ... A byte escape
 * stands for the character of that number.
 *
 * @param token with its quotation marks
 * @returns undefined when an escape is not one
 */
export function unquote(token: string): string | undefined {
  return unescapeGo(token.slice(1, -1), '"', 'characters');
}

/** Escapes that Go writes for characters, quotation marks aside. */
export const escapes: Readonly<Record<string, string>> = {
  '\x07': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '\\': '\\\\',
};

/** A text in quotation marks as Go's %q prints it. */
export function quote(text: string): string {
  let out = '"';
  for (const char of text) {
    const code = char.codePointAt(0)!;
    if (char === '"') out += '\\"';
    else if (escapes[char] !== undefined) out += escapes[char];
    else if (code < 32 || code === 127) out += `\\x${code.toString(16).padStart(2, '0')}`;
    else out += char;
  }
  return `${out}"`;
}
