import type { AddressInfo, Server, Socket } from 'node:net';
import { Server as TlsServer } from 'node:tls';
import type { Attached, ListenAddress, Settings } from '../../component/settings.ts';

/** Connections at a time; further ones are refused. */
const maxConnections = 10_000;

/** How long senders may go on where another server has taken the address over. */
const lingerMs = 5000;

type Needed = Pick<Settings, 'clock' | 'host'>;

/**
 * A server of node:net or node:tls whose listening socket belongs to the program: on a reload the
 * next server gets the new connections, and no sender is refused.
 */
export class TcpServer {
  readonly #settings: Needed;
  readonly #open = new Set<Socket>();
  /** Those that messages come over: with TLS not the ones below. */
  readonly #upper = new Set<Socket>();
  #attached: Attached | undefined;
  #noneLeft: () => void = () => {};

  private constructor(server: Server | TlsServer, settings: Needed) {
    this.#settings = settings;
    const hasTls = server instanceof TlsServer;
    server.prependListener('connection', (socket: Socket) => this.#keep(socket, !hasTls));
    if (hasTls) server.prependListener('secureConnection', (socket) => this.#keep(socket, true));
  }

  /** @throws Error that says why nothing can be listened on there */
  static async open(
    server: Server | TlsServer,
    address: ListenAddress,
    settings: Needed,
  ): Promise<TcpServer> {
    const opened = new TcpServer(server, settings);
    opened.#attached = await settings.host.listeners.attach(
      server,
      address,
      { allowHalfOpen: false, maxConnections },
      (error) => settings.host.fatal(error),
    );
    return opened;
  }

  /** The address that is bound; a path for a socket file. */
  get address(): AddressInfo | string {
    return this.#attached!.address;
  }

  /** The port that is bound; 0 for a socket file. */
  get port(): number {
    const { address } = this;
    return typeof address === 'object' ? address.port : 0;
  }

  #keep(socket: Socket, isUpper: boolean): void {
    this.#open.add(socket);
    if (isUpper) this.#upper.add(socket);
    socket.on('close', () => {
      this.#upper.delete(socket);
      this.#open.delete(socket);
      if (this.#open.size === 0) this.#noneLeft();
    });
  }

  /**
   * Takes no more connections. Where another server gets them from now on, those that are open may
   * go on for five seconds.
   * @param isOneWay senders expect nothing back: they are told to come anew, and what they have
   *   sent before is still read
   */
  async stop(isOneWay: boolean): Promise<void> {
    if (this.#attached?.detach() !== true) return;
    if (isOneWay) for (const socket of this.#upper) socket.end();
    let timer: { cancel(): void } | undefined;
    const late = new Promise<void>((resolve) => {
      timer = this.#settings.clock.after(lingerMs, resolve);
    });
    await Promise.race([this.gone(), late]);
    timer?.cancel();
  }

  /** Settles when no connection is open. */
  gone(): Promise<void> {
    if (this.#open.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#noneLeft = resolve;
    });
  }

  /** Ends all connections that are open. */
  async close(): Promise<void> {
    for (const socket of this.#open) socket.destroy();
    await this.gone();
  }
}
