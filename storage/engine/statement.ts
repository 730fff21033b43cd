import { codes, EngineError } from './errors.ts';
import { lex, type Token, unquote } from './lexer.ts';

/** A statement as received, cut into what the parser sees and the data that follows it. */
export interface Split {
  /** The statement without a trailing semicolon and without inline data. */
  readonly head: string;
  /** Index in the text where the data of an INSERT starts; undefined when it takes none. */
  readonly dataAt: number | undefined;
}

/**
 * Finds the end of the statement: an INSERT with VALUES or FORMAT takes what follows as data, any
 * other statement may end with one semicolon. Throws EngineError (62) when quotes are not closed
 * or a second statement follows.
 */
export function splitStatement(text: string): Split {
  try {
    return split(text);
  } catch (error) {
    if (error instanceof EngineError) throw error;
    throw new EngineError(codes.syntaxError, `Syntax error: ${(error as Error).message}`);
  }
}

function split(text: string): Split {
  let first: Token | undefined;
  let previous: Token | undefined;
  let selects = false;
  for (const token of lex(text)) {
    if (token.text === ';') return { head: endAt(text, token), dataAt: undefined };
    first ??= token;
    const insert = first.upper === 'INSERT' && token.depth === 0;
    if (insert && (token.upper === 'SELECT' || token.upper === 'WITH')) selects = true;
    if (insert && !selects && token.upper === 'VALUES' && previous?.upper !== 'FORMAT') {
      return { head: text.slice(0, token.end), dataAt: token.end };
    }
    if (insert && !selects && previous?.upper === 'FORMAT' && token.type === 'word') {
      return { head: text.slice(0, token.end), dataAt: skipNewline(text, token.end) };
    }
    previous = token;
  }
  return { head: text, dataAt: undefined };
}

/** ClickHouse skips blanks up to and with one line end after FORMAT name. */
function skipNewline(text: string, at: number): number {
  const match = /^[ \t]*;?[ \t]*\r?\n?/.exec(text.slice(at, at + 64));
  return at + (match?.[0].length ?? 0);
}

function endAt(text: string, semicolon: Token): string {
  for (const token of lex(text.slice(semicolon.end))) {
    if (token.text === ';') continue;
    throw new EngineError(
      codes.syntaxError,
      `Syntax error (Multi-statements are not allowed): failed at position ${semicolon.start + 1}`,
    );
  }
  return text.slice(0, semicolon.start);
}

/** Where FORMAT stands in a canonical statement, and its name. */
export function findFormat(tokens: readonly Token[]): { at: number; name: string } | undefined {
  for (let i = tokens.length - 2; i >= 0; i--) {
    const token = tokens[i]!;
    const next = tokens[i + 1]!;
    const after = tokens[i + 2];
    if (token.depth !== 0 || token.upper !== 'FORMAT') continue;
    if (next.type !== 'word' && next.type !== 'quoted') continue;
    if (after !== undefined && after.upper !== 'SETTINGS') continue;
    const name = next.type === 'quoted' ? unquote(next.text) : next.text;
    return { at: token.start, name };
  }
  return undefined;
}

/** The canonical SELECT, its result going to `file` in `format` when it names none. */
export function selectInto(canonical: string, file: string, format: string): string {
  const found = findFormat([...lex(canonical)]);
  if (found === undefined) return `${canonical} INTO OUTFILE ${file} APPEND FORMAT ${format}`;
  const tail = canonical.slice(found.at);
  return `${canonical.slice(0, found.at)}INTO OUTFILE ${file} APPEND ${tail}`;
}

/** The canonical INSERT ... FORMAT, its data coming from `file`. */
export function insertFrom(canonical: string, file: string): string {
  let before = '';
  for (const token of lex(canonical)) {
    // A table may be called settings or format.
    const isName = before === '.' || before === 'INTO';
    before = token.type === 'word' ? token.upper : token.text;
    if (isName || token.depth !== 0) continue;
    if (token.upper === 'SETTINGS' || token.upper === 'FORMAT') {
      const at = token.start;
      return `${canonical.slice(0, at)}FROM INFILE ${file} COMPRESSION 'none' ${canonical.slice(at)}`;
    }
  }
  throw new Error(`BUG: no FORMAT in "${canonical.slice(0, 100)}"`);
}

/** Names of the parameters {name:Type} that a canonical statement needs. */
export function parametersOf(tokens: readonly Token[]): string[] {
  const names: string[] = [];
  for (let i = 0; i + 2 < tokens.length; i++) {
    if (tokens[i]!.text === '{' && tokens[i + 1]!.type === 'word' && tokens[i + 2]!.text === ':') {
      names.push(tokens[i + 1]!.text);
    }
  }
  return names;
}

/** The query id of KILL QUERY WHERE query_id = '...', the one form that is answered here. */
export function killedQueryId(tokens: readonly Token[]): string | undefined {
  const words = tokens.filter((token) => token.text !== '(' && token.text !== ')');
  const [kill, query, where, name, equals, value, mode, rest] = words;
  if (kill?.upper !== 'KILL' || query?.upper !== 'QUERY' || where?.upper !== 'WHERE')
    return undefined;
  if (name?.text !== 'query_id' || equals?.text !== '=' || value?.type !== 'string')
    return undefined;
  if (mode !== undefined && mode.upper !== 'SYNC' && mode.upper !== 'ASYNC') return undefined;
  return rest === undefined ? unquote(value.text) : undefined;
}
