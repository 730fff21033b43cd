import { OttlError } from '../errors.ts';
import { quote, unquote } from './quote.ts';

/** What a token is. The order in which kinds are tried decides: `nil` before names. */
export type TokenKind =
  | 'bytes'
  | 'float'
  | 'int'
  | 'string'
  | 'nil'
  | 'not'
  | 'or'
  | 'and'
  | 'comparison'
  | 'arrow'
  | 'addSub'
  | 'multDiv'
  | 'boolean'
  | 'punct'
  | 'upper'
  | 'lower'
  | 'underscore'
  | 'end';

/** A token of a statement. */
export interface Token {
  readonly kind: TokenKind;
  /** As written; of strings, what they mean. */
  readonly text: string;
  /** Offset in the source, in UTF-16 units. */
  readonly at: number;
}

const rules: readonly (readonly [TokenKind | 'blank', RegExp])[] = [
  ['bytes', /0x[a-fA-F0-9]+/y],
  ['float', /(?:[0-9]+\.[0-9]*|[0-9]*\.[0-9]+)(?:[eE][-+]?[0-9]+)?/y],
  ['int', /[0-9]+/y],
  ['string', /"(?:\\[^\n]|[^\\"])*"/y],
  ['nil', /nil(?![0-9A-Za-z_])/y],
  ['not', /not(?![0-9A-Za-z_])/y],
  ['or', /or(?![0-9A-Za-z_])/y],
  ['and', /and(?![0-9A-Za-z_])/y],
  ['comparison', /==|!=|>=|<=|>|</y],
  ['arrow', /=>/y],
  ['addSub', /[+-]/y],
  ['multDiv', /[*/]/y],
  ['boolean', /(?:true|false)(?![0-9A-Za-z_])/y],
  ['punct', /[=(){}:,.[\]]/y],
  ['upper', /[A-Z][A-Z0-9_]*/y],
  ['lower', /[a-z][a-z0-9_]*/y],
  ['blank', /[\t\n\f\r ]+/y],
  ['underscore', /_(?![0-9A-Za-z_])/y],
];

/** `line:column: ` of an offset, both counted from 1 and in characters. */
function positionOf(source: string, at: number): { line: number; column: number } {
  const before = source.slice(0, at);
  const start = before.lastIndexOf('\n') + 1;
  return { line: before.split('\n').length, column: [...before.slice(start)].length + 1 };
}

/** An error at an offset, in the form `1:5: what`. */
export function errorAt(source: string, at: number, what: string): OttlError {
  const { line, column } = positionOf(source, at);
  return new OttlError(`${line}:${column}: ${what}`, column);
}

function match(source: string, at: number): readonly [TokenKind | 'blank', string] | undefined {
  for (const [kind, pattern] of rules) {
    pattern.lastIndex = at;
    const found = pattern.exec(source);
    if (found !== null) return [kind, found[0]];
  }
  return undefined;
}

/**
 * Cuts a text into tokens, an `end` token last. Blanks are dropped: `Con cat` reads as `Concat`.
 *
 * @throws OttlError at a character that begins no token, or at a bad escape
 */
export function tokenize(source: string): Token[] {
  const tokens: Token[] = [];
  for (let at = 0; at < source.length; ) {
    const found = match(source, at);
    if (found === undefined) {
      const rest = [...source.slice(at, at + 40)];
      const sample = rest.length > 16 ? `${rest.slice(0, 16).join('')}...` : rest.join('');
      throw errorAt(source, at, `lexer: invalid input text ${quote(sample)}`);
    }
    const [kind, span] = found;
    if (kind === 'string') {
      const text = unquote(span);
      if (text === undefined) {
        throw errorAt(source, at, `invalid quoted string ${quote(span)}: invalid syntax`);
      }
      tokens.push({ kind, text, at });
    } else if (kind !== 'blank') tokens.push({ kind, text: span, at });
    at += span.length;
  }
  tokens.push({ kind: 'end', text: '<EOF>', at: source.length });
  return tokens;
}
