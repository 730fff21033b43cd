import { randomUUID } from 'node:crypto';
import * as http from 'node:http';
import * as https from 'node:https';
import {
  formatParam,
  isRetryableCode,
  type QueryOptions,
  type SqlClient,
  SqlError,
} from './sql.ts';

/** A client of one ClickHouse server, embedded or not. */
export interface HttpClientOptions {
  /** http://host:port or https://host:port; a path is a prefix. */
  readonly url: string;
  /** Unix socket that serves the same interface; `url` then only names the host. */
  readonly socketPath?: string;
  readonly username?: string;
  readonly password?: string;
  /** Default database of statements. */
  readonly database?: string;
  /** Connections at most; 10 unless given. */
  readonly maxConnections?: number;
  /** Milliseconds for a statement unless it says otherwise; 30,000. */
  readonly timeoutMs?: number;
  /** Settings of every statement. */
  readonly settings?: Readonly<Record<string, string | number>>;
  /** TLS options of https. */
  readonly tls?: https.AgentOptions;
}

/** Bytes of an answer that `query` collects at most. */
const maxAnswerBytes = 512 * 1024 * 1024;
/** Bytes of an error text that are kept. */
const maxErrorBytes = 16 * 1024;

/**
 * ClickHouse over its HTTP interface: one POST a statement, keep-alive connections, errors from
 * status, `X-ClickHouse-Exception-Code` and text. The statement goes into the body, or into the
 * URL when the body is data.
 */
export function createHttpClient(options: HttpClientOptions): SqlClient {
  const url = new URL(options.url);
  const secure = url.protocol === 'https:';
  const agentOptions = { keepAlive: true, maxSockets: options.maxConnections ?? 10 };
  const agent = secure
    ? new https.Agent({ ...agentOptions, ...options.tls })
    : new http.Agent(agentOptions);
  const target: Target = { options, url, agent, request: secure ? https.request : http.request };

  return {
    async query(sql, queryOptions = {}) {
      const chunks: Uint8Array[] = [];
      let bytes = 0;
      const settings = { wait_end_of_query: 1, ...queryOptions.settings };
      for await (const chunk of run(target, sql, undefined, { ...queryOptions, settings })) {
        bytes += chunk.length;
        if (bytes > maxAnswerBytes) throw localError('answer is larger than 512 MiB', false, '');
        chunks.push(chunk);
      }
      return Buffer.concat(chunks);
    },
    stream: (sql, queryOptions = {}) => run(target, sql, undefined, queryOptions),
    async command(sql, commandOptions = {}) {
      await drain(run(target, sql, undefined, commandOptions));
    },
    async insert(sql, body, insertOptions = {}) {
      await drain(run(target, sql, body, insertOptions));
    },
    async close() {
      agent.destroy();
    },
  };
}

interface Target {
  readonly options: HttpClientOptions;
  readonly url: URL;
  readonly agent: http.Agent;
  readonly request: typeof http.request;
}

async function drain(answer: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const _ of answer);
}

/** Sends one statement and yields the body of its answer. */
async function* run(
  target: Target,
  sql: string,
  body: readonly Uint8Array[] | undefined,
  options: QueryOptions,
): AsyncGenerator<Uint8Array> {
  const queryId = options.queryId ?? randomUUID();
  const answer = await send(target, sql, body, options, queryId);
  try {
    if (answer.statusCode !== 200) throw await answerError(answer, queryId);
    let tail = '';
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      tail = keepTail(tail, chunk);
      yield chunk;
    }
    const late = lateException(answer, tail);
    if (late !== undefined) throw serverError(late.code, late.text, queryId);
  } catch (error) {
    throw error instanceof SqlError ? error : brokenError(error, queryId);
  } finally {
    answer.destroy();
  }
}

function send(
  target: Target,
  sql: string,
  body: readonly Uint8Array[] | undefined,
  options: QueryOptions,
  queryId: string,
): Promise<http.IncomingMessage> {
  const timeoutMs = options.timeoutMs ?? target.options.timeoutMs ?? 30_000;
  const signals = [AbortSignal.timeout(timeoutMs)];
  if (options.signal) signals.push(options.signal);
  return new Promise((resolve, reject) => {
    const request = target.request(
      {
        protocol: target.url.protocol,
        hostname: target.url.hostname.replace(/^\[|\]$/g, ''),
        port: target.url.port,
        ...(target.options.socketPath ? { socketPath: target.options.socketPath } : {}),
        path: statementPath(target, body ? sql : undefined, options, queryId),
        method: 'POST',
        agent: target.agent,
        headers: headers(target, options, body),
        signal: signals.length === 1 ? signals[0] : AbortSignal.any(signals),
      },
      resolve,
    );
    request.on('error', (error) => reject(brokenError(error, queryId)));
    if (body) for (const slice of body) request.write(slice);
    request.end(body ? undefined : sql);
  });
}

