/** Places in the text of a configuration, and what to do there. */
import type { ConfigRemark } from '../../../../query/web/contract/pipelines.ts';

/** Index of a line and column (from 1) in a text; the nearest there is. */
export function offsetOf(text: string, line: number, column: number): number {
  let start = 0;
  for (let n = 1; n < line; n++) {
    const next = text.indexOf('\n', start);
    if (next < 0) return text.length;
    start = next + 1;
  }
  const end = endOfLine(text, start);
  return Math.min(start + Math.max(0, column - 1), end);
}

function endOfLine(text: string, from: number): number {
  const end = text.indexOf('\n', from);
  return end < 0 ? text.length : end;
}

/** The word at a place: what is marked there. @returns start and end, different if there is one */
export function wordAt(text: string, line: number, column: number): readonly [number, number] {
  const start = offsetOf(text, line, column);
  const rest = text.slice(start, endOfLine(text, start));
  const length = /^(?:"[^"]*"|'[^']*'|[^\s:,{}[\]#]+)/.exec(rest)?.[0].length ?? 0;
  return [start, start + (length === 0 ? Math.min(1, rest.length) : length)];
}

/** Lines of a text: at least one. */
export function lineCount(text: string): number {
  let count = 1;
  for (let i = text.indexOf('\n'); i >= 0; i = text.indexOf('\n', i + 1)) count++;
  return count;
}

/** Columns that a tab stands for at most. */
const tabSize = 2;

/** Where a character stands on its line when tabs are shown as wide as two characters. */
export function shownColumn(text: string, offset: number): number {
  const start = text.lastIndexOf('\n', offset - 1) + 1;
  let column = 0;
  for (let i = start; i < offset; i++) {
    column += text[i] === '\t' ? tabSize - (column % tabSize) : 1;
  }
  return column;
}

/**
 * The text with what a remark suggests in the place of what is wrong.
 * @returns undefined when the wrong word is not where the remark says
 */
export function withSuggestion(text: string, remark: ConfigRemark): string | undefined {
  const { suggestion, message, line, column } = remark;
  if (suggestion === '') return undefined;
  const said = [...message.split('(did you mean')[0]!.matchAll(/"([^"]+)"/g)];
  const wrong = said.at(-1)?.[1];
  if (wrong === undefined) return undefined;
  const from = offsetOf(text, line, column);
  // A whole component may be at fault because of one word of it.
  const found = text.indexOf(wrong, from);
  if (found < 0 || found > endOfLine(text, from)) return undefined;
  return text.slice(0, found) + suggestion + text.slice(found + wrong.length);
}

/** The next place after an offset, the first after the last; undefined where there is none. */
export function nextPlace<P extends { readonly line: number; readonly column: number }>(
  text: string,
  places: readonly P[],
  offset: number,
): P | undefined {
  return places.find(({ line, column }) => offsetOf(text, line, column) > offset) ?? places[0];
}
