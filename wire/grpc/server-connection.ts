import type { Decompressed, Decompressor } from '../compression/decompressor.ts';
import type { ByteBudget } from '../compression/types.ts';
import { Code } from '../status/code.ts';
import {
  answerHeaders,
  answerTrailers,
  emptyAnswer,
  messagePrefix,
  statusBlock,
} from './answers.ts';
import { formatOf, type GrpcEncoding, isGrpcEncoding } from './encodings.ts';
import { failDecompress, failMessage } from './failures.ts';
import { Connection, type StreamHandler } from './http2/connection.ts';
import { ErrorCode } from './http2/constants.ts';
import type { HeaderList } from './http2/hpack-decoder.ts';
import type { Stream } from './http2/stream.ts';
import type { Wire } from './http2/wire.ts';
import type { Keepalive } from './keepalive.ts';
import { prefixBytes } from './message-reader.ts';
import { ServerCall, type UnaryHandler } from './server-call.ts';
import { StreamInput, type StreamMethod } from './stream-input.ts';
import { parseTimeout, timeoutFault } from './timeout.ts';

/** Handles the calls of a path: one request each, or a stream of them; one answer in both cases. */
export type Method = UnaryHandler | StreamMethod;

/** What all connections of a server share. */
export interface ServerConnectionOptions {
  /** By path, `/package.Service/Method`. */
  readonly methods: ReadonlyMap<string, Method>;
  /** Bytes of a message, as sent and decompressed. */
  readonly maxMessageBytes: number;
  readonly maxConcurrentStreams: number;
  /** Whether calls keep their request headers. */
  readonly keepHeaders: boolean;
  readonly budget: ByteBudget;
  readonly decompressor: Decompressor;
  readonly nowMs: () => number;
}

const streamWindow = 1 << 20;
const connectionWindow = 8 << 20;
const maxHeaderListSize = 64 * 1024;
const maxHeaderPairs = 256;

/** Fields of a request that decide what becomes of it. */
interface Request {
  method: string;
  scheme: string;
  path: string;
  contentType: string;
  encoding: string;
  timeout: string | undefined;
  /** content-length: digits, or '' for none. */
  length: string;
}

/**
 * The gRPC side of one server connection, without its socket: unary calls from HTTP/2 streams to
 * handlers, and their answers back.
 */
export class ServerConnection implements StreamHandler<ServerCall> {
  readonly http2: Connection<ServerCall>;
  readonly options: ServerConnectionOptions;
  /** Remote `host:port`, IPv6 in brackets; '' for a Unix socket. */
  readonly peer: string;
  /** Kept by handlers between calls of a connection. */
  context: unknown;
  /** Calls that are not answered. */
  open = 0;
  /** When the last call began or ended, monotonic milliseconds. */
  activeMs: number;
  keepalive: Keepalive | undefined;

  constructor(options: ServerConnectionOptions, peer: string, wire: Wire) {
    this.options = options;
    this.peer = peer;
    this.activeMs = options.nowMs();
    this.http2 = new Connection(
      {
        server: true,
        streamWindow,
        connectionWindow,
        maxConcurrentStreams: options.maxConcurrentStreams,
        maxHeaderListSize,
        maxHeaderPairs,
        nowMs: options.nowMs,
      },
      this,
      wire,
    );
  }

  headers(stream: Stream<ServerCall> | undefined, id: number, list: HeaderList, end: boolean) {
    if (stream !== undefined) {
      // RFC 9113 8.1: trailers end the stream and have no pseudo-header fields
      if (!end || list.malformed || hasPseudo(list)) {
        this.http2.guard.reset(this.options.nowMs());
        this.http2.reset(stream, ErrorCode.PROTOCOL_ERROR);
      }
      return;
    }
    const request = readRequest(list);
    if (request === undefined || this.open >= this.options.maxConcurrentStreams) {
      this.http2.guard.reset(this.options.nowMs());
      const code = request === undefined ? ErrorCode.PROTOCOL_ERROR : ErrorCode.REFUSED_STREAM;
      this.http2.resetId(id, code);
      return;
    }
    const refusal = this.#refusal(list, request);
    const method = this.options.methods.get(request.path);
    const now = this.options.nowMs();
    const timeout =
      request.timeout === undefined ? Number.POSITIVE_INFINITY : parseTimeout(request.timeout);
    if (refusal !== undefined || method === undefined || timeout === undefined) {
      this.#refuse(id, end, refusal ?? badTimeout(request.timeout ?? ''));
      return;
    }
    const encoding = isGrpcEncoding(request.encoding) ? request.encoding : undefined;
    const kept = this.options.keepHeaders ? keep(list) : undefined;
    const handler = typeof method === 'function' ? method : noHandler;
    const call = new ServerCall(this, handler, encoding, now + timeout, kept);
    if (request.length !== '') call.declaredBytes = Number(request.length);
    call.stream = this.http2.open(id, call);
    this.open += 1;
    this.activeMs = now;
    if (typeof method === 'function') return;
    const input = new StreamInput(call);
    call.input = input;
    call.stream.paused = true;
    method.open(call, (sink) => input.start(sink));
  }

