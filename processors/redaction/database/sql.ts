/*
 * Literals of SQL statements replaced by `?`; all else, comments and spaces too, stays. What is a
 * literal is what github.com/DataDog/go-sqllexer takes for one, dialect by dialect.
 */

/** Database systems whose SQL is read in a way of their own. */
export type Dialect = '' | 'mysql' | 'mssql' | 'oracle' | 'snowflake';

const placeholder = '?';

/** A token at a place of the text: how far it goes, and what stands for it (absent = itself). */
interface Token {
  readonly end: number;
  readonly text?: string;
}

const space = /[ \t\n\r]+/y;
const letter = /[A-Za-z_]|[^\0-\x7f]/y;
const unicodeLetter = /\p{L}/u;
const alphanumeric = /^[\p{L}\p{N}_]/u;
const identifier = /(?:[A-Za-z_0-9".?$#/@!]|\p{L})+/uy;
const decimal = /(?:[0-9.]|[eE][+-]?)*/y;
const number = /0[xX][0-9a-fA-F]*|0[0-7][0-7]*|[0-9](?:[0-9.]|[eE][+-]?)*/y;
const keywordEnd = /^(?:[\0(),;.:[\]{} \t\n\r]|$)/;
const operator = /[-+*/=<>!&|^%~?@:#]/;
const json = /->>?|#>>?|#-|\?[|&]|<@/y;

function match(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  const found = pattern.exec(text);
  return found === null ? at : at + found[0].length;
}

function replaceDigits(text: string): string {
  return text.replace(/[0-9]+/g, placeholder);
}

/** A text in quotes with backslash escapes; an open one ends with the statement. */
function quoted(text: string, at: number, quote: string): Token {
  let i = at + 1;
  while (i < text.length && text[i] !== quote) i += text[i] === '\\' ? 2 : 1;
  return { end: Math.min(text.length, i + 1), text: placeholder };
}

/** An identifier in quotes, several joined by dots too. */
function quotedName(text: string, at: number, open: string): Token {
  const close = open === '[' ? ']' : open;
  let from = at + 1;
  for (;;) {
    const end = text.indexOf(close, from);
    if (end < 0) return { end: text.length };
    if (text.startsWith(`.${open}`, end + 1)) from = end + 3;
    else return { end: end + 1, text: replaceDigits(text.slice(at, end + 1)) };
  }
}

function lineComment(text: string, at: number): Token {
  const end = text.indexOf('\n', at);
  return { end: end < 0 ? text.length : end };
}

function blockComment(text: string, at: number): Token {
  const end = text.indexOf('*/', at + 2);
  return { end: end < 0 ? text.length : end + 2 };
}

/** Word, keyword or call; of keywords those that are values. */
function name(text: string, at: number): Token {
  const word = /^[A-Za-z_]+/.exec(text.slice(at, at + 6))?.[0] ?? '';
  if (/^(?:true|false|null)$/i.test(word) && keywordEnd.test(text.slice(at + word.length))) {
    return { end: at + word.length, text: placeholder };
  }
  const end = Math.max(at + 1, match(identifier, text, at));
  if (text[end] === '(' && text.charCodeAt(at) < 128) return { end };
  return { end, text: replaceDigits(text.slice(at, end)) };
}

/** Text between dollars: `$$...$$`, `$tag$...$tag$`; of functions the literals inside. */
function dollars(text: string, at: number, dialect: Dialect): Token {
  const second = text.indexOf('$', at + 1);
  if (second < 0) return { end: text.length };
  const tag = text.slice(at, second + 1);
  // a tag with other characters is never found again
  const end = /^[\0-\x7f]*$/.test(tag) ? text.indexOf(tag, second + 1) : -1;
  if (end < 0) return { end: text.length };
  if (tag !== '$func$') return { end: end + tag.length, text: placeholder };
  const inner = maskSql(text.slice(second + 1, end), dialect);
  return { end: end + tag.length, text: tag + inner + tag };
}

function operators(text: string, at: number): Token {
  const special = match(json, text, at);
  if (special > at) return { end: special };
  let i = at + 1;
  while (i < text.length && operator.test(text[i]!)) {
    if (text[i - 1] === '=' && (text[i] === '?' || text[i] === '@')) break;
    i += 1;
  }
  return { end: i };
}

/** `@name` and `@@name` and what else begins so. */
function atSign(text: string, at: number, dialect: Dialect): Token {
  const word = (from: number) => {
    let i = from;
    while (i < text.length && alphanumeric.test(text.slice(i, i + 2))) i += 1;
    return i;
  };
  if (text[at + 1] === '@') return { end: Math.max(at + 2, word(at + 2)) };
  if (alphanumeric.test(text.slice(at + 1, at + 3))) {
    return dialect === 'snowflake' ? name(text, at) : { end: word(at + 1) };
  }
  if (text[at + 1] === '?' || text[at + 1] === '>') return { end: at + 2 };
  return operators(text, at);
}

/** Signs whose meaning hangs on the dialect; undefined = none of them. */
function dialectToken(text: string, at: number, dialect: Dialect): Token | undefined {
  const next = text[at + 1] ?? '';
  switch (text[at]) {
    case '"':
      return dialect === 'mysql' ? quoted(text, at, '"') : quotedName(text, at, '"');
    case '`':
      return dialect === 'mysql' ? quotedName(text, at, '`') : { end: at + 1 };
    case '[':
      return dialect === 'mssql' ? quotedName(text, at, '[') : { end: at + 1 };
    case '#':
      if (dialect === 'mssql') return name(text, at);
      return dialect === 'mysql' ? lineComment(text, at) : operators(text, at);
    case '@':
      return atSign(text, at, dialect);
    case '$':
      if (/[0-9]/.test(next)) return { end: match(/\$[0-9]+/y, text, at), text: placeholder };
      if (dialect === 'mssql' && isLetter(text, at + 1)) return name(text, at);
      return dollars(text, at, dialect);
    case ':':
      if (dialect === 'oracle' && alphanumeric.test(next)) return { end: at + 2 };
      return operators(text, at);
    default:
      return undefined;
  }
}

function isLetter(text: string, at: number): boolean {
  if (match(letter, text, at) === at) return false;
  return (
    text.charCodeAt(at) < 128 || unicodeLetter.test(String.fromCodePoint(text.codePointAt(at)!))
  );
}

function token(text: string, at: number, dialect: Dialect): Token {
  const first = text[at]!;
  const next = text[at + 1] ?? '';
  const blank = match(space, text, at);
  if (blank > at) return { end: blank };
  if (isLetter(text, at)) return name(text, at);
  if (first === "'") return quoted(text, at, first);
  if (first === '-' && next === '-') return lineComment(text, at);
  if (first === '/' && next === '*') return blockComment(text, at);
  if ((first === '+' || first === '-') && /[0-9.]/.test(next)) {
    return { end: match(decimal, text, at + 1), text: placeholder };
  }
  const digits = match(number, text, at);
  if (digits > at) return { end: digits, text: placeholder };
  if (first === '*') return { end: at + 1 };
  const other = dialectToken(text, at, dialect);
  if (other !== undefined) return other;
  return operator.test(first) ? operators(text, at) : { end: at + 1 };
}

/** The statement with `?` in place of its literals, without spaces at both ends. */
export function maskSql(statement: string, dialect: Dialect): string {
  const nul = statement.indexOf('\0');
  const text = nul < 0 ? statement : statement.slice(0, nul);
  let out = '';
  for (let at = 0; at < text.length; ) {
    const found = token(text, at, dialect);
    out += found.text ?? text.slice(at, found.end);
    at = found.end;
  }
  return out.trim();
}
