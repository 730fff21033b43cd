import type { Socket } from 'node:net';
import net from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import { Code } from '../status/code.ts';
import { type ClientCall, ClientSession, fail } from './client-session.ts';
import { acceptEncoding, type GrpcEncoding } from './encodings.ts';
import { GrpcError } from './grpc-error.ts';
import { constantFields, type Fields } from './http2/hpack-encoder.ts';
import { type Time, writeAll } from './server.ts';
import { formatTimeout } from './timeout.ts';

interface ClientKeepalive {
  /** A server that is silent for so long is sent a PING, */
  readonly timeMs: number;
  /** and given up when it does not answer in so long. */
  readonly timeoutMs: number;
  /** Also while there are no calls. */
  readonly permitWithoutStream: boolean;
}

/** A client of one method at one address; times are milliseconds. */
export interface GrpcClientOptions {
  readonly target: { readonly host: string; readonly port: number } | { readonly path: string };
  /** What the certificate is checked for, where it is not the host of `target`. */
  readonly serverName?: string | undefined;
  /** `/package.Service/Method` that all calls go to. */
  readonly path: string;
  readonly authority: string;
  readonly userAgent: string;
  /** Extra request headers; names in lower case. */
  readonly headers: Fields;
  /** What messages of calls are compressed with, when they are. */
  readonly encoding?: GrpcEncoding | undefined;
  /** Read for each connection; undefined = plain text. */
  readonly tls?: (() => Promise<ConnectionOptions>) | undefined;
  readonly keepalive?: ClientKeepalive | undefined;
  /** Announced to the server with every call; 0 = none. */
  readonly timeoutMs: number;
  readonly time: Time;
  readonly random: () => number;
  /** Calls that may wait or be open; more are refused. */
  readonly maxCalls: number;
  /** Whether calls wait, as long as they may, while there is no connection. */
  readonly waitForReady?: boolean;
  /** Called after each change of `state`. */
  readonly onState?: () => void;
  /** Makes the connection below TLS, where that is not simply to `target`. */
  readonly connect?: (() => Promise<Socket>) | undefined;
}

const connectTimeoutMs = 20_000;
const backoff = { firstMs: 1000, factor: 1.6, maxMs: 120_000, jitter: 0.2 };
const sweepMs = 200;
const pingPayload = new Uint8Array(8);

/** One socket and its session. */
interface Line {
  readonly socket: Socket;
  readonly session: ClientSession;
  pingedMs: number;
}

function fieldsOf(options: GrpcClientOptions): Fields {
  const fields: [string, string][] = [
    [':method', 'POST'],
    [':scheme', options.tls === undefined ? 'http' : 'https'],
    [':path', options.path],
    [':authority', options.authority],
    ['content-type', 'application/grpc'],
    ['user-agent', options.userAgent],
    ['te', 'trailers'],
    ['grpc-accept-encoding', acceptEncoding],
  ];
  if (options.encoding !== undefined) fields.push(['grpc-encoding', options.encoding]);
  if (options.timeoutMs > 0) fields.push(['grpc-timeout', formatTimeout(options.timeoutMs)]);
  return [...fields, ...options.headers];
}

/**
 * Unary calls to one method of one server over one connection, which is made when a call needs it
 * and again, with back-off, when it is lost. While it is being made calls wait; in the pause after
 * a failure they fail at once with UNAVAILABLE. Calls that a server says it has not looked at go
 * out again by themselves. One timer gives up calls, connections and PINGs that take too long.
 */
export class GrpcClient {
  readonly #options: GrpcClientOptions;
  readonly #fields: ReturnType<typeof constantFields>;
  #line: Line | undefined;
  /** Connections that only finish what they have. */
  readonly #leaving = new Set<Line>();
  #connecting: { socket: Socket | undefined; sinceMs: number } | undefined;
  #waiting: ClientCall[] = [];
  #attempts = 0;
  /** Connections in a row that ended without an answer. */
  #barren = 0;
  #notBeforeMs = 0;
  #lastError = '';
  #timer: { cancel(): void } | undefined;
  #closed = false;

  constructor(options: GrpcClientOptions) {
    this.#options = options;
    this.#fields = constantFields(fieldsOf(options));
  }

