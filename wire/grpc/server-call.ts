import { Code } from '../status/code.ts';
import type { GrpcEncoding } from './encodings.ts';
import type { Stream } from './http2/stream.ts';
import { MessageReader } from './message-reader.ts';
import type { ServerConnection } from './server-connection.ts';
import type { StreamInput } from './stream-input.ts';

/** What a method is called with: one per request. */
export class ServerCall {
  readonly connection: ServerConnection;
  readonly handler: UnaryHandler;
  readonly encoding: GrpcEncoding | undefined;
  /** Monotonic milliseconds after which the client no longer waits; Infinity = none. */
  readonly deadlineMs: number;
  /** Request headers as name, value, when the server was told to keep them. */
  readonly headers: readonly string[] | undefined;
  readonly reader = new MessageReader();
  stream: Stream<ServerCall> | undefined;
  /** Of a call that streams: what cuts it into messages, instead of `reader`. */
  input: StreamInput | undefined;
  /** content-length of the request, -1 = none; and what came of it. */
  declaredBytes = -1;
  receivedBytes = 0;
  /** Turns of the server's sweep since bytes of the message last came. */
  silentTicks = 0;
  /** Turns of the server's sweep since it began. */
  ticks = 0;
  /** The message went to the handler. */
  dispatched = false;
  /** Called when it is answered. */
  onEnd: ((code: Code) => void) | undefined;
  #answered = false;

  constructor(
    connection: ServerConnection,
    handler: UnaryHandler,
    encoding: GrpcEncoding | undefined,
    deadlineMs: number,
    headers: readonly string[] | undefined,
  ) {
    this.connection = connection;
    this.handler = handler;
    this.encoding = encoding;
    this.deadlineMs = deadlineMs;
    this.headers = headers;
  }

  /** Answers with success; `body` is the encoded response message, '' being the common one. */
  ok(body?: Uint8Array): void {
    this.onEnd?.(Code.OK);
    if (this.#finish()) this.connection.answer(this, body);
  }

  /**
   * Answers with a status.
   * @param details google.rpc.Status in protobuf, for what a code and a text cannot say
   */
  fail(code: Code, message: string, details?: Uint8Array): void {
    this.onEnd?.(code);
    if (this.#finish()) this.connection.answerStatus(this, code, message, details);
  }

  /** The stream is gone: what the handler answers goes nowhere. */
  abandon(): void {
    this.stream = undefined;
    if (this.input !== undefined) this.input.abort();
    if (!this.dispatched) this.#finish();
  }

  #finish(): boolean {
    if (this.#answered) return false;
    this.#answered = true;
    this.reader.release(this.connection.options.budget);
    this.input?.stop();
    this.connection.finished();
    return this.stream !== undefined;
  }
}

/**
 * Handles one request. The message's bytes are its own; they stay reserved with the budget until
 * the call is answered, which has to happen exactly once, also when the client has gone.
 */
export type UnaryHandler = (call: ServerCall, message: Buffer) => void;
