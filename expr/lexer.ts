import { ExprSyntaxError } from './value.ts';

type TokenKind = 'number' | 'string' | 'identifier' | 'operator' | 'bracket' | 'end';

/** A token of an expression. */
export interface Token {
  readonly kind: TokenKind;
  /** Text of the token; the content of a string. */
  readonly text: string;
  /** Offset in the source, in UTF-16 units. */
  readonly at: number;
}

const wordOperators = new Set([
  ...['in', 'or', 'and', 'not', 'matches', 'contains', 'startsWith', 'endsWith'],
  ...['let', 'if', 'else'],
]);

const patterns: readonly (readonly [TokenKind | 'skip', RegExp])[] = [
  ['skip', /\s+|\/\/[^\n]*|\/\*[\s\S]*?\*\//y],
  ['number', /0[xX][0-9a-fA-F_]+|0[oO][0-7_]+|0[bB][01_]+/y],
  ['number', /(?:\d[\d_]*)?\.\d[\d_]*(?:[eE][+-]?[\d_]+)?|\d[\d_]*\.(?!\.)(?:[eE][+-]?[\d_]+)?/y],
  ['number', /\d[\d_]*(?:[eE][+-]?[\d_]+)?/y],
  ['identifier', /[\p{L}_$][\p{L}\p{Nd}_$]*/uy],
  ['bracket', /[([{)\]}]/y],
  ['operator', /\?\.|\?\?|\?|\.\.|\.|\|\||\||::|:|&&|!=|==|<=|>=|\*\*|[<>!*#,;%+\-^/=]/y],
];

/**
 * Splits an expression into tokens (expr-lang 1.17).
 * @throws ExprSyntaxError
 */
export function lex(source: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < source.length) {
    const first = source[at]!;
    if (first === '"' || first === "'" || first === '`') {
      const { text, end } = readString(source, at);
      tokens.push({ kind: 'string', text, at });
      at = end;
      continue;
    }
    const found = match(source, at);
    if (found === undefined) {
      throw new ExprSyntaxError(`unrecognized character: ${JSON.stringify(first)}`, at);
    }
    const [kind, text] = found;
    if (kind !== 'skip') tokens.push(token(kind, text, source, at));
    at += text.length;
  }
  tokens.push({ kind: 'end', text: '', at: source.length });
  return tokens;
}

function match(source: string, at: number): [TokenKind | 'skip', string] | undefined {
  for (const [kind, pattern] of patterns) {
    pattern.lastIndex = at;
    const found = pattern.exec(source);
    if (found !== null) return [kind, found[0]];
  }
  return undefined;
}

function token(kind: TokenKind, text: string, source: string, at: number): Token {
  if (kind === 'number') {
    const next = source.slice(at + text.length, at + text.length + 1);
    if (/[\p{L}\p{Nd}_$]/u.test(next)) {
      throw new ExprSyntaxError(`bad number syntax: ${JSON.stringify(text + next)}`, at);
    }
  }
  if (kind === 'identifier' && wordOperators.has(text)) return { kind: 'operator', text, at };
  return { kind, text, at };
}

function readString(source: string, at: number): { text: string; end: number } {
  const quote = source[at]!;
  if (quote === '`') {
    const end = source.indexOf('`', at + 1);
    if (end < 0) throw new ExprSyntaxError('literal not terminated', at);
    return { text: source.slice(at + 1, end), end: end + 1 };
  }
  let text = '';
  let i = at + 1;
  for (;;) {
    const c = source[i];
    if (c === undefined || c === '\n') throw new ExprSyntaxError('literal not terminated', at);
    if (c === quote) return { text, end: i + 1 };
    if (c !== '\\') {
      text += c;
      i += 1;
      continue;
    }
    const code = readEscape(source, i + 1);
    text += code.text;
    i = code.end;
  }
}

const simpleEscapes: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  "'": "'",
  '"': '"',
  '`': '`',
  '?': '?',
};

const codeEscape = /x([0-9a-fA-F]{2})|u\{([0-9a-fA-F]{1,6})\}|u([0-9a-fA-F]{4})|([0-3][0-7]{2})/y;

function readEscape(source: string, at: number): { text: string; end: number } {
  const simple = simpleEscapes[source[at] ?? ''];
  if (simple !== undefined) return { text: simple, end: at + 1 };
  codeEscape.lastIndex = at;
  const found = codeEscape.exec(source);
  if (found === null) throw new ExprSyntaxError('invalid escape in a text', at - 1);
  const octal = found[4];
  const code =
    octal === undefined
      ? Number.parseInt(found[1] ?? found[2] ?? found[3]!, 16)
      : Number.parseInt(octal, 8);
  if (code > 0x10ffff) throw new ExprSyntaxError('invalid escape in a text', at - 1);
  return { text: String.fromCodePoint(code), end: at + found[0].length };
}
