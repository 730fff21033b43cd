/** A value bound to `{name:Type}` in a statement; arrays become ClickHouse array literals. */
export type SqlParam = string | number | bigint | boolean | readonly SqlParam[];

/** What goes with a statement of any kind. */
export interface SqlOptions {
  /** Bound on the server side: values never enter the text of the statement. */
  readonly params?: Readonly<Record<string, SqlParam>>;
  /** Settings of this statement, e.g. `{ max_execution_time: 5 }`. */
  readonly settings?: Readonly<Record<string, string | number>>;
  /** Given so that an unknown outcome can be ended by it; otherwise the server makes one. */
  readonly queryId?: string;
  /** Milliseconds until the call is given up; the statement may then still run. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  /** How the body of an insert is compressed, as `Content-Encoding` names it; absent: not. */
  readonly contentEncoding?: string;
}

/** What goes with a statement that answers rows. */
export interface QueryOptions extends SqlOptions {
  /** Output format; RowBinary unless given. */
  readonly format?: string;
}

/**
 * What went wrong with a statement. `code` is ClickHouse's, 0 when no answer of ClickHouse arrived.
 * `outcome` is `failed` when the statement certainly had no effect or an effect that the message
 * names, `unknown` when it may have run (broken connection after sending, time-out).
 */
export class SqlError extends Error {
  readonly code: number;
  readonly retryable: boolean;
  readonly outcome: 'failed' | 'unknown';
  readonly queryId: string;

  constructor(
    message: string,
    details: {
      code: number;
      retryable: boolean;
      outcome: 'failed' | 'unknown';
      queryId: string;
      cause?: unknown;
    },
  ) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'SqlError';
    this.code = details.code;
    this.retryable = details.retryable;
    this.outcome = details.outcome;
    this.queryId = details.queryId;
  }
}

/** A ClickHouse, wherever it runs. All methods reject with {@link SqlError}. */
export interface SqlClient {
  /** The whole answer in `format`. */
  query(sql: string, options?: QueryOptions): Promise<Uint8Array>;
  /** The answer piece by piece as it arrives; leaving the loop early closes the connection. */
  stream(sql: string, options?: QueryOptions): AsyncIterable<Uint8Array>;
  /** Runs a statement without a result. */
  command(sql: string, options?: SqlOptions): Promise<void>;
  /** `INSERT INTO ... FORMAT ...` with its data as a list of slices. */
  insert(sql: string, body: readonly Uint8Array[], options?: SqlOptions): Promise<void>;
  close(): Promise<void>;
}

/** Rows of a query as objects by column name, for small results (64-bit integers are strings). */
export async function rowsOf<T>(
  client: SqlClient,
  sql: string,
  options: SqlOptions = {},
): Promise<T[]> {
  const bytes = await client.query(sql, {
    ...options,
    format: 'JSONEachRow',
    settings: { output_format_json_quote_64bit_integers: 1, ...options.settings },
  });
  const text = new TextDecoder().decode(bytes);
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as T);
}

/**
 * Codes worth another try with the same statement: overload, memory, too many parts or queries,
 * read-only replica, keeper, time-outs, disk full. Every other code is a fault of the statement.
 */
const retryableCodes = new Set([
  3, 159, 160, 164, 201, 202, 203, 204, 209, 210, 225, 236, 241, 242, 243, 252, 254, 255, 279, 285,
  286, 289, 291, 297, 305, 307, 319, 364, 394, 425, 439, 473, 499, 516, 571, 594, 630, 999, 1002,
]);

/** True when the same statement may succeed later. Code 252 is retryable only as too many parts. */
export function isRetryableCode(code: number, message: string): boolean {
  if (code === 252) return !message.includes('partitions for single INSERT block');
  return retryableCodes.has(code);
}

/** The text form of a parameter as ClickHouse's HTTP interface reads it (`param_<name>`). */
export function formatParam(value: SqlParam): string {
  if (typeof value === 'string') return escapeTsv(value);
  if (typeof value === 'boolean') return value ? '1' : '0';
  if (typeof value !== 'object') return String(value);
  return `[${value.map(formatElement).join(',')}]`;
}

function formatElement(value: SqlParam): string {
  if (typeof value === 'string') return quoteString(value);
  return formatParam(value);
}

/** A string literal of SQL. */
export function quoteString(value: string): string {
  return `'${escapeTsv(value).replaceAll("'", "\\'")}'`;
}

/** An identifier in backquotes. */
export function quoteName(name: string): string {
  return `\`${name.replaceAll('\\', '\\\\').replaceAll('`', '\\`')}\``;
}

const escapes: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  '\n': '\\n',
  '\t': '\\t',
  '\r': '\\r',
  '\0': '\\0',
  '\b': '\\b',
  '\f': '\\f',
};

function escapeTsv(value: string): string {
  return value.replace(/[\\\n\t\r\0\b\f]/g, (c) => escapes[c]!);
}