  /**
   * One call.
   * @param parts the message in pieces, which must not change until the call has ended
   * @param deadlineMs monotonic milliseconds at which it is given up; Infinity = never
   * @param extra header fields of this call alone, encoded by encodeFields
   * @returns the answer's message
   * @throws GrpcError
   */
  call(
    parts: readonly Uint8Array[],
    compressed: boolean,
    deadlineMs: number,
    extra?: Buffer,
  ): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const bytes = parts.reduce((sum, part) => sum + part.length, 0);
      const call: ClientCall = {
        parts,
        bytes,
        compressed,
        extra,
        deadlineMs,
        resolve,
        reject,
        settled: false,
        refusals: 0,
      };
      if (this.#closed) fail(call, new GrpcError(Code.CANCELLED, 'the client is closed'));
      else this.#place(call);
    });
  }

  /** Calls that wait or are open. */
  get open(): number {
    let open = this.#waiting.length + (this.#line?.session.open ?? 0);
    for (const line of this.#leaving) open += line.session.open;
    return open;
  }

  /** Whether there is a connection, is going to be one, could be one, or has just been none. */
  get state(): 'ready' | 'connecting' | 'idle' | 'failing' {
    if (this.#line !== undefined) return 'ready';
    if (this.#connecting !== undefined) return 'connecting';
    return this.#options.time.monotonicMs() < this.#notBeforeMs ? 'failing' : 'idle';
  }

  /** Connects when there is no connection, without a call. */
  warm(): void {
    if (this.state !== 'idle' || this.#closed) return;
    this.#connect();
    this.#watch();
  }

  /** Gives up everything: open calls fail. */
  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#failWaiting('the client is closed');
    this.#connecting?.socket?.destroy();
    for (const line of [this.#line, ...this.#leaving]) {
      line?.session.http2.lost();
      line?.socket.destroy();
    }
    this.#line = undefined;
    this.#leaving.clear();
  }

  #place(call: ClientCall): void {
    const session = this.#line?.session;
    if (session?.hasRoom) {
      session.begin(call);
      this.#watch();
      return;
    }
    const now = this.#options.time.monotonicMs();
    const pausing = session === undefined && this.#connecting === undefined;
    if (pausing && now < this.#notBeforeMs && !this.#options.waitForReady) {
      fail(call, new GrpcError(Code.UNAVAILABLE, `connection error: ${this.#lastError}`));
      return;
    }
    if (this.#waiting.length >= this.#options.maxCalls) {
      fail(call, new GrpcError(Code.UNAVAILABLE, 'too many calls wait for the server'));
      return;
    }
    this.#waiting.push(call);
    this.#watch();
    if (pausing && now >= this.#notBeforeMs) this.#connect();
  }

  #drainWaiting(): void {
    while (this.#waiting.length > 0 && this.#line?.session.hasRoom) {
      const call = this.#waiting.shift()!;
      if (!call.settled) this.#line.session.begin(call);
    }
    if (this.#waiting.length === 0 || this.#line !== undefined) return;
    if (this.#options.time.monotonicMs() < this.#notBeforeMs) return;
    if (this.#connecting === undefined && !this.#closed) this.#connect();
  }

  #failWaiting(reason: string): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const call of waiting) {
      fail(call, new GrpcError(Code.UNAVAILABLE, `connection error: ${reason}`));
    }
  }

  #connect(): void {
    const attempt = {
      socket: undefined as Socket | undefined,
      sinceMs: this.#options.time.monotonicMs(),
    };
    this.#connecting = attempt;
    this.#open().then(
      (socket) => {
        if (this.#connecting !== attempt || this.#closed) socket.destroy();
        else {
          attempt.socket = socket;
          this.#attach(socket);
        }
      },
      (error: Error) => this.#connectFailed(error.message),
    );
  }

  async #open(): Promise<Socket> {
    const { target, tls, connect: below, serverName } = this.#options;
    const socket = await below?.();
    if (tls === undefined) return socket ?? net.connect({ ...target, noDelay: true });
    const [options, { connect }] = await Promise.all([tls(), import('node:tls')]);
    const name = serverName ?? ('host' in target ? target.host : '');
    const host = name !== '' && !net.isIP(name) ? { servername: name } : {};
    const over = socket === undefined ? target : { ...target, socket };
    return connect({ ...over, ...host, ...options, ALPNProtocols: ['h2'] });
  }

  /** Speaks HTTP/2 on a socket that is connecting. */
  #attach(socket: Socket): void {
    const session = new ClientSession(
      {
        fields: this.#fields,
        nowMs: () => this.#options.time.monotonicMs(),
        onReady: () => this.#ready(line),
        onRoom: () => {
          this.#drainWaiting();
          this.#finishLeaving(line);
        },
        onUnprocessed: (call) => {
          this.#waiting.push(call);
          process.nextTick(() => this.#drainWaiting());
        },
        onGoaway: (reason) => this.#leave(line, reason),
      },
      {
        write: (parts) => writeAll(socket, parts),
        close: () => socket.destroy(),
        defer: (flush) => process.nextTick(flush),
      },
    );
    const line: Line = { socket, session, pingedMs: 0 };
    let reason = 'connection closed before the server preface was received';
    socket.setNoDelay(true);
    socket.on('secureConnect', () => {
      if (!('alpnProtocol' in socket) || socket.alpnProtocol === 'h2') return;
      reason = 'the server does not speak HTTP/2 over TLS (ALPN)';
      socket.destroy();
    });
    socket.on('data', (chunk: Buffer) => session.receive(chunk));
    socket.on('error', (error) => {
      reason = error.message;
    });
    socket.on('close', () => this.#gone(line, reason));
  }

  #ready(line: Line): void {
    if (this.#connecting?.socket === line.socket) {
      this.#connecting = undefined;
      this.#notBeforeMs = 0;
      // Servers that let in and answer nothing are counted by #ended, over connections.
      if (this.#barren === 0) this.#attempts = 0;
      this.#line = line;
    }
    this.#drainWaiting();
    this.#options.onState?.();
  }

  /** The server wants no more calls on this connection. */
  #leave(line: Line, reason: string): void {
    this.#lastError = reason;
    if (this.#line === line) {
      this.#line = undefined;
      // Calls under way are answered yet: #gone counts those.
      if (line.session.open === 0) this.#ended(line, reason);
    }
    this.#leaving.add(line);
    this.#finishLeaving(line);
    process.nextTick(() => this.#drainWaiting());
  }

  #finishLeaving(line: Line): void {
    if (this.#leaving.has(line) && line.session.open === 0) line.socket.end();
    else if (line.session.draining && this.#line === line) this.#leave(line, 'stream ids ran out');
  }

  #gone(line: Line, reason: string): void {
    if (this.#leaving.delete(line) && line.session.answered > 0) {
      this.#attempts = 0;
      this.#barren = 0;
    }
    if (this.#connecting?.socket === line.socket) this.#connectFailed(reason);
    if (this.#line === line) {
      this.#line = undefined;
      this.#lastError = reason;
      this.#ended(line, reason);
    }
    line.session.http2.lost();
    if (!this.#closed) this.#drainWaiting();
  }

  /**
   * A connection takes no more calls. The next is made at once, but not again and again to a
   * server that lets connections in and answers nothing.
   */
  #ended(line: Line, reason: string): void {
    if (line.session.answered > 0) {
      this.#attempts = 0;
      this.#barren = 0;
    } else if (line.session.begun > 0 || this.#waiting.length > 0) {
      this.#barren += 1;
      if (this.#barren > 1) this.#pause(reason);
    }
  }

  #connectFailed(reason: string): void {
    this.#connecting = undefined;
    this.#pause(reason);
  }

  /** No new connection for a while, longer from one time to the next. */
  #pause(reason: string): void {
    this.#lastError = reason;
    const { firstMs, factor, maxMs, jitter } = backoff;
    const pause = Math.min(maxMs, firstMs * factor ** this.#attempts);
    const spread = 1 + jitter * (2 * this.#options.random() - 1);
    this.#attempts += 1;
    this.#notBeforeMs = this.#options.time.monotonicMs() + pause * spread;
    if (!this.#options.waitForReady) this.#failWaiting(reason);
    this.#options.onState?.();
  }

  /** Keeps the timer running while there is something to watch. */
  #watch(): void {
    if (this.#timer !== undefined || this.#closed) return;
    this.#timer = this.#options.time.after(sweepMs, () => {
      this.#timer = undefined;
      if (this.#sweep()) this.#watch();
    });
  }

  /** @returns whether to go on */
  #sweep(): boolean {
    const now = this.#options.time.monotonicMs();
    const connecting = this.#connecting;
    if (connecting !== undefined && now - connecting.sinceMs > connectTimeoutMs) {
      if (connecting.socket !== undefined) connecting.socket.destroy();
      else this.#connectFailed('timed out');
    }
    for (const call of this.#waiting) {
      if (call.deadlineMs > now) continue;
      const text = `deadline exceeded while waiting for a connection: ${this.#lastError}`;
      fail(call, new GrpcError(Code.DEADLINE_EXCEEDED, text));
    }
    this.#waiting = this.#waiting.filter((call) => !call.settled);
    if (now >= this.#notBeforeMs) this.#drainWaiting();
    let busy = this.#waiting.length > 0 || connecting !== undefined;
    for (const line of [this.#line, ...this.#leaving]) {
      if (line === undefined) continue;
      line.session.expire(now);
      if (this.#ping(line, now)) busy = true;
      if (line.session.open > 0) busy = true;
    }
    return busy;
  }

  /** @returns whether the line has to be watched for PINGs */
  #ping(line: Line, now: number): boolean {
    const { keepalive } = this.#options;
    if (keepalive === undefined) return false;
    if (line.session.open === 0 && !keepalive.permitWithoutStream) return false;
    const { heardMs } = line.session;
    if (line.pingedMs > heardMs) {
      if (now - line.pingedMs >= keepalive.timeoutMs) line.socket.destroy();
    } else if (now - heardMs >= keepalive.timeMs) {
      line.pingedMs = now;
      line.session.http2.ping(pingPayload);
    }
    return true;
  }
}
