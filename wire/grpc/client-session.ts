import { Decompressor } from '../compression/decompressor.ts';
import { Code, toCode } from '../status/code.ts';
import { codeOfBareHttp } from '../status/http.ts';
import { messagePrefix } from './answers.ts';
import { formatOf, isGrpcEncoding } from './encodings.ts';
import { GrpcError } from './grpc-error.ts';
import { Connection, type StreamHandler } from './http2/connection.ts';
import { ErrorCode, errorName, max31 } from './http2/constants.ts';
import type { HeaderList } from './http2/hpack-decoder.ts';
import type { ConstantFields } from './http2/hpack-encoder.ts';
import type { Stream } from './http2/stream.ts';
import type { Wire } from './http2/wire.ts';
import { MessageReader } from './message-reader.ts';
import { decodeMessageText } from './message-text.ts';

/** Longest answer that is read, as OTLP recommends. */
const maxAnswerBytes = 4 << 20;
const streamWindow = 64 * 1024;
const connectionWindow = 1 << 20;
const unlimited = { tryReserve: () => true, release: () => undefined };

/** One call, over all connections that it may need. */
export interface ClientCall {
  /** The message, in pieces; compressed when `compressed`. */
  readonly parts: readonly Uint8Array[];
  readonly bytes: number;
  readonly compressed: boolean;
  /** Header fields of this call alone, encoded by encodeFields. */
  readonly extra?: Buffer | undefined;
  /** Monotonic milliseconds. */
  readonly deadlineMs: number;
  readonly resolve: (answer: Buffer) => void;
  readonly reject: (error: GrpcError) => void;
  settled: boolean;
  /** Times that a server said it had not looked at the call. */
  refusals: number;
}

/** A call while it is on a connection. */
interface Exchange {
  readonly call: ClientCall;
  readonly reader: MessageReader;
  httpStatus: number;
  grpcStatus: string;
  message: string;
  details: string;
  encoding: string;
}

interface SessionOptions {
  readonly fields: ConstantFields;
  readonly nowMs: () => number;
  /** The server sent its SETTINGS: calls may begin. */
  readonly onReady: () => void;
  /** A stream ended: there may be room for another. */
  readonly onRoom: () => void;
  /** The call was not looked at: it may go out again. */
  readonly onUnprocessed: (call: ClientCall) => void;
  /** The server wants no more calls on this connection. */
  readonly onGoaway: (reason: string) => void;
}

/** The gRPC side of one client connection, without its socket. */
export class ClientSession implements StreamHandler<Exchange> {
  readonly http2: Connection<Exchange>;
  readonly #options: SessionOptions;
  readonly #decompressor = new Decompressor(unlimited);
  #nextId = 1;
  #sentFields = false;
  /** Monotonic milliseconds when bytes last came. */
  heardMs: number;
  /** No new calls: the server said so, or the stream ids ran out. */
  draining = false;
  /** Calls that ended with what the server said. */
  answered = 0;

  constructor(options: SessionOptions, wire: Wire) {
    this.#options = options;
    this.heardMs = options.nowMs();
    this.http2 = new Connection<Exchange>(
      {
        server: false,
        streamWindow,
        connectionWindow,
        maxConcurrentStreams: 0,
        maxHeaderListSize: 64 * 1024,
        maxHeaderPairs: 256,
        nowMs: options.nowMs,
      },
      this,
      wire,
    );
  }

  get open(): number {
    return this.http2.streams.size;
  }

  /** Whether a call may begin now. */
  get hasRoom(): boolean {
    const { ready, closed, peerMaxStreams, streams } = this.http2;
    return ready && !closed && !this.draining && streams.size < peerMaxStreams;
  }

