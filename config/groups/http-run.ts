import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Server as TlsHttpServer } from 'node:https';
import type { Socket } from 'node:net';
import type { Attached, ListenAddress, Settings } from '../../component/settings.ts';
import { lingerAfter } from './http-linger.ts';
import type { HttpServerConfig } from './http-server.ts';
import { cutOffUnread } from './http-unread.ts';
import { originForm } from './request-target.ts';
import { loadTlsServer } from './tls-load.ts';
import { reloadTlsServer } from './tls-reload.ts';

const maxConnections = 10_000;
const maxHeaderBytes = 64 * 1024;

/** A TLS handshake takes at most so long; gRPC servers have the same limit. */
const handshakeMs = 10_000;

/** How long connections to a server that was replaced may wait for one last request. */
const lingerMs = 5000;

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

/** A server of node:http or node:https with the limits of a configuration. */
export async function createServer(config: HttpServerConfig): Promise<Server> {
  const options = {
    maxHeaderSize: maxHeaderBytes,
    requestTimeout: Math.max(0, config.read_timeout),
    headersTimeout: headersTimeout(config),
    keepAliveTimeout: Math.max(0, config.idle_timeout),
    connectionsCheckingInterval: checkInterval(config),
    noDelay: true,
  };
  if (config.tls === undefined) {
    return cutOffUnread((await import('node:http')).createServer(options));
  }
  const { createServer: createTls } = await import('node:https');
  const tls = { handshakeTimeout: handshakeMs, ...(await loadTlsServer(config.tls)) };
  return cutOffUnread(createTls({ ...options, ...tls }));
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

/** A server of node:http, from its first connection to its last. */
export class HttpRun {
  readonly config: HttpServerConfig;
  readonly #settings: Needed;
  readonly #server: Server;
  readonly #traffic: Traffic;
  #attached: Attached | undefined;
  #stopReload: () => void = () => {};
  #ending = false;

  private constructor(config: HttpServerConfig, settings: Needed, server: Server) {
    this.config = config;
    this.#settings = settings;
    this.#server = server;
    this.#traffic = new Traffic(server);
  }

  /** @throws Error when the certificates cannot be read */
  static async make(
    config: HttpServerConfig,
    settings: Needed,
    handle: (request: IncomingMessage, response: ServerResponse) => void,
  ): Promise<HttpRun> {
    const run = new HttpRun(config, settings, await createServer(config));
    run.#server.on('request', (request, response) => {
      if (run.#ending) response.setHeader('connection', 'close');
      request.url = originForm(request.url ?? '/');
      lingerAfter(request, response, settings.clock);
      handle(request, response);
    });
    return run;
  }

  /**
   * Gets the connections to an address from now on; once more after another server had them.
   * @param listeners of the component that it does so for
   * @throws Error that says why it cannot listen
   */
  async attach(
    address: ListenAddress,
    listeners: Settings['host']['listeners'],
  ): Promise<Attached> {
    const isFirst = this.#attached === undefined;
    // The socket belongs to the program: when this server is replaced, it goes over to the next.
    this.#attached = await listeners.attach(
      this.#server,
      address,
      { allowHalfOpen: true, maxConnections },
      (error) => this.#settings.host.fatal(error),
    );
    if (!isFirst) return this.#attached;
    // From here on it looks after its times for headers and requests.
    this.#server.emit('listening');
    const { tls } = this.config;
    this.#stopReload = reloadTlsServer(tls, this.#settings, (renewed) =>
      (this.#server as TlsHttpServer).setSecureContext(renewed),
    );
    return this.#attached;
  }

  get attached(): Attached | undefined {
    return this.#attached;
  }

  /** Takes no more requests, waits for those that are open, at most `drainMs`. */
  async end(drainMs: number): Promise<void> {
    const { clock } = this.#settings;
    this.#stopReload();
    this.#ending = true;
    if (this.#attached?.detach() === true) await this.#traffic.linger(clock);
    this.#server.close();
    this.#server.closeIdleConnections();
    await this.#traffic.end(clock, drainMs);
  }
}
