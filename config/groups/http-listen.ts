import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Server as TlsHttpServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { AuthData, HeaderMap } from '../../component/extension.ts';
import type { Settings } from '../../component/settings.ts';
import { authenticate, refuseMiddlewares, serverAuth } from './auth.ts';
import { Cors, type HeaderPairs } from './cors.ts';
import { sendable } from './headers.ts';
import type { HttpServerConfig } from './http-server.ts';
import { listenAddress } from './listen.ts';
import { loadTlsServer } from './tls-load.ts';
import { reloadTlsServer } from './tls-reload.ts';

const maxConnections = 10_000;
const maxHeaderBytes = 64 * 1024;

/** How long connections to a server that was replaced may wait for one last request. */
const lingerMs = 5000;

/** A running listener. */
export interface Listener {
  readonly address: AddressInfo | string;
  /** Takes no more requests, waits for those that are open, at most `drainMs`. */
  close(drainMs: number): Promise<void>;
}

type Needed = Pick<Settings, 'clock' | 'logger' | 'host'>;

/** node:http refuses to give headers longer than the whole request. */
function headersTimeout({ read_timeout, read_header_timeout }: HttpServerConfig): number {
  const headers = Math.max(0, read_header_timeout) || Math.max(0, read_timeout);
  return read_timeout > 0 ? Math.min(read_timeout, headers) : headers;
}

/** How often slow requests are looked for: about as precise as the times are long. */
function checkInterval(config: HttpServerConfig): number {
  const times = [config.read_timeout, config.read_header_timeout].filter((ms) => ms > 0);
  return Math.max(50, Math.min(5000, ...times));
}

async function createServer(config: HttpServerConfig): Promise<Server> {
  const options = {
    maxHeaderSize: maxHeaderBytes,
    requestTimeout: Math.max(0, config.read_timeout),
    headersTimeout: headersTimeout(config),
    keepAliveTimeout: Math.max(0, config.idle_timeout),
    connectionsCheckingInterval: checkInterval(config),
    noDelay: true,
  };
  if (config.tls === undefined) return (await import('node:http')).createServer(options);
  const tls = await loadTlsServer(config.tls);
  return (await import('node:https')).createServer({ ...options, ...tls });
}

/** Counts what is open, so that an end can wait for it. */
class Traffic {
  readonly #sockets = new Set<Socket>();
  #open = 0;

  constructor(server: Server) {
    const keep = (socket: Socket): void => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    };
    server.on('connection', keep);
    server.on('request', (_request: IncomingMessage, response: ServerResponse) => {
      this.#open += 1;
      response.on('close', () => {
        this.#open -= 1;
      });
    });
  }

  async end(clock: Settings['clock'], drainMs: number): Promise<void> {
    const until = clock.monotonicMs() + drainMs;
    while (this.#open > 0 && clock.monotonicMs() < until) {
      await new Promise<void>((resolve) => {
        clock.after(20, resolve);
      });
    }
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Waits until clients have closed their connections. */
  async linger(clock: Settings['clock']): Promise<void> {
    const until = clock.monotonicMs() + lingerMs;
    while (this.#sockets.size > 0 && clock.monotonicMs() < until) {
      await new Promise<void>((resolve) => {
        clock.after(20, resolve);
      });
    }
  }
}

/** An answer that takes longer than `write_timeout` ends with its connection. */
function limitWriting(response: ServerResponse, ms: number, clock: Settings['clock']): void {
  const timer = clock.after(ms, () => response.destroy());
  response.on('close', () => timer.cancel());
}

/**
 * Opens an HTTP or HTTPS listener with the times, limits and certificates of the configuration.
 * CORS, authentication and response headers are left to `handle`.
 * @throws Error that says why it cannot listen
 */
export async function openHttpServer(
  config: HttpServerConfig,
  settings: Needed,
  handle: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<Listener> {
  refuseMiddlewares(settings.host, config.middlewares);
  const address = listenAddress(config);
  const server = await createServer(config);
  const traffic = new Traffic(server);
  let leaving = false;
  server.on('request', (request, response) => {
    if (leaving) response.setHeader('connection', 'close');
    if (config.write_timeout > 0) limitWriting(response, config.write_timeout, settings.clock);
    handle(request, response);
  });
  // The socket belongs to the program: when this server is replaced, it goes over to the next.
  const attached = await settings.host.listeners.attach(
    server,
    address,
    { allowHalfOpen: true, maxConnections },
    (error) => settings.host.fatal(error),
  );
  server.emit('listening'); // from here on it looks after its times for headers and requests
  const stopReload = reloadTlsServer(config.tls, settings, (tls) =>
    (server as TlsHttpServer).setSecureContext(tls),
  );
  return {
    address: attached.address,
    close: async (drainMs) => {
      stopReload();
      leaving = true;
      if (attached.detach()) await traffic.linger(settings.clock);
      server.close();
      server.closeIdleConnections();
      await traffic.end(settings.clock, drainMs);
    },
  };
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

/** `host:port` of the other end. */
export function remoteOf({ socket }: IncomingMessage): string {
  return `${socket.remoteAddress ?? ''}:${socket.remotePort ?? 0}`;
}

/** Whether a pattern of Go's ServeMux takes a path: as it is, or with a `/` at its end all below. */
export function takesPath(pattern: string, path: string): boolean {
  return pattern.endsWith('/') ? path.startsWith(pattern) : path === pattern;
}

/** The path of a request, without its query. */
export function pathOf(request: IncomingMessage): string {
  return (request.url ?? '/').split('?', 1)[0]!;
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
): Promise<Listener> {
  const auth = serverAuth(settings.host, config.auth);
  const params = config.auth?.request_params ?? [];
  const cors = config.cors?.allowed_origins.length ? new Cors(config.cors) : undefined;
  const always = sendable(config.response_headers);
  return openHttpServer(config, settings, (request, response) => {
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
        response.writeHead(401, { 'content-type': 'text/plain; charset=utf-8' });
        response.end(`${message}\n`);
      },
    );
  });
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
