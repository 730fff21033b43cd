import { parseTraceparent, type TraceContext } from '../trace-context.ts';

const MAX_COMMENT = 4096;
const TRACEPARENT = /\btraceparent\s*=\s*'([^']{1,128})'/;
const TRACESTATE = /\btracestate\s*=\s*'([^']{0,1024})'/;

/**
 * The trace context in a comment of a statement, as sqlcommenter writes it
 * (https://google.github.io/sqlcommenter/spec/): `traceparent='00-...'`, values percent-encoded.
 * Text outside of comments, which anybody may have put into a value, is not looked at.
 */
export function traceOfSql(sql: string): TraceContext | undefined {
  if (!sql.includes('traceparent')) return undefined;
  let at = 0;
  while (at < sql.length) {
    const c = sql[at]!;
    if (c === "'" || c === '"' || c === '`') {
      at = pastQuote(sql, at);
    } else if (c === '/' && sql[at + 1] === '*') {
      const close = sql.indexOf('*/', at + 2);
      const end = close < 0 ? sql.length : close;
      const comment = sql.slice(at + 2, Math.min(end, at + MAX_COMMENT));
      const parent = TRACEPARENT.exec(comment);
      if (parent !== null) return contextOf(parent[1]!, TRACESTATE.exec(comment)?.[1] ?? '');
      at = end + 2;
    } else {
      at++;
    }
  }
  return undefined;
}

function contextOf(parent: string, state: string): TraceContext | undefined {
  return parseTraceparent(decoded(parent), decoded(state));
}

function pastQuote(sql: string, start: number): number {
  const quote = sql[start];
  let at = start + 1;
  while (at < sql.length && sql[at] !== quote) at += sql[at] === '\\' && quote !== '`' ? 2 : 1;
  return at + 1;
}

function decoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}