  data(stream: Stream<ServerCall>, chunk: Buffer, start: number, end: number): void {
    const call = stream.owner;
    if (stream.localClosed) return;
    call.silentTicks = 0;
    call.receivedBytes += end - start;
    if (call.input !== undefined) {
      call.input.push(chunk, start, end);
      return;
    }
    const { maxMessageBytes, budget } = this.options;
    const { reader } = call;
    const fault = reader.push(chunk, start, end, maxMessageBytes, budget);
    if (fault !== undefined) failMessage(call, fault, reader.length);
  }

  end(stream: Stream<ServerCall>): void {
    const call = stream.owner;
    if (stream.localClosed) return;
    const { reader, declaredBytes } = call;
    if (declaredBytes >= 0 && declaredBytes !== call.receivedBytes) {
      // RFC 9113 8.1.1: malformed
      this.http2.guard.reset(this.options.nowMs());
      this.http2.reset(stream, ErrorCode.PROTOCOL_ERROR);
      return;
    }
    if (call.input !== undefined) {
      call.input.end();
      return;
    }
    if (!reader.complete) {
      call.fail(Code.INTERNAL, 'unexpected EOF: the request ends before its message does');
      return;
    }
    this.http2.guard.work();
    if (!reader.compressed) {
      call.dispatched = true;
      call.handler(call, reader.message());
    } else if (call.encoding === undefined) {
      call.fail(Code.INTERNAL, 'compressed flag set with identity or empty encoding');
    } else this.#decompress(call, call.encoding);
  }

  aborted(stream: Stream<ServerCall>): void {
    stream.owner.abandon();
  }

  ping(): void {
    this.keepalive?.pinged(this.options.nowMs());
  }

  pingAck(): void {
    this.keepalive?.acknowledged();
  }

  /** A call was answered, or its stream is gone. */
  finished(): void {
    this.open -= 1;
    this.activeMs = this.options.nowMs();
    this.keepalive?.answered();
  }

  /** @param body encoded response message; undefined or empty for the common one */
  answer(call: ServerCall, body: Uint8Array | undefined): void {
    const stream = call.stream!;
    const { out } = this.http2;
    if (body === undefined || body.length === 0) {
      if (out.fits(stream, prefixBytes)) {
        out.whole(stream, emptyAnswer(stream.id), prefixBytes);
        this.http2.stopReceiving(stream);
        return;
      }
    }
    const bytes = body ?? new Uint8Array();
    out.headers(stream, answerHeaders, false);
    out.data(stream, [messagePrefix(bytes.length), bytes], answerTrailers);
    if (stream.localClosed) this.http2.stopReceiving(stream);
  }

  answerStatus(call: ServerCall, code: Code, message: string, details?: Uint8Array): void {
    const stream = call.stream!;
    this.http2.out.headers(stream, statusBlock(code, message, details), true);
    this.http2.stopReceiving(stream);
  }

  /** @returns the header block of the answer when the headers alone decide, else undefined */
  #refusal(list: HeaderList, request: Request): Buffer | undefined {
    if (list.overLimit) {
      const text = `request headers over ${maxHeaderListSize} bytes or ${maxHeaderPairs} fields`;
      return statusBlock(Code.RESOURCE_EXHAUSTED, text, undefined, 431);
    }
    if (request.method !== 'POST') {
      const text = `method ${quote(request.method)} is not POST`;
      return statusBlock(Code.INTERNAL, text, undefined, 405);
    }
    if (!isGrpc(request.contentType)) {
      const text = `invalid gRPC request content-type ${quote(request.contentType)}`;
      return statusBlock(Code.INVALID_ARGUMENT, text, undefined, 415);
    }
    if (!this.options.methods.has(request.path)) {
      return statusBlock(Code.UNIMPLEMENTED, unknownPath(request.path, this.options.methods));
    }
    const { encoding } = request;
    if (encoding !== '' && encoding !== 'identity' && !isGrpcEncoding(encoding)) {
      const text = `grpc: Decompressor is not installed for grpc-encoding ${quote(encoding)}`;
      return statusBlock(Code.UNIMPLEMENTED, text);
    }
    return undefined;
  }

  #refuse(id: number, end: boolean, block: Buffer): void {
    const stream = this.http2.open(id, noCall as ServerCall);
    this.http2.out.headers(stream, block, true);
    if (!end) this.http2.stopReceiving(stream);
  }

  #decompress(call: ServerCall, encoding: GrpcEncoding): void {
    const { decompressor, maxMessageBytes } = this.options;
    call.dispatched = true;
    const done = ({ bytes, reserved }: Decompressed): void => {
      call.reader.release(this.options.budget);
      call.reader.reserved = reserved;
      call.handler(call, bytes);
    };
    const failed = (error: unknown): void => failDecompress(call, error, maxMessageBytes);
    try {
      const format = formatOf(encoding);
      const result = decompressor.decompress(format, call.reader.message(), maxMessageBytes);
      if (result instanceof Promise) result.then(done, failed);
      else done(result);
    } catch (error) {
      failed(error);
    }
  }
}

