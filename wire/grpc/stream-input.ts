import type { Decompressed } from '../compression/decompressor.ts';
import { Code } from '../status/code.ts';
import { formatOf } from './encodings.ts';
import { failDecompress, failMessage } from './failures.ts';
import { MessageReader, prefixBytes } from './message-reader.ts';
import type { ServerCall } from './server-call.ts';

/** What takes the messages of a call whose client streams. */
export interface MessageSink {
  /** One message: bytes [start, end) of `chunk`, which are valid during the call only. */
  message(chunk: Buffer, start: number, end: number): void;
  /** All messages have come: the call has to be answered, once, now or later. */
  end(): void;
  /** The client went away or broke the protocol: there is nobody to answer. */
  aborted(): void;
}

/** A method whose client streams and which answers once. */
export interface StreamMethod {
  /**
   * Called when the headers have come. Nothing is read beyond one stream window before `ready` is
   * called; a call that is to be refused is answered instead.
   */
  open(call: ServerCall, ready: (sink: MessageSink) => void): void;
}

/** What waits is kept in buffers of at least so many bytes, however small its pieces are. */
const leastKept = 4096;

/** Payload that waits: the first `length` bytes of `bytes`, all of which are reserved. */
interface Kept {
  readonly bytes: Buffer;
  length: number;
}

/**
 * Cuts the payload of a streaming call into messages. A whole message is handed on where it lies;
 * one in pieces is put together first, its bytes reserved with the budget. While it is held
 * ({@link hold}) nothing is handed on, and the client may send one stream window at most.
 */
export class StreamInput {
  readonly #call: ServerCall;
  #sink: MessageSink | undefined;
  /** What keeps messages back: the sink that is not there yet, a decompression, hold(). */
  #holds = 1;
  #reader: MessageReader | undefined;
  #got = 0;
  #waiting: Kept[] = [];
  #waitingBytes = 0;
  #ended = false;
  #done = false;

  constructor(call: ServerCall) {
    this.#call = call;
  }

  /** Part of a message has come and its rest has not, though it may. */
  get midMessage(): boolean {
    return this.#holds === 0 && this.#reader !== undefined;
  }

  start(sink: MessageSink): void {
    if (this.#done) {
      sink.aborted();
      return;
    }
    this.#sink = sink;
    this.release();
  }

  /** Keeps messages back until {@link release}; counted. */
  hold(): void {
    this.#holds += 1;
    const { stream } = this.#call;
    if (stream !== undefined) stream.paused = true;
  }

