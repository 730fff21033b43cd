import { type Token, unquote } from './lexer.ts';

/** One `name = value` of a list of settings. */
export interface SettingText {
  readonly name: string;
  /** Where the value stands in the statement. */
  readonly start: number;
  readonly end: number;
  /** The tokens of the value, at least one. */
  readonly value: readonly Token[];
}

/** Words that are values, not the next clause: `-inf`, `DEFAULT`. */
const signs = new Set(['-', '+']);

/**
 * The settings that a canonical statement changes: `SET`, `SETTINGS`, `MODIFY SETTING` and
 * `SETTINGS (...)`, each followed by `name = value, ...`. The SET of an UPDATE has columns.
 */
export function* settingsIn(tokens: readonly Token[]): Generator<SettingText> {
  for (let i = 0; i < tokens.length; i++) {
    const word = tokens[i]!;
    if (word.type !== 'word') continue;
    const opens = word.text === 'SETTINGS' || word.text === 'SETTING';
    if (!opens && !(i === 0 && word.text === 'SET')) continue;
    yield* list(tokens, tokens[i + 1]?.text === '(' ? i + 2 : i + 1);
  }
}

function* list(tokens: readonly Token[], from: number): Generator<SettingText> {
  for (let at = from; ; ) {
    const first = tokens[at];
    if (first === undefined || (first.type !== 'word' && first.type !== 'quoted')) return;
    const { depth } = first;
    let name = nameOf(first);
    at++;
    while (tokens[at]?.text === '.' && tokens[at + 1] !== undefined) {
      name += `.${nameOf(tokens[at + 1]!)}`;
      at += 2;
    }
    if (tokens[at]?.text !== '=') return;
    const begin = at + 1;
    at = valueEnd(tokens, begin, depth);
    const value = tokens.slice(begin, at);
    if (value.length === 0) return;
    yield { name, start: value[0]!.start, end: value.at(-1)!.end, value };
    if (tokens[at]?.text !== ',' || tokens[at]!.depth !== depth) return;
    at++;
  }
}

function nameOf(token: Token): string {
  return token.type === 'quoted' ? unquote(token.text) : token.text;
}

/** The index after a value: at a comma of its list, at the word of the next clause, or the end. */
function valueEnd(tokens: readonly Token[], from: number, depth: number): number {
  let at = from;
  for (; at < tokens.length; at++) {
    const token = tokens[at]!;
    if (token.depth < depth) break;
    if (token.depth > depth || at === from) continue;
    if (token.text === ',') break;
    if (token.type === 'word' && !signs.has(tokens[at - 1]!.text)) break;
  }
  return at;
}

/**
 * The statement with `max_memory_usage` in its settings at most `limit`: 0, which means none, and
 * what is no plain number become `limit` too.
 */
export function boundMemory(canonical: string, tokens: readonly Token[], limit: number): string {
  let out = '';
  let from = 0;
  for (const { name, start, end } of settingsIn(tokens)) {
    if (name.toLowerCase() !== 'max_memory_usage') continue;
    out += canonical.slice(from, start) + boundedMemory(canonical.slice(start, end), limit);
    from = end;
  }
  return out + canonical.slice(from);
}

/** `value` where it is a number of bytes up to `limit`, else `limit`. */
export function boundedMemory(value: string, limit: number): string {
  const bytes = /^\d{1,18}$/.test(value) ? Number(value) : 0;
  return bytes > 0 && bytes <= limit ? value : String(limit);
}
