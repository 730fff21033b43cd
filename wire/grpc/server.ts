import { once } from 'node:events';
import type { AddressInfo, Server, Socket } from 'node:net';
import net from 'node:net';
import type { SecureContextOptions, TlsOptions } from 'node:tls';
import { peerAddress } from '../address/peer.ts';
import { Code } from '../status/code.ts';
import { ErrorCode } from './http2/constants.ts';
import { defaultKeepalive, Keepalive, type KeepaliveOptions } from './keepalive.ts';
import type { ServerCall } from './server-call.ts';
import { ServerConnection, type ServerConnectionOptions } from './server-connection.ts';
import { SharedRead } from './shared-read.ts';
import type { StreamInput } from './stream-input.ts';

/** The time that servers and clients go by. */
export interface Time {
  monotonicMs(): number;
  after(ms: number, run: () => void): { cancel(): void };
}

/** How a server listens, and what its connections share. */
export interface ServerOptions extends Omit<ServerConnectionOptions, 'nowMs'> {
  readonly time: Time;
  /** In [0, 1). */
  readonly random: () => number;
  /** TLS with ALPN h2; plain HTTP/2 with prior knowledge without it. */
  readonly tls?: TlsOptions;
  readonly keepalive?: Partial<KeepaliveOptions>;
  /** Connections at a time; more are closed at once. */
  readonly maxConnections?: number;
  /** Listens for the server, which gets its connections as events; it listens itself without it. */
  readonly attach?: Attach;
}

/** Gives connections to a server as its event `connection`. */
export type Attach = (
  server: Server,
  address: ListenAddress,
  options: { readonly allowHalfOpen: boolean; readonly maxConnections: number },
  failed: (error: Error) => void,
) => Promise<{ readonly address: AddressInfo | string; detach(): unknown }>;

/** Where to listen. */
export type ListenAddress = { host?: string; port: number } | { path: string };

/** What a client may leave unfinished before it is cut off. */
const patience = {
  /** Until the connection preface and SETTINGS have come. */
  handshakeMs: 10_000,
  /** Without a byte of an unfinished request, header block or frame. */
  silenceMs: 30_000,
  /** From the first byte of a header block or frame to its last. */
  frameMs: 60_000,
  /** From the first byte of a request to its last; OTLP/HTTP's read_timeout is the same. */
  requestMs: 300_000,
  /** Without reading its answers, more than `unreadBytes` of them. */
  unreadMs: 30_000,
  unreadBytes: 1 << 20,
} as const;

const sweepMs = 1000;

/** One accepted socket. */
interface Peer {
  readonly socket: Socket;
  readonly connection: ServerConnection;
  readonly keepalive: Keepalive;
  readonly sinceMs: number;
  stalledTicks: number;
  /** Whole frames at the last turn of the sweep, and turns since that number changed. */
  frames: number;
  frameTicks: number;
}

/**
 * gRPC over node:net or node:tls: unary calls and streams of clients, the HTTP/2 of ./http2. One
 * timer sweeps all connections once a second for time-outs and keepalive.
 */
export class GrpcServer {
  readonly #options: ServerOptions;
  readonly #connectionOptions: ServerConnectionOptions;
  readonly #keepalive: KeepaliveOptions;
  readonly #peers = new Set<Peer>();
  readonly #sharedRead = new SharedRead();
  #server: Server | undefined;
  #detach = (): unknown => undefined;
  #timer: { cancel(): void } | undefined;
  #closing = false;

  constructor(options: ServerOptions) {
    this.#options = options;
    const { time } = options;
    this.#connectionOptions = { ...options, nowMs: () => time.monotonicMs() };
    this.#keepalive = { ...defaultKeepalive, ...options.keepalive };
  }

  /** Open connections. */
  get connections(): number {
    return this.#peers.size;
  }

  /** @returns the address that is bound; `onError` hears of a listener that dies later */
  async listen(
    address: ListenAddress,
    onError: (error: Error) => void,
  ): Promise<AddressInfo | string> {
    const { tls } = this.#options;
    const accept = (socket: Socket): void => this.#accept(socket);
    const server =
      tls === undefined
        ? net.createServer({ noDelay: true }, accept)
        : (await import('node:tls')).createServer(
            { ...tls, ALPNProtocols: ['h2'], handshakeTimeout: patience.handshakeMs },
            accept,
          );
    server.on('tlsClientError', (_error: Error, socket: Socket) => socket.destroy());
    this.#server = server;
    const { attach = listenAlone, maxConnections = 10_000 } = this.#options;
    const attached = await attach(
      server,
      address,
      { allowHalfOpen: false, maxConnections },
      onError,
    );
    this.#detach = () => attached.detach();
    this.#sweepLater();
    return attached.address;
  }

  /** Replaces the certificates for new connections. */
  setSecureContext(options: SecureContextOptions): void {
    const server = this.#server as (Server & { setSecureContext?(o: object): void }) | undefined;
    server?.setSecureContext?.(options);
  }