/** Stands for the call on streams that are answered from their headers. */
const noCall: { abandon(): void } = { abandon: () => undefined };

/** Stands for the handler of calls that stream. */
const noHandler: UnaryHandler = () => undefined;

/** @returns undefined for a malformed request (RFC 9113 sections 8.2 and 8.3) */
function readRequest(list: HeaderList): Request | undefined {
  if (list.malformed) return undefined;
  const pseudo = { method: '', path: '', scheme: '' };
  const request: Request = {
    ...pseudo,
    contentType: '',
    encoding: '',
    timeout: undefined,
    length: '',
  };
  let regular = false;
  for (let i = 0; i < list.count; i += 1) {
    const name = list.names[i]!;
    const value = list.values[i]!;
    if (name.charCodeAt(0) === colon) {
      if (regular || !takePseudo(request, name, value)) return undefined;
      continue;
    }
    regular = true;
    switch (name) {
      case 'content-type':
        request.contentType = value;
        break;
      case 'grpc-encoding':
        request.encoding = value;
        break;
      case 'grpc-timeout':
        request.timeout = value;
        break;
      case 'content-length':
        if (!/^\d{1,15}$/.test(value) || !['', value].includes(request.length)) return undefined;
        request.length = value;
        break;
      case 'te':
        if (value !== 'trailers') return undefined;
        break;
      case 'connection':
      case 'keep-alive':
      case 'proxy-connection':
      case 'transfer-encoding':
      case 'upgrade':
        return undefined;
    }
  }
  const whole = request.method !== '' && request.path !== '' && request.scheme !== '';
  return whole || list.overLimit ? request : undefined;
}

const colon = 0x3a;

/** @returns false for a pseudo-header field that is unknown or comes twice */
function takePseudo(request: Request, name: string, value: string): boolean {
  if (name === ':authority') return true;
  const key = name.slice(1);
  if (key !== 'method' && key !== 'path' && key !== 'scheme') return false;
  if (request[key] !== '') return false;
  request[key] = value;
  return true;
}

function hasPseudo(list: HeaderList): boolean {
  for (let i = 0; i < list.count; i += 1) if (list.names[i]!.charCodeAt(0) === colon) return true;
  return false;
}

function keep(list: HeaderList): string[] {
  const kept: string[] = [];
  for (let i = 0; i < list.count; i += 1) kept.push(list.names[i]!, list.values[i]!);
  return kept;
}

/** application/grpc, with a codec (+proto) or parameters behind it. */
function isGrpc(contentType: string): boolean {
  return contentType === 'application/grpc' || /^application\/grpc($|[+;])/i.test(contentType);
}

function quote(text: string): string {
  return JSON.stringify(text.slice(0, 200));
}

/** As grpc-go answers it, with its HTTP status. */
function badTimeout(text: string): Buffer {
  const message = `malformed grpc-timeout: ${timeoutFault(text)}`;
  return statusBlock(Code.INTERNAL, message, undefined, 400);
}

function unknownPath(path: string, methods: ReadonlyMap<string, Method>): string {
  const match = /^\/([^/]+)\/([^/]+)$/.exec(path);
  if (match === null) return `malformed method name: ${quote(path)}`;
  const [, service = '', method = ''] = match;
  const known = [...methods.keys()].some((key) => key.startsWith(`/${service}/`));
  if (!known) return `unknown service ${service.slice(0, 200)}`;
  return `unknown method ${method.slice(0, 200)} for service ${service.slice(0, 200)}`;
}