  /** Calls that went out on this connection. */
  get begun(): number {
    return (this.#nextId - 1) / 2;
  }

  receive(chunk: Buffer): void {
    this.heardMs = this.#options.nowMs();
    this.http2.receive(chunk);
  }

  begin(call: ClientCall): void {
    const exchange: Exchange = {
      call,
      reader: new MessageReader(),
      httpStatus: 0,
      grpcStatus: '',
      message: '',
      details: '',
      encoding: '',
    };
    const stream = this.http2.open(this.#nextId, exchange);
    this.#nextId += 2;
    if (this.#nextId > max31) this.draining = true;
    const { out } = this.http2;
    const block = this.#block();
    const { extra } = call;
    out.headers(stream, extra === undefined ? block : Buffer.concat([block, extra]), false);
    out.data(stream, [messagePrefix(call.bytes, call.compressed), ...call.parts], undefined);
  }

  #block(): Buffer {
    const { fields } = this.#options;
    if (this.http2.peerTableSize < 4096 || fields.tableBytes > 4096) return fields.plain;
    if (this.#sentFields) return fields.again;
    this.#sentFields = true;
    return fields.first;
  }

  /** Gives up calls whose time is over. */
  expire(nowMs: number): void {
    for (const stream of [...this.http2.streams.values()]) {
      if (stream.owner.call.deadlineMs > nowMs) continue;
      const unknownOutcome = stream.localClosed;
      const error = new GrpcError(Code.DEADLINE_EXCEEDED, 'deadline exceeded', { unknownOutcome });
      fail(stream.owner.call, error);
      this.http2.reset(stream, ErrorCode.CANCEL);
    }
  }

  // --- events of the connection ---

  settings(): void {
    this.#options.onReady();
  }

  headers(stream: Stream<Exchange> | undefined, _: number, list: HeaderList): void {
    if (stream === undefined) return;
    const exchange = stream.owner;
    for (let i = 0; i < list.count; i += 1) {
      const value = list.values[i]!;
      const name = list.names[i];
      if (name === ':status') exchange.httpStatus = Number(value);
      else if (name === 'grpc-status') exchange.grpcStatus = value;
      else if (name === 'grpc-message') exchange.message = value;
      else if (name === 'grpc-status-details-bin') exchange.details = value;
      else if (name === 'grpc-encoding') exchange.encoding = value;
    }
  }

  data(stream: Stream<Exchange>, chunk: Buffer, start: number, end: number): void {
    const { reader, call, httpStatus } = stream.owner;
    if (httpStatus !== 200) return;
    const fault = reader.push(chunk, start, end, maxAnswerBytes, unlimited);
    if (fault === undefined) return;
    const code = fault === 'too_large' ? Code.RESOURCE_EXHAUSTED : Code.INTERNAL;
    const text = `cannot read the answer: ${fault.replace('_', ' ')}`;
    fail(call, new GrpcError(code, text, { unknownOutcome: true }));
    this.http2.reset(stream, ErrorCode.CANCEL);
  }

  end(stream: Stream<Exchange>): void {
    const exchange = stream.owner;
    this.answered += 1;
    this.http2.guard.work();
    if (exchange.grpcStatus === '0') this.#succeed(exchange);
    else fail(exchange.call, refusalOf(exchange));
    if (!stream.localClosed) this.http2.reset(stream, ErrorCode.NO_ERROR);
    else this.#options.onRoom();
  }

  aborted(stream: Stream<Exchange>, code: number, by: 'peer' | 'self' | 'connection'): void {
    const { call } = stream.owner;
    if (!call.settled) {
      if (by === 'peer' && code === ErrorCode.REFUSED_STREAM && call.refusals < 3) {
        call.refusals += 1;
        this.#options.onUnprocessed(call);
      } else if (by === 'connection') {
        const unknownOutcome = stream.localClosed;
        fail(call, new GrpcError(Code.UNAVAILABLE, 'connection lost', { unknownOutcome }));
      } else {
        const text = `stream terminated by RST_STREAM with error code: ${errorName(code)}`;
        const unknownOutcome = stream.localClosed && code !== ErrorCode.REFUSED_STREAM;
        fail(call, new GrpcError(codeOfReset(code), text, { unknownOutcome }));
      }
    }
    this.#options.onRoom();
  }

  goaway(lastStreamId: number, code: number, debug: string): void {
    this.draining = true;
    for (const stream of [...this.http2.streams.values()]) {
      if (stream.id <= lastStreamId) continue;
      const { call } = stream.owner;
      this.http2.streams.delete(stream.id);
      stream.closed = true;
      this.http2.out.forget(stream);
      if (!call.settled) this.#options.onUnprocessed(call);
    }
    this.#options.onGoaway(`GOAWAY ${errorName(code)}${debug === '' ? '' : ` ${debug}`}`);
  }

  #succeed(exchange: Exchange): void {
    const { call, reader, encoding } = exchange;
    if (!reader.complete && reader.length >= 0) {
      const error = new GrpcError(Code.INTERNAL, 'the answer ends within its message');
      fail(call, error);
    } else if (!reader.compressed) settle(call, reader.message());
    else if (!isGrpcEncoding(encoding)) {
      fail(call, new GrpcError(Code.INTERNAL, `answer with unknown grpc-encoding ${encoding}`));
    } else this.#decompress(call, reader.message(), formatOf(encoding));
  }

  #decompress(call: ClientCall, message: Buffer, format: ReturnType<typeof formatOf>): void {
    const result = Promise.resolve().then(() =>
      this.#decompressor.decompress(format, message, maxAnswerBytes),
    );
    result.then(
      ({ bytes }) => settle(call, bytes),
      (cause) => fail(call, new GrpcError(Code.INTERNAL, 'cannot read the answer', { cause })),
    );
  }
}

function settle(call: ClientCall, answer: Buffer): void {
  if (call.settled) return;
  call.settled = true;
  call.resolve(answer);
}

/** Ends a call without success, once. */
export function fail(call: ClientCall, error: GrpcError): void {
  if (call.settled) return;
  call.settled = true;
  call.reject(error);
}

function refusalOf(exchange: Exchange): GrpcError {
  const { httpStatus, grpcStatus, message, details } = exchange;
  if (grpcStatus === '') {
    const known = httpStatus !== 0 && httpStatus !== 200;
    const code = known ? codeOfBareHttp(httpStatus) : Code.INTERNAL;
    const text = known
      ? `unexpected HTTP status code ${httpStatus}`
      : 'server closed the stream without sending trailers';
    return new GrpcError(code, text, { unknownOutcome: !known });
  }
  const code = toCode(Number(grpcStatus));
  const bytes = details === '' ? undefined : Buffer.from(details, 'base64');
  return new GrpcError(code, decodeMessageText(message), { details: bytes });
}

function codeOfReset(code: number): Code {
  if (code === ErrorCode.REFUSED_STREAM) return Code.UNAVAILABLE;
  if (code === ErrorCode.CANCEL) return Code.CANCELLED;
  if (code === ErrorCode.ENHANCE_YOUR_CALM) return Code.RESOURCE_EXHAUSTED;
  if (code === ErrorCode.INADEQUATE_SECURITY) return Code.PERMISSION_DENIED;
  return Code.INTERNAL;
}
