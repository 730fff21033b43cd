/**
 * Tokens of ClickHouse SQL (src/Parsers/Lexer.cpp as a specification): words, numbers, strings
 * with backslash or doubled-quote escapes, heredocs $tag$...$tag$, identifiers in backticks or
 * double quotes, comments (`--`, `#!`, `# `, nested slash-star), and single characters.
 */
export type TokenType = 'word' | 'number' | 'string' | 'quoted' | 'other';

/** One token; `start` and `end` are UTF-16 units of the statement. */
export interface Token {
  readonly type: TokenType;
  /** As written; for words, `upper` is its upper-case form. */
  readonly text: string;
  readonly upper: string;
  readonly start: number;
  readonly end: number;
  /** Brackets of all kinds that are open before it. */
  readonly depth: number;
}

const wordPattern = /[A-Za-z_][A-Za-z0-9_$]*/y;
const numberPattern = /[0-9][A-Za-z0-9_]*/y;
const heredocPattern = /\$[A-Za-z0-9_]*\$/y;

function skipQuoted(sql: string, at: number): number {
  const quote = sql[at]!;
  for (let i = at + 1; i < sql.length; i++) {
    const c = sql[i];
    if (c === '\\') i++;
    else if (c === quote) {
      if (sql[i + 1] === quote) i++;
      else return i + 1;
    }
  }
  throw new Error(`quote ${quote} at position ${at + 1} is not closed`);
}

function skipComment(sql: string, at: number): number {
  const two = sql.slice(at, at + 2);
  if (two === '--' || two === '#!' || two === '# ') {
    const end = sql.indexOf('\n', at);
    return end < 0 ? sql.length : end + 1;
  }
  if (two !== '/*') return at;
  let depth = 1;
  let i = at + 2;
  for (; i < sql.length && depth > 0; i++) {
    if (sql.startsWith('/*', i)) {
      depth++;
      i++;
    } else if (sql.startsWith('*/', i)) {
      depth--;
      i++;
    }
  }
  if (depth > 0) throw new Error(`comment at position ${at + 1} is not closed`);
  return i;
}

function match(pattern: RegExp, sql: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(sql)?.[0];
}

function readToken(sql: string, at: number): [TokenType, number] {
  const c = sql[at]!;
  if (c === "'") return ['string', skipQuoted(sql, at)];
  if (c === '`' || c === '"') return ['quoted', skipQuoted(sql, at)];
  if (c === '$') {
    const tag = match(heredocPattern, sql, at);
    if (tag !== undefined) {
      const close = sql.indexOf(tag, at + tag.length);
      if (close < 0) throw new Error(`heredoc ${tag} at position ${at + 1} is not closed`);
      return ['string', close + tag.length];
    }
  }
  const word = match(wordPattern, sql, at);
  if (word !== undefined) return ['word', at + word.length];
  const number = match(numberPattern, sql, at);
  if (number !== undefined) return ['number', at + number.length];
  return ['other', at + 1];
}

/**
 * Yields the tokens of `sql` one after the other, so that a caller can stop before the data of an
 * INSERT. Throws an Error on unclosed quotes, heredocs and comments.
 */
export function* lex(sql: string): Generator<Token> {
  let depth = 0;
  for (let at = 0; at < sql.length; ) {
    if (/\s/.test(sql[at]!)) {
      at++;
      continue;
    }
    const past = skipComment(sql, at);
    if (past > at) {
      at = past;
      continue;
    }
    const [type, end] = readToken(sql, at);
    const text = sql.slice(at, end);
    if (text === ')' || text === ']' || text === '}') depth--;
    const upper = type === 'word' ? text.toUpperCase() : '';
    yield { type, text, upper, start: at, end, depth };
    if (text === '(' || text === '[' || text === '{') depth++;
    at = end;
  }
}

const escapes: Readonly<Record<string, string>> = {
  b: '\b',
  f: '\f',
  r: '\r',
  n: '\n',
  t: '\t',
  '0': '\0',
  a: '\x07',
  v: '\v',
};

/** The value of a string or quoted-identifier token. */
export function unquote(text: string): string {
  if (text.startsWith('$')) {
    const tag = text.slice(0, text.indexOf('$', 1) + 1);
    return text.slice(tag.length, -tag.length);
  }
  const quote = text[0]!;
  return text
    .slice(1, -1)
    .replace(/\\x([0-9a-fA-F]{2})|\\([\s\S])|''|""|``/g, (all, hex?: string, char?: string) => {
      if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16));
      if (char !== undefined) return escapes[char] ?? char;
      return all[0] === quote ? quote : all;
    });
}

/** `text` as a string literal. */
export function literal(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}

/** `name` as an identifier. */
export function identifier(name: string): string {
  return `\`${name.replaceAll('\\', '\\\\').replaceAll('`', '\\`')}\``;
}
