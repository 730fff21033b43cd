import { SqlText } from '../sql/text.ts';
import { traceOfSql } from '../sql/trace.ts';
import { parseTraceparent, type TraceContext } from '../trace-context.ts';
import type { Packet } from './packets.ts';
import { Fields } from './values.ts';

const MAX_ATTRIBUTES = 64;
const TIMES = new Set([7, 10, 11, 12]);
const SIZES: Readonly<Record<number, number>> = { 1: 1, 2: 2, 3: 4, 4: 4, 5: 8, 6: 0, 8: 8, 9: 4 };
const USE = /^\s*use\s+(?:`([^`]{1,64})`|([\w$]{1,64}))\s*;?\s*$/i;

/** A query as it was sent. */
export interface Query {
  readonly sql: SqlText;
  readonly trace: TraceContext | undefined;
}

/**
 * Text and trace context of a COM_QUERY, whose packet may begin with attributes; one of the name
 * `traceparent` is a trace context, as one in a comment is.
 * @param attributes agreed on in the handshake; undefined = not known
 */
export function parseQuery(p: Packet, attributes: boolean | undefined): Query {
  const f = new Fields(p.bytes, p.start + 1, p.end);
  let trace: TraceContext | undefined;
  // No statement begins with a zero byte.
  const present = attributes ?? (p.bytes[f.at] === 0 && p.bytes[f.at + 1] === 1);
  if (present) {
    const found = readAttributes(f);
    if (found !== '') trace = parseTraceparent(found);
  }
  const raw = f.ok ? f.text(f.left) : '';
  const whole = p.end - p.start === p.length;
  return { sql: new SqlText(raw, !whole || !f.ok), trace: trace ?? traceOfSql(raw) };
}

/** Statement of a COM_STMT_PREPARE. */
export function parsePrepare(p: Packet): Query {
  const raw = new Fields(p.bytes, p.start + 1, p.end).text(p.end - p.start - 1);
  return { sql: new SqlText(raw, p.end - p.start < p.length), trace: traceOfSql(raw) };
}

/** Database of a `USE` statement, '' = it is another. */
export function databaseOfUse(sql: string): string {
  if (sql.length > 128) return '';
  const m = USE.exec(sql);
  return m?.[1] ?? m?.[2] ?? '';
}

/** Passes over the attributes before a statement. @returns the value of `traceparent` */
function readAttributes(f: Fields): string {
  const count = f.lenenc();
  f.lenenc();
  if (count === 0) return '';
  if (count > MAX_ATTRIBUTES) {
    f.ok = false;
    return '';
  }
  const nulls: number[] = [];
  for (let i = 0; i < (count + 7) >> 3; i++) nulls.push(f.u8());
  f.skip(1);
  const types: { readonly type: number; readonly name: string }[] = [];
  for (let i = 0; i < count; i++) {
    const type = f.u16() & 0xff;
    types.push({ type, name: f.text(f.lenenc()) });
  }
  let found = '';
  for (let i = 0; i < count; i++) {
    if ((nulls[i >> 3]! & (1 << (i & 7))) !== 0) continue;
    const { type, name } = types[i]!;
    const size = SIZES[type];
    if (size !== undefined) f.skip(size);
    else if (TIMES.has(type)) f.skip(f.u8());
    else {
      const value = f.text(f.lenenc());
      if (name === 'traceparent') found = value;
    }
  }
  return found;
}
