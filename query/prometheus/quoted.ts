import { unescapeGo } from '../../wire/go-text/unescape.ts';

/**
 * The text of a string between its quotes, with the escapes of Go.
 * @returns undefined where it is not one
 */
export function unquote(inner: string, quote: string): string | undefined {
  if (quote === '`') return inner;
  if (inner.includes('\n') || (quote !== '"' && quote !== "'")) return undefined;
  return unescapeGo(inner, quote, 'bytes');
}
