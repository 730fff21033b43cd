import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { codes, EngineError } from './errors.ts';
import type { Environment } from './sessions.ts';

/** What a request asks for, apart from its body. */
export interface Call {
  readonly url: URL;
  /** Text of ?query=, empty when it is in the body. */
  readonly query: string;
  readonly queryId: string | undefined;
  readonly sessionId: string | undefined;
  /** session_check=1: the session must be there already. */
  readonly sessionCheck: boolean;
  /** close_session=1: the session ends with this request. */
  readonly closeSession: boolean;
  /** 0: anything; 1: reads without settings in the statement; 2: reads. */
  readonly readonly: number;
  readonly defaultFormat: string;
  readonly compress: boolean;
  readonly decompress: boolean;
  readonly httpCompression: boolean;
  readonly revision: number;
  readonly environment: Environment;
}

/** Parameters of the HTTP interface that are not settings. */
const reserved = new Set([
  'query',
  'query_id',
  'database',
  'default_format',
  'user',
  'password',
  'compress',
  'decompress',
  'enable_http_compression',
  'client_protocol_version',
  'session_id',
  'session_timeout',
  'session_check',
  'close_session',
  'quota_key',
  'role',
  'stacktrace',
  'buffer_size',
  'wait_end_of_query',
  'send_progress_in_http_headers',
  'http_headers_progress_interval_ms',
  'http_zlib_compression_level',
  'http_write_exception_in_output_format',
  'http_response_buffer_size',
  'http_make_head_request',
  'http_native_compression_disable_checksumming_on_decompress',
  'add_http_cors_header',
  'cancel_http_readonly_queries_on_client_close',
  'network_compression_method',
  'readonly',
  'log_queries',
]);

const namePattern = /^[A-Za-z][A-Za-z0-9_]{0,99}$/;

/** The target of a request. Throws EngineError 36 when it is no URL. */
export function requestUrl(request: IncomingMessage): URL {
  const target = request.url ?? '/';
  const url = URL.parse(target, 'http://engine');
  if (url !== null) return url;
  throw new EngineError(codes.badArguments, `Cannot read the URL "${target.slice(0, 100)}"`);
}

/**
 * Reads the parameters of a request. Throws EngineError.
 * @param checkSetting throws EngineError when a client may not change the setting
 */
export function readCall(request: IncomingMessage, checkSetting: (name: string) => void): Call {
  const url = requestUrl(request);
  const get = (name: string) => url.searchParams.get(name) ?? undefined;
  const settings = new Map<string, string>();
  const parameters = new Map<string, string>();
  for (const [name, value] of url.searchParams) {
    if (reserved.has(name)) continue;
    if (name.startsWith('param_') && namePattern.test(name)) {
      parameters.set(name.slice(6), value);
      continue;
    }
    if (!namePattern.test(name)) {
      throw new EngineError(codes.unknownSetting, `Unknown setting '${name.slice(0, 100)}'`);
    }
    checkSetting(name);
    settings.set(name, value);
  }
  const role = get('role');
  if (role !== undefined) {
    throw new EngineError(
      codes.unknownRole,
      `Role ${role.slice(0, 100)} is unknown: there are none`,
    );
  }
  const header = (name: string) => String(request.headers[name] ?? '') || undefined;
  return {
    url,
    query: get('query') ?? '',
    sessionCheck: get('session_check') === '1',
    closeSession: get('close_session') === '1',
    readonly: readonlyLevel(get('readonly')),
    queryId: get('query_id') || header('x-clickhouse-query-id'),
    sessionId: get('session_id') || undefined,
    defaultFormat: formatName(get('default_format') ?? header('x-clickhouse-format')),
    compress: get('compress') === '1' || get('compress') === 'true',
    decompress: get('decompress') === '1' || get('decompress') === 'true',
    httpCompression: get('enable_http_compression') === '1',
    revision: Number(get('client_protocol_version') ?? 0) || 0,
    environment: {
      database: get('database') || header('x-clickhouse-database') || 'default',
      settings,
      parameters,
    },
  };
}

/** Throws EngineError 36. */
function readonlyLevel(text: string | undefined): number {
  if (text === undefined || /^[012]$/.test(text)) return Number(text ?? 0);
  throw new EngineError(
    codes.badArguments,
    `Cannot take readonly = "${text.slice(0, 100)}": 0, 1 or 2`,
  );
}

function formatName(name: string | undefined): string {
  if (name === undefined || name === '') return 'TabSeparated';
  if (namePattern.test(name)) return name;
  throw new EngineError(codes.unknownFormat, `Unknown format ${name.slice(0, 100)}`);
}

/** The one user of the engine; the password is plain text. */
export interface Credentials {
  readonly user: string;
  readonly password: string;
}

function basic(header: string): Credentials | undefined {
  const match = /^Basic +([A-Za-z0-9+/=]+)$/i.exec(header);
  if (match === null) return undefined;
  const text = Buffer.from(match[1]!, 'base64').toString();
  const colon = text.indexOf(':');
  if (colon < 0) return undefined;
  return { user: text.slice(0, colon), password: text.slice(colon + 1) };
}

function given(request: IncomingMessage, url: URL): Credentials {
  const user = request.headers['x-clickhouse-user'];
  const key = request.headers['x-clickhouse-key'];
  if (user !== undefined || key !== undefined) {
    return { user: String(user ?? 'default'), password: String(key ?? '') };
  }
  const fromHeader = basic(String(request.headers.authorization ?? ''));
  if (fromHeader !== undefined) return fromHeader;
  const params = url.searchParams;
  return { user: params.get('user') ?? 'default', password: params.get('password') ?? '' };
}

function same(a: string, b: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}

/** Throws EngineError 516 when the request does not carry the engine's user and password. */
export function authenticate(request: IncomingMessage, url: URL, expected: Credentials): void {
  const found = given(request, url);
  const ok = same(found.password, expected.password) && same(found.user, expected.user);
  if (ok) return;
  throw new EngineError(
    codes.authentication,
    `${found.user.slice(0, 100)}: Authentication failed: password is incorrect, or there is no ` +
      'user with such name',
  );
}

/** Whether only this machine can reach a listener on `host`. */
function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}

/**
 * Whether a request with this Host header is answered. While the server listens on loopback only
 * its own names and `allowed` are: a page in a browser whose name was rebound to a loopback
 * address sends its own name. A server that other machines reach has names that it cannot know.
 */
export function hostAllowed(
  header: string | undefined,
  listenHost: string,
  allowed: readonly string[],
): boolean {
  if (!isLoopback(listenHost)) return true;
  const host = (header ?? '').replace(/:\d+$/, '').toLowerCase();
  const own = listenHost.includes(':') ? `[${listenHost}]` : listenHost;
  const all = ['localhost', '127.0.0.1', '[::1]', own, ...allowed];
  return all.some((name) => name.toLowerCase() === host);
}
