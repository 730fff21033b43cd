import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AuthData, HeaderMap } from '../../component/extension.ts';
import type { Settings } from '../../component/settings.ts';
import { peerHost } from '../../wire/address/peer.ts';
import { authenticate, refuseMiddlewares, serverAuth } from './auth.ts';
import { Cors, type HeaderPairs } from './cors.ts';
import { sendable } from './headers.ts';
import type { HttpServerConfig } from './http-server.ts';
import { type Listener, openShared, type ServedPaths } from './http-share.ts';

export type { Listener, ServedPaths } from './http-share.ts';

type Needed = Pick<Settings, 'clock' | 'logger' | 'host'>;

/** An answer that takes longer than `write_timeout` ends with its connection. */
function limitWriting(response: ServerResponse, ms: number, clock: Settings['clock']): void {
  const timer = clock.after(ms, () => response.destroy());
  response.on('close', () => timer.cancel());
}

/**
 * Opens an HTTP or HTTPS listener with the times, limits and certificates of the configuration.
 * CORS, authentication and response headers are left to `handle`.
 * @param served the paths that others leave to it at this address, where it shares it
 * @throws Error that says why it cannot listen
 */
export async function openHttpServer(
  config: HttpServerConfig,
  settings: Needed,
  handle: (request: IncomingMessage, response: ServerResponse) => void,
  served?: ServedPaths,
): Promise<Listener> {
  refuseMiddlewares(settings.host, config.middlewares);
  const { write_timeout: writeMs } = config;
  const limited = (request: IncomingMessage, response: ServerResponse): void => {
    limitWriting(response, writeMs, settings.clock);
    handle(request, response);
  };
  return openShared(config, settings, writeMs > 0 ? limited : handle, served);
}

/** Headers as an authenticator sees them; parameters of the query stand for headers. */
export function headerMap(request: IncomingMessage, params: readonly string[] = []): HeaderMap {
  const map = new Map(Object.entries(request.headersDistinct as Record<string, string[]>));
  const query = params.length === 0 ? undefined : (request.url ?? '').split('?')[1];
  if (query === undefined) return map;
  const given = new URLSearchParams(query);
  for (const name of params) if (given.has(name)) map.set(name.toLowerCase(), given.getAll(name));
  return map;
}

/** IP address of the other end, without its port, as the Go collector's HTTP servers have it. */
export function remoteOf({ socket }: IncomingMessage): string {
  return peerHost(socket);
}

/** Whether a pattern of Go's ServeMux takes a path: as it is, or with a `/` at its end all below. */
export function takesPath(pattern: string, path: string): boolean {
  return pattern.endsWith('/') ? path.startsWith(pattern) : path === pattern;
}

/** The path of a request, without its query. */
export function pathOf(request: IncomingMessage): string {
  return (request.url ?? '/').split('?', 1)[0]!;
}

/** The query of a request: all behind the first `?`. */
export function queryOf(request: IncomingMessage): URLSearchParams {
  return new URLSearchParams((request.url ?? '').split('?').slice(1).join('?'));
}

/** Says that there is nothing at a path. */
export function notFound(response: ServerResponse): void {
  response.writeHead(404, { 'content-type': 'text/plain; charset=utf-8' });
  response.end('404 page not found\n');
}

/** What a handler behind {@link serveHttp} gets beside request and response. */
export interface Admitted {
  readonly auth: AuthData | undefined;
}

/**
 * A listener for small services: answers CORS preflights, adds the configured headers, and lets
 * through what the authenticator accepts; the rest is told 401 with its text.
 */
export async function serveHttp(
  config: HttpServerConfig,
  settings: Needed,
  handle: (request: IncomingMessage, response: ServerResponse, admitted: Admitted) => void,
  served?: ServedPaths,
): Promise<Listener> {
  return openHttpServer(config, settings, admitting(config, settings, handle), served);
}

/** As {@link serveHttp}, for browsers: a 401 makes them ask their user, where they can. */
export async function servePage(
  config: HttpServerConfig,
  settings: Needed,
  handle: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<Listener> {
  return openHttpServer(config, settings, admitting(config, settings, handle, true));
}

/**
 * What stands before the handler of {@link serveHttp}, for servers that have other handlers beside
 * it.
 */
export function admitting(
  config: HttpServerConfig,
  settings: Needed,
  handle: (request: IncomingMessage, response: ServerResponse, admitted: Admitted) => void,
  page = false,
): (request: IncomingMessage, response: ServerResponse) => void {
  const auth = serverAuth(settings.host, config.auth);
  const challenge = page ? auth?.challenge : undefined;
  const params = config.auth?.request_params ?? [];
  const cors = config.cors?.allowed_origins.length ? new Cors(config.cors) : undefined;
  const always = sendable(config.response_headers);
  return (request, response) => {
    response.on('error', () => undefined);
    for (const [name, value] of always) response.setHeader(name, value);
    if (!config.keep_alives_enabled) response.setHeader('connection', 'close');
    if (cors !== undefined && answeredByCors(cors, request, response)) return;
    if (auth === undefined) {
      handle(request, response, { auth: undefined });
      return;
    }
    authenticate(
      auth,
      headerMap(request, params),
      remoteOf(request),
      (data) => handle(request, response, { auth: data }),
      (message) => {
        request.resume();
        if (challenge !== undefined) response.setHeader('www-authenticate', challenge);
        response.writeHead(401, { 'content-type': 'text/plain; charset=utf-8' });
        response.end(`${message}\n`);
      },
    );
  };
}

/** @returns whether it was a preflight and is answered */
function answeredByCors(cors: Cors, request: IncomingMessage, response: ServerResponse): boolean {
  const { headers } = request;
  const asked = headers['access-control-request-method'];
  if (request.method !== 'OPTIONS' || asked === undefined) {
    setPairs(response, cors.answer(headers.origin));
    return false;
  }
  const wanted = String(headers['access-control-request-headers'] ?? '');
  setPairs(response, cors.preflight(headers.origin, asked, wanted));
  request.resume();
  response.writeHead(204).end();
  return true;
}

function setPairs(response: ServerResponse, pairs: HeaderPairs): void {
  for (let i = 0; i < pairs.length; i += 2) response.setHeader(pairs[i]!, pairs[i + 1]!);
}