function headers(
  target: Target,
  options: QueryOptions,
  body: readonly Uint8Array[] | undefined,
): http.OutgoingHttpHeaders {
  const { username, password } = target.options;
  const length = body?.reduce((sum, slice) => sum + slice.length, 0);
  return {
    ...(username === undefined
      ? {}
      : { 'X-ClickHouse-User': username, 'X-ClickHouse-Key': password ?? '' }),
    ...(target.options.database ? { 'X-ClickHouse-Database': target.options.database } : {}),
    'X-ClickHouse-Format': options.format ?? 'RowBinary',
    ...(length === undefined ? {} : { 'Content-Length': length }),
    ...(options.contentEncoding ? { 'Content-Encoding': options.contentEncoding } : {}),
  };
}

function statementPath(
  target: Target,
  sql: string | undefined,
  options: QueryOptions,
  queryId: string,
): string {
  const search = new URLSearchParams({ query_id: queryId });
  const settings = { ...target.options.settings, ...options.settings };
  for (const [name, value] of Object.entries(settings)) search.set(name, String(value));
  for (const [name, value] of Object.entries(options.params ?? {})) {
    search.set(`param_${name}`, formatParam(value));
  }
  if (sql !== undefined) search.set('query', sql);
  return `${target.url.pathname.replace(/\/$/, '')}/?${search}`;
}

/** Statuses below 500 without a ClickHouse error: a proxy refuses or is set up wrongly. */
const proxyStatuses: ReadonlySet<number> = new Set([401, 403, 404, 407, 408, 425, 429]);

async function answerError(answer: http.IncomingMessage, queryId: string): Promise<SqlError> {
  let text = '';
  for await (const chunk of answer) {
    if (text.length < maxErrorBytes) text += chunk.toString();
  }
  const code = Number(answer.headers['x-clickhouse-exception-code']) || exceptionCode(text);
  if (code === 0) {
    const status = answer.statusCode ?? 0;
    const retryable = proxyStatuses.has(status) || status >= 500;
    const message = `cannot run the statement: HTTP ${status}: ${text.trim().slice(0, 500)}`;
    // A proxy that gave up waiting says 5xx, too: the statement may still run behind it.
    const outcome = status >= 500 ? 'unknown' : 'failed';
    return new SqlError(message, { code, retryable, outcome, queryId });
  }
  return serverError(code, text, queryId);
}

function exceptionCode(text: string): number {
  return Number(/Code: (\d+)\./.exec(text)?.[1] ?? 0);
}

function serverError(code: number, text: string, queryId: string): SqlError {
  const retryable = isRetryableCode(code, text);
  return new SqlError(`cannot run the statement: ${text.trim().slice(0, 2000)}`, {
    code,
    retryable,
    outcome: 'failed',
    queryId,
  });
}

/** A connection that broke: refused before anything was sent, or lost with an unknown outcome. */
function brokenError(cause: unknown, queryId: string): SqlError {
  const error = cause instanceof Error ? cause : new Error(String(cause));
  const code = 'code' in error ? String(error.code) : '';
  const neverSent = ['ECONNREFUSED', 'ENOTFOUND', 'ENOENT', 'EAI_AGAIN', 'EACCES'].includes(code);
  const timedOut = [error, error.cause].some(
    (e) => e instanceof Error && e.name === 'TimeoutError',
  );
  const reason = timedOut ? 'no answer in time' : error.message;
  return new SqlError(`cannot reach ClickHouse: ${reason}`, {
    code: 0,
    retryable: true,
    outcome: neverSent ? 'failed' : 'unknown',
    queryId,
    cause,
  });
}

function localError(message: string, retryable: boolean, queryId: string): SqlError {
  return new SqlError(`cannot read the answer: ${message}`, {
    code: 0,
    retryable,
    outcome: 'failed',
    queryId,
  });
}

/** An exception after the status line was sent stands at the end of the body. */
const tailLength = 4096;

function keepTail(tail: string, chunk: Buffer): string {
  if (chunk.length >= tailLength) return chunk.toString('latin1', chunk.length - tailLength);
  return (tail + chunk.toString('latin1')).slice(-tailLength);
}

/**
 * Newer servers announce a tag in `X-ClickHouse-Exception-Tag` and end a failed body with
 * `__exception__ <tag> <text> <length> <tag> __exception__`; older ones just append the text.
 */
function lateException(
  answer: http.IncomingMessage,
  tail: string,
): { code: number; text: string } | undefined {
  const tag = answer.headers['x-clickhouse-exception-tag'];
  const start = typeof tag === 'string' ? tail.lastIndexOf(`__exception__\r\n${tag}`) : -1;
  const text = start >= 0 ? tail.slice(start) : tail;
  if (start < 0 && typeof tag === 'string') return undefined;
  const found = /Code: (\d+)\. DB::Exception: [\s\S]*\(version [^)]*\)/.exec(text);
  if (start < 0 && found && !text.trimEnd().endsWith(found[0])) return undefined;
  if (!found) return undefined;
  return { code: Number(found[1]), text: found[0] };
}
