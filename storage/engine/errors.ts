/** A fault with ClickHouse's code, as its HTTP interface reports it. */
export class EngineError extends Error {
  override name = 'EngineError';
  /** ClickHouse's error code (src/Common/ErrorCodes.cpp). */
  readonly code: number;

  constructor(code: number, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
  }
}

/** The codes that this server gives itself. */
export const codes = {
  badArguments: 36,
  notImplemented: 48,
  syntaxError: 62,
  unknownSetting: 115,
  unknownFormat: 73,
  readonly: 164,
  cannotWrite: 75,
  socketTimeout: 209,
  noSpace: 243,
  cannotDecompress: 271,
  tooManyQueries: 202,
  tooBigBody: 307,
  queryNotAllowed: 392,
  sessionNotFound: 372,
  cancelled: 394,
  unsetParameter: 456,
  duplicateQueryId: 216,
  accessDenied: 497,
  unknownRole: 511,
  authentication: 516,
} as const;

const names: Readonly<Record<number, string>> = {
  36: 'BAD_ARGUMENTS',
  48: 'NOT_IMPLEMENTED',
  62: 'SYNTAX_ERROR',
  73: 'UNKNOWN_FORMAT',
  75: 'CANNOT_WRITE_TO_FILE_DESCRIPTOR',
  115: 'UNKNOWN_SETTING',
  164: 'READONLY',
  202: 'TOO_MANY_SIMULTANEOUS_QUERIES',
  209: 'SOCKET_TIMEOUT',
  216: 'QUERY_WITH_SAME_ID_IS_ALREADY_RUNNING',
  243: 'NOT_ENOUGH_SPACE',
  271: 'CANNOT_DECOMPRESS',
  307: 'TOO_MANY_BYTES',
  372: 'SESSION_NOT_FOUND',
  392: 'QUERY_NOT_ALLOWED',
  394: 'QUERY_WAS_CANCELLED',
  456: 'UNKNOWN_QUERY_PARAMETER',
  497: 'ACCESS_DENIED',
  511: 'UNKNOWN_ROLE',
  516: 'AUTHENTICATION_FAILED',
};

const statusOf: Readonly<Record<number, number>> = {
  497: 403,
  516: 401,
  392: 403,
  60: 404,
  81: 404,
  46: 404,
  47: 404,
  16: 404,
  111: 404,
  115: 404,
  372: 404,
  511: 404,
  307: 413,
  202: 503,
  209: 408,
  159: 408,
  394: 500,
  48: 501,
  3: 500,
};

const badRequests = new Set([
  6, 26, 27, 33, 34, 36, 38, 41, 43, 44, 45, 50, 53, 57, 62, 70, 72, 73, 117, 131, 132, 170, 216,
  271, 381, 456, 457, 467, 620, 691,
]);

/** HTTP status for a ClickHouse code, as ClickHouse 26 chooses it (500 when it has no own one). */
export function statusFor(code: number): number {
  return statusOf[code] ?? (badRequests.has(code) ? 400 : 500);
}

/** The exception text that ClickHouse puts in the answer's body. */
export function exceptionText(error: EngineError, version: string): string {
  if (/^Code: \d+\. /.test(error.message)) return `${error.message} (version ${version})\n`;
  const name = names[error.code] ?? 'UNKNOWN_EXCEPTION';
  return `Code: ${error.code}. DB::Exception: ${error.message}. (${name}) (version ${version})\n`;
}

/** Makes an EngineError of what the engine's binding threw. */
export function fromEngine(error: unknown): EngineError {
  if (error instanceof EngineError) return error;
  const message = error instanceof Error ? error.message : String(error);
  const at = message.indexOf('Code: ');
  const text = at > 0 ? message.slice(at) : message;
  const match = /^Code: (\d+)\./.exec(text);
  if (match === null) return new EngineError(1002, `the engine failed: ${text}`, error);
  return new EngineError(Number(match[1]), withoutOwnQuery(withoutEchoes(text)).trimEnd(), error);
}

/** Leaves out the query by which the guard asked for the canonical form. */
function withoutOwnQuery(text: string): string {
  const at = text.indexOf(': In scope SELECT formatQuerySingleLine(');
  if (at < 0) return text;
  return `${text.slice(0, at)}. ${/\([A-Z_]+\)\s*$/.exec(text)?.[0] ?? ''}`;
}

/** The engine repeats the head of a message for each time that it failed to open the output. */
function withoutEchoes(text: string): string {
  return text.replace(/^(Code: \d+\. DB::\w+: )\1+/, '$1');
}