  /** Takes no new calls, waits up to `drainMs` for those that are open, then closes everything. */
  async close(drainMs: number): Promise<void> {
    if (this.#closing) return;
    this.#closing = true;
    this.#detach();
    for (const peer of this.#peers) {
      peer.connection.http2.drain();
      if (peer.connection.open === 0) peer.socket.end();
    }
    await this.#drained(drainMs);
    this.#timer?.cancel();
    for (const peer of this.#peers) peer.socket.destroy();
  }

  async #drained(drainMs: number): Promise<void> {
    const { time } = this.#options;
    const until = time.monotonicMs() + drainMs;
    const busy = (): boolean => [...this.#peers].some((peer) => peer.connection.open > 0);
    while (busy() && time.monotonicMs() < until) {
      await new Promise<void>((resolve) => {
        time.after(20, resolve);
      });
    }
  }

  #accept(socket: Socket): void {
    if ('alpnProtocol' in socket && socket.alpnProtocol !== 'h2') {
      socket.destroy();
      return;
    }
    const connection = new ServerConnection(this.#connectionOptions, peerAddress(socket), {
      write: (parts) => writeAll(socket, parts),
      close: () => socket.end(),
      defer: (flush) => process.nextTick(flush),
    });
    const nowMs = this.#options.time.monotonicMs();
    const keepalive = new Keepalive(this.#keepalive, connection, this.#options.random());
    connection.keepalive = keepalive;
    const peer: Peer = {
      ...{ socket, connection, keepalive, sinceMs: nowMs },
      ...{ stalledTicks: 0, frames: 0, frameTicks: 0 },
    };
    this.#peers.add(peer);
    const receive = (chunk: Buffer): void => {
      peer.stalledTicks = 0;
      keepalive.heard(this.#options.time.monotonicMs());
      connection.http2.receive(chunk);
      if (socket.writableLength > patience.unreadBytes) pauseUntilDrained(socket);
    };
    if (!this.#sharedRead.attach(socket, receive)) socket.on('data', receive);
    socket.on('error', () => undefined);
    socket.on('close', () => {
      connection.http2.lost();
      this.#peers.delete(peer);
    });
  }

  #sweepLater(): void {
    this.#timer = this.#options.time.after(sweepMs, () => {
      this.#sweep();
      if (!this.#closing) this.#sweepLater();
    });
  }

  #sweep(): void {
    const nowMs = this.#options.time.monotonicMs();
    for (const peer of this.#peers) {
      const { http2 } = peer.connection;
      if (isStalled(peer, nowMs)) {
        http2.fail(ErrorCode.ENHANCE_YOUR_CALM, 'the connection stalled');
        peer.socket.destroy();
      } else if (peer.keepalive.sweep(nowMs) === 'destroy') endSoon(peer.socket);
      failSilentCalls(peer.connection);
    }
  }
}

const listenAlone: Attach = async (server, address, { maxConnections }, failed) => {
  server.maxConnections = maxConnections;
  server.listen(address);
  await once(server, 'listening');
  server.on('error', failed);
  return {
    address: server.address() as AddressInfo | string,
    detach: () => void server.close(),
  };
};

function isStalled(peer: Peer, nowMs: number): boolean {
  const { http2 } = peer.connection;
  if (!http2.ready) return nowMs - peer.sinceMs > patience.handshakeMs;
  if (isSlow(peer)) return true;
  if (!http2.midFrame && !peer.socket.isPaused()) return false;
  peer.stalledTicks += 1;
  return peer.stalledTicks * sweepMs > Math.min(patience.silenceMs, patience.unreadMs);
}

/** Whether one frame or header block has been coming for too long, be it byte by byte. */
function isSlow(peer: Peer): boolean {
  const { midFrame, whole } = peer.connection.http2;
  if (!midFrame || whole !== peer.frames) peer.frameTicks = 0;
  peer.frames = whole;
  if (!midFrame) return false;
  peer.frameTicks += 1;
  return peer.frameTicks * sweepMs > patience.frameMs;
}

/** Requests whose bytes stopped coming give their memory back. */
function failSilentCalls(connection: ServerConnection): void {
  for (const stream of connection.http2.streams.values()) {
    const call = stream.owner;
    if (stream.localClosed || call.dispatched) continue;
    if (call.input !== undefined) {
      failSilentStream(call, call.input);
      continue;
    }
    call.silentTicks += 1;
    call.ticks += 1;
    if (call.silentTicks * sweepMs > patience.silenceMs) {
      call.fail(Code.DEADLINE_EXCEEDED, 'the request stopped coming');
    } else if (call.ticks * sweepMs > patience.requestMs) {
      call.fail(Code.DEADLINE_EXCEEDED, 'the request comes too slowly');
    }
  }
}

/** A stream may be idle between messages, not within one. */
function failSilentStream(call: ServerCall, input: StreamInput): void {
  if (!input.midMessage) {
    call.silentTicks = 0;
    return;
  }
  call.silentTicks += 1;
  if (call.silentTicks * sweepMs <= patience.silenceMs) return;
  input.fail(Code.DEADLINE_EXCEEDED, 'the request stopped coming');
}

function endSoon(socket: Socket): void {
  if (socket.writableEnded) socket.destroy();
  else socket.end();
}

function pauseUntilDrained(socket: Socket): void {
  if (socket.isPaused()) return;
  socket.pause();
  socket.once('drain', () => socket.resume());
}

/** Writes all parts with one system call where the socket allows. */
export function writeAll(socket: Socket, parts: readonly Uint8Array[]): void {
  if (!socket.writable) return;
  if (parts.length === 1) {
    socket.write(parts[0]!);
    return;
  }
  socket.cork();
  for (const part of parts) socket.write(part);
  socket.uncork();
}
