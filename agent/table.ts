import { hostPort } from './address.ts';
import type { Session } from './session/session.ts';

/** One request as a line for people. */
export interface RequestRow {
  /** UTC, `2024-01-02T03:04:05.678901Z`. */
  readonly time: string;
  readonly client: string;
  readonly server: string;
  readonly protocol: string;
  readonly operation: string;
  readonly resource: string;
  readonly result: string;
  /** `12.345 ms`. */
  readonly duration: string;
}

/** @param baseSeconds seconds since 1970 that the session's times are relative to */
export function requestRow(session: Session, baseSeconds: number): RequestRow {
  const ends = session.conversation.ends();
  const { operation, resource, result } = session.protocol.summarize(
    session.request,
    session.response,
  );
  const outcome = result === '' ? `(${session.reason || 'no response'})` : result;
  return {
    time: timeText(baseSeconds, session.start),
    client: hostPort(ends.clientAddress, ends.clientPort),
    server: hostPort(ends.serverAddress, ends.serverPort),
    protocol: session.protocol.name,
    operation,
    resource,
    result: outcome,
    duration: `${(Math.max(0, session.end - session.start) / 1e6).toFixed(3)} ms`,
  };
}

const COLUMNS: readonly (keyof RequestRow)[] = [
  'time',
  'client',
  'server',
  'protocol',
  'operation',
  'resource',
  'result',
  'duration',
];

/** Longest cell; longer ones end in `...`. */
const MAX_CELL = 60;

/** Requests as a text table with a head line, columns as wide as their widest cell. */
export function requestTable(rows: readonly RequestRow[]): string {
  const lines = [COLUMNS.map((c) => c.toUpperCase())];
  for (const row of rows) lines.push(COLUMNS.map((c) => cell(row[c])));
  const widths = COLUMNS.map((_, i) => Math.max(...lines.map((line) => line[i]!.length)));
  const text = lines.map((line) =>
    line
      .map((c, i) => c.padEnd(widths[i]!))
      .join('  ')
      .trimEnd(),
  );
  return `${text.join('\n')}\n`;
}

/** Control characters, which could steer a terminal, are written as `\xNN`. */
function cell(text: string): string {
  let out = '';
  for (const c of text) {
    const code = c.codePointAt(0)!;
    const control = code < 0x20 || (code >= 0x7f && code < 0xa0) || isFormat(code);
    out += control ? `\\x${code.toString(16).padStart(2, '0')}` : c;
  }
  return out.length > MAX_CELL ? `${out.slice(0, MAX_CELL - 3)}...` : out;
}

/** Characters that reorder or hide others. */
function isFormat(code: number): boolean {
  return (
    (code >= 0x200b && code <= 0x200f) || (code >= 0x2028 && code <= 0x202e) || code === 0xfeff
  );
}

function timeText(baseSeconds: number, nanos: number): string {
  const carry = Math.floor(nanos / 1e9);
  const seconds = baseSeconds + carry;
  const micros = Math.floor((nanos - carry * 1e9) / 1000);
  const date = new Date(seconds * 1000).toISOString().slice(0, 19);
  return `${date}.${String(micros).padStart(6, '0')}Z`;
}