  release(): void {
    this.#holds -= 1;
    if (this.#holds > 0 || this.#done) return;
    const { connection, stream } = this.#call;
    this.#replay();
    if (this.#holds > 0 || this.#done) return;
    if (stream !== undefined) connection.http2.resume(stream);
    if (this.#ended) this.#finish();
  }

  push(chunk: Buffer, start: number, end: number): void {
    if (this.#done) return;
    if (this.#holds > 0) this.#keep(chunk, start, end);
    else this.#cut(chunk, start, end);
  }

  /** The client has ended its side. */
  end(): void {
    this.#ended = true;
    if (this.#holds === 0 && !this.#done) this.#finish();
  }

  /** The call was answered, or its stream is gone: nothing more is handed on. */
  stop(): void {
    if (this.#done) return;
    this.#done = true;
    const { budget } = this.#call.connection.options;
    this.#reader?.release(budget);
    this.#reader = undefined;
    if (this.#waitingBytes > 0) budget.release(this.#waitingBytes);
    this.#waiting = [];
    this.#waitingBytes = 0;
  }

  /** The same for a client that has no answer coming. */
  abort(): void {
    if (this.#done) return;
    this.stop();
    this.#sink?.aborted();
  }

  /** Refuses a call whose client has done wrong. */
  fail(code: Code, message: string): void {
    this.#refuse(() => this.#call.fail(code, message));
  }

  #finish(): void {
    if (this.#reader === undefined) {
      this.#sink?.end();
      return;
    }
    this.fail(Code.INTERNAL, 'unexpected EOF: the request ends before its message does');
  }

  #refuse(answer: () => void): void {
    const sink = this.#sink;
    answer();
    this.stop();
    sink?.aborted();
  }

  #keep(chunk: Buffer, start: number, end: number): void {
    const last = this.#waiting.at(-1);
    let at = start;
    if (last !== undefined && last.length < last.bytes.length) {
      at = Math.min(end, start + last.bytes.length - last.length);
      chunk.copy(last.bytes, last.length, start, at);
      last.length += at - start;
    }
    if (at === end) return;
    const size = Math.max(leastKept, end - at);
    const { budget } = this.#call.connection.options;
    if (!budget.tryReserve(size)) {
      this.#refuse(() => failMessage(this.#call, 'no_memory', 0));
      return;
    }
    const kept = { bytes: Buffer.allocUnsafeSlow(size), length: end - at };
    chunk.copy(kept.bytes, 0, at, end);
    this.#waiting.push(kept);
    this.#waitingBytes += size;
  }

  #replay(): void {
    const { budget } = this.#call.connection.options;
    while (this.#waiting.length > 0 && this.#holds === 0 && !this.#done) {
      const { bytes, length } = this.#waiting.shift()!;
      this.#waitingBytes -= bytes.length;
      this.#cut(bytes, 0, length);
      budget.release(bytes.length);
    }
  }

  #cut(chunk: Buffer, start: number, end: number): void {
    let at = start;
    while (at < end && !this.#done) {
      if (this.#holds > 0) {
        this.#keepFirst(chunk, at, end);
        return;
      }
      const whole = this.#reader === undefined ? this.#wholeAt(chunk, at, end) : -1;
      if (whole >= 0) {
        this.#hand(chunk, at + prefixBytes, whole);
        at = whole;
      } else at = this.#piece(chunk, at, end);
    }
  }

  /** What was cut off by a hold goes before what is waiting already. */
  #keepFirst(chunk: Buffer, start: number, end: number): void {
    const later = this.#waiting;
    this.#waiting = [];
    this.#keep(chunk, start, end);
    this.#waiting.push(...later);
  }

  /** @returns the end of the uncompressed message that lies whole at `at`, else -1 */
  #wholeAt(chunk: Buffer, at: number, end: number): number {
    if (end - at < prefixBytes || chunk[at] !== 0) return -1;
    const length = chunk.readUInt32BE(at + 1);
    const { maxMessageBytes } = this.#call.connection.options;
    if (length > maxMessageBytes || length > end - at - prefixBytes) return -1;
    return at + prefixBytes + length;
  }

  /** Takes up to the rest of one message. @returns the byte after what was taken */
  #piece(chunk: Buffer, start: number, end: number): number {
    const { maxMessageBytes, budget } = this.#call.connection.options;
    if (this.#reader === undefined) {
      this.#reader = new MessageReader();
      this.#got = 0;
    }
    const reader = this.#reader;
    const missing =
      this.#got < prefixBytes ? prefixBytes - this.#got : prefixBytes + reader.length - this.#got;
    const to = Math.min(end, start + missing);
    const fault = reader.push(chunk, start, to, maxMessageBytes, budget);
    if (fault !== undefined) {
      this.#refuse(() => failMessage(this.#call, fault, reader.length));
      return end;
    }
    this.#got += to - start;
    if (reader.complete) this.#assembled(reader);
    return to;
  }

  #assembled(reader: MessageReader): void {
    const { budget } = this.#call.connection.options;
    this.#reader = undefined;
    const message = reader.message();
    if (!reader.compressed) {
      this.#hand(message, 0, message.length);
      reader.release(budget);
    } else this.#decompress(message, () => reader.release(budget));
  }

  #decompress(message: Buffer, release: () => void): void {
    const { encoding, connection } = this.#call;
    const { decompressor, maxMessageBytes, budget } = connection.options;
    const failed = (error: unknown): void => {
      release();
      this.#refuse(() => failDecompress(this.#call, error, maxMessageBytes));
    };
    const done = ({ bytes, reserved }: Decompressed): void => {
      release();
      if (!this.#done) this.#hand(bytes, 0, bytes.length);
      budget.release(reserved);
    };
    if (encoding === undefined) {
      release();
      this.fail(Code.INTERNAL, 'compressed flag set with identity or empty encoding');
      return;
    }
    try {
      const result = decompressor.decompress(formatOf(encoding), message, maxMessageBytes);
      if (!(result instanceof Promise)) done(result);
      else {
        this.hold();
        result.then(done, failed).finally(() => this.release());
      }
    } catch (error) {
      failed(error);
    }
  }

  #hand(chunk: Buffer, start: number, end: number): void {
    this.#call.connection.http2.guard.work();
    this.#sink?.message(chunk, start, end);
  }
}
