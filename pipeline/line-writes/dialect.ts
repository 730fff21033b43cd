import type { ServerResponse } from 'node:http';
import type { BadLine, LineResult } from '../../wire/influx/line-metrics.ts';

/** A refusal as senders are told. */
export interface Refusal {
  readonly status: 400 | 413 | 415 | 500 | 503;
  readonly message: string;
  /** Number of the first bad line. */
  readonly line?: number;
  /** Bad lines, where it is for these. */
  readonly faults?: readonly BadLine[];
  readonly retryAfterMs?: number;
}

/** How one version of InfluxDB's interface is spoken. */
export interface Dialect {
  /** Parameters of the query that say where lines belong, and the attributes that keep them. */
  readonly destination: Readonly<Record<string, string>>;
  /** Precision of a request that says none. */
  readonly precision: string;
  body(refusal: Refusal): unknown;
}

/** `/write`: `{"error": "..."}`. */
export const version1: Dialect = {
  destination: { db: 'influxdb.database', rp: 'influxdb.retention_policy' },
  precision: 'ns',
  body: ({ message }) => ({ error: message }),
};

const codes: Readonly<Record<Refusal['status'], string>> = {
  400: 'invalid',
  413: 'request too large',
  415: 'unsupported media type',
  500: 'internal error',
  503: 'unavailable',
};

/** `/api/v2/write`: `{"code": "invalid", "message": "...", "line": 3}`. */
export const version2: Dialect = {
  destination: { org: 'influxdb.org', bucket: 'influxdb.bucket' },
  precision: 'ns',
  body: ({ status, message, line }) => ({
    code: codes[status],
    message,
    ...(line === undefined ? {} : { line }),
  }),
};

/** `/api/v3/write_lp`: `{"error": "...", "data": [{"line_number": 3, ...}]}`. */
export const version3: Dialect = {
  destination: { db: 'influxdb.database' },
  precision: 'auto',
  body: ({ message, faults }) => {
    if (faults === undefined) return { error: message };
    const data = faults.map(({ line, text, reason }) => ({
      original_line: text,
      line_number: line,
      error_message: reason,
    }));
    return { error: 'partial write of line protocol occurred', data };
  },
};

/** What is told of bad lines: in InfluxDB's words, which Telegraf looks for. */
export function badLines({ faults, badLines, lines }: LineResult): Refusal {
  const told = faults.map(
    ({ line, text, reason }) => `unable to parse '${text}': ${reason} (line ${line})`,
  );
  if (badLines > faults.length) told.push(`and ${badLines - faults.length} more lines`);
  const all = told.join('\n');
  const message = badLines === lines ? all : `partial write: ${all} dropped=${badLines}`;
  return { status: 400, message, line: faults[0]!.line, faults };
}

/** Writes a refusal. @param close whether the connection ends with it */
export function answerRefusal(
  response: ServerResponse,
  dialect: Dialect,
  refusal: Refusal,
  close: boolean,
): void {
  if (response.headersSent || response.destroyed) return;
  if (close) response.setHeader('connection', 'close');
  if (refusal.status === 503) {
    const seconds = Math.max(1, Math.ceil((refusal.retryAfterMs ?? 1000) / 1000));
    response.setHeader('retry-after', String(seconds));
  }
  // A header's value is one line of printable ASCII.
  const short = refusal.message.replace(/[^\x20-\x7e]/g, ' ').slice(0, 1024);
  response.setHeader('x-influxdb-error', short);
  answerJson(response, refusal.status, dialect.body(refusal));
}

/** Sends JSON and a newline; does nothing when an answer has begun or the client has gone. */
export function answerJson(response: ServerResponse, status: number, value: unknown): void {
  if (response.headersSent || response.destroyed) return;
  const body = `${JSON.stringify(value)}\n`;
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
  });
  response.end(body);
}
