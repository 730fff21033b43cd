import { unescapeGo } from '../../wire/go-text/unescape.ts';

const oneCharacter = /^(?:[^\\]|\\(?:x..|[0-7]{3}|u.{4}|U.{8}|.))$/su;

/**
 * The text that a Go literal stands for: in double quotes, back quotes, or one character in single
 * quotes (strconv.Unquote).
 * @throws Error
 */
export function unquote(literal: string): string {
  const invalid = new Error('invalid syntax');
  const quote = literal[0];
  if (literal.length < 2 || literal.at(-1) !== quote) throw invalid;
  const inner = literal.slice(1, -1);
  if (quote === '`') {
    if (inner.includes('`')) throw invalid;
    return inner.replaceAll('\r', '');
  }
  if ((quote !== '"' && quote !== "'") || inner.includes('\n')) throw invalid;
  if (quote === "'" && !oneCharacter.test(inner)) throw invalid;
  const text = unescapeGo(inner, quote, 'lossy bytes');
  if (text === undefined) throw invalid;
  return text;
}
