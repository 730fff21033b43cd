import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import type { Settings } from '../../component/settings.ts';
import { openAt } from '../../config/groups/listen.ts';
import { TcpServer } from '../../config/groups/tcp.ts';
import { loadTlsServer } from '../../config/groups/tls-load.ts';
import { reloadTlsServer } from '../../config/groups/tls-reload.ts';
import { parseEndpoint } from '../../config/schema/index.ts';
import { type LogEncoding, lookUpEncoding } from '../../stanza/encoding.ts';
import type { Intake } from '../../stanza/receiver/intake.ts';
import { type Splitter, splitterMaker, trimEnd, trimStart } from '../../stanza/split.ts';
import type { TcpConfig } from './config.ts';
import { type Messages, type Origin, originOf } from './message.ts';
import { HostNames, plainAddress } from './names.ts';
import { OctetSplitter } from './octets.ts';

/** Takes messages over TCP, also with TLS. */
export class TcpListener {
  readonly #settings: Settings;
  readonly #config: TcpConfig;
  readonly #messages: Messages;
  readonly #intake: Intake;
  readonly #encoding: LogEncoding;
  readonly #makeSplitter: () => Splitter;
  readonly #names: HostNames;
  #server: TcpServer | undefined;
  #stopReload: () => void = () => {};

  constructor(
    settings: Settings,
    config: TcpConfig,
    octetCounting: boolean,
    messages: Messages,
    intake: Intake,
  ) {
    this.#settings = settings;
    this.#config = config;
    this.#messages = messages;
    this.#intake = intake;
    this.#encoding = lookUpEncoding(config.encoding);
    this.#names = new HostNames(settings.clock);
    this.#makeSplitter = octetCounting
      ? () => new OctetSplitter()
      : splitterMaker({
          encoding: this.#encoding,
          multiline: config.multiline,
          flushAtEnd: true,
          maxSize: config.max_log_size,
        });
  }

  /** Port that is listened on; for tests that ask for port 0. */
  get port(): number {
    return this.#server?.port ?? 0;
  }

  async start(): Promise<void> {
    const { listen_address: at } = this.#config;
    const { host, port } = parseEndpoint(at)!;
    const server = await this.#make();
    const address = host === '' ? { port } : { host, port };
    this.#server = await openAt(JSON.stringify(at), () =>
      TcpServer.open(server, address, this.#settings),
    );
  }

  async #make(): Promise<Server> {
    const { tls } = this.#config;
    if (tls === undefined) return createServer((socket) => this.#accept(socket));
    const server = createTlsServer(await loadTlsServer(tls), (socket) => this.#accept(socket));
    server.on('tlsClientError', (error) => {
      this.#settings.logger.debug('TLS handshake failed', { error: error.message });
    });
    this.#stopReload = reloadTlsServer(tls, this.#settings, (options) =>
      server.setSecureContext(options),
    );
    return server;
  }

  #accept(socket: Socket): void {
    const connection = new Connection(
      socket,
      this.#config,
      this.#makeSplitter(),
      this.#encoding,
      this.#messages,
      this.#intake,
      this.#settings,
    );
    socket.on('error', (error) => {
      this.#settings.logger.debug('Connection failed', { error: error.message });
    });
    void this.#origin(socket).then((origin) => connection.read(origin));
  }

  async #origin(socket: Socket): Promise<Origin | undefined> {
    if (!this.#config.add_attributes) return undefined;
    const peer = plainAddress(socket.remoteAddress);
    const host = plainAddress(socket.localAddress);
    const { remotePort = 0, localPort = 0 } = socket;
    const [peerName, hostName] = await Promise.all([
      this.#names.find(peer),
      this.#names.find(host),
    ]);
    return originOf(
      'IP.TCP',
      { ip: peer, port: remotePort, name: peerName },
      { ip: host, port: localPort, name: hostName },
    );
  }

  async stop(): Promise<void> {
    this.#stopReload();
    const server = this.#server;
    this.#server = undefined;
    await server?.stop(true);
    await server?.close();
  }
}

/** One sender. */
class Connection {
  readonly #socket: Socket;
  readonly #config: TcpConfig;
  readonly #splitter: Splitter;
  readonly #encoding: LogEncoding;
  readonly #messages: Messages;
  readonly #intake: Intake;
  readonly #settings: Settings;
  #origin: Origin | undefined;
  #rest: Buffer = Buffer.alloc(0);

  constructor(
    socket: Socket,
    config: TcpConfig,
    splitter: Splitter,
    encoding: LogEncoding,
    messages: Messages,
    intake: Intake,
    settings: Settings,
  ) {
    this.#socket = socket;
    this.#config = config;
    this.#splitter = splitter;
    this.#encoding = encoding;
    this.#messages = messages;
    this.#intake = intake;
    this.#settings = settings;
  }

  read(origin: Origin | undefined): void {
    this.#origin = origin;
    const socket = this.#socket;
    socket.on('data', (piece) => this.#take(piece as Buffer));
    socket.on('end', () => this.#finish());
    socket.on('close', () => {
      this.#rest = Buffer.alloc(0);
    });
  }

  #take(piece: Buffer): void {
    const most = this.#config.max_log_size;
    const data = this.#rest.length === 0 ? piece : Buffer.concat([this.#rest, piece]);
    if (this.#config.one_log_per_packet) {
      // One connection, one message; what is beyond the limit is left out.
      this.#rest = data.length > most ? Buffer.from(data.subarray(0, most)) : data;
      return;
    }
    const used = this.#cut(data, false);
    this.#rest = Buffer.from(data.subarray(used));
    if (this.#rest.length >= most) {
      this.#settings.logger.error('Scanner error: message is too long, the connection is closed', {
        bytes: this.#rest.length,
        max_log_size: most,
      });
      this.#socket.destroy();
      return;
    }
    this.#hold();
  }

  /** @returns bytes used up */
  #cut(data: Buffer, whole: boolean): number {
    const s = this.#splitter;
    let at = 0;
    while (s.next(data, at, data.length, whole) && s.end > at) {
      this.#message(data, s.from, s.to);
      at = s.end;
    }
    this.#messages.end();
    return at;
  }

  #message(data: Buffer, start: number, stop: number): void {
    const to = this.#config.preserve_trailing_whitespaces ? stop : trimEnd(data, start, stop);
    const from = this.#config.preserve_leading_whitespaces ? start : trimStart(data, start, to);
    const text = this.#encoding.decode(data.subarray(from, to));
    this.#messages.add(text, to - from, this.#origin);
  }

  #finish(): void {
    const data = this.#rest;
    this.#rest = Buffer.alloc(0);
    if (this.#config.one_log_per_packet) {
      this.#messages.add(this.#encoding.decode(data), data.length, this.#origin);
      this.#messages.end();
    } else this.#cut(data, true);
    this.#socket.end();
  }

  /** Stops reading while much waits for the pipeline. */
  #hold(): void {
    if (!this.#intake.isFull) return;
    this.#socket.pause();
    this.#intake.onDrain(() => this.#socket.resume());
  }
}
