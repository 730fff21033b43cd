import { defaultFrameSize, defaultWindow, Flag, FrameType, max31 } from './constants.ts';
import { frameHeaderBytes, headerFrames, writeFrameHeader } from './frames.ts';
import type { Stream } from './stream.ts';
import type { Wire } from './wire.ts';

/** Below this many bytes the parts of one flush are copied together: one write, one buffer. */
const joinBytes = 16_384;

/**
 * The sending half of a connection: cuts payload into DATA frames as the windows allow, and
 * collects what one turn of the event loop produces into one write.
 */
export class SendQueue<T> {
  /** Peer's SETTINGS_MAX_FRAME_SIZE. */
  maxFrame: number = defaultFrameSize;
  /** Peer's SETTINGS_INITIAL_WINDOW_SIZE: what new streams may send. */
  initialWindow: number = defaultWindow;
  readonly #wire: Wire;
  readonly #ended: (stream: Stream<T>) => void;
  #window: number = defaultWindow;
  /** Streams that wait for the connection's window, oldest first. */
  readonly #waiting = new Set<Stream<T>>();
  #parts: Uint8Array[] = [];
  #bytes = 0;
  #holding = false;
  #deferred = false;
  #closed = false;
  readonly #flushLater = (): void => {
    this.#deferred = false;
    this.flush();
  };

  /** @param ended called when the last frame of our side of a stream is out */
  constructor(wire: Wire, ended: (stream: Stream<T>) => void) {
    this.#wire = wire;
    this.#ended = ended;
  }

  /** Queues whole frames. */
  push(part: Uint8Array): void {
    if (this.#closed) return;
    this.#parts.push(part);
    this.#bytes += part.length;
    if (this.#holding || this.#deferred) return;
    this.#deferred = true;
    this.#wire.defer(this.#flushLater);
  }

  /** Until `release` nothing is flushed: more is coming in this turn. */
  hold(): void {
    this.#holding = true;
  }

  release(): void {
    this.#holding = false;
    this.flush();
  }

  flush(): void {
    if (this.#closed || this.#parts.length === 0) return;
    const parts = this.#parts;
    const bytes = this.#bytes;
    this.#parts = [];
    this.#bytes = 0;
    const join = parts.length > 1 && bytes <= joinBytes;
    this.#wire.write(join ? [Buffer.concat(parts, bytes)] : parts);
  }

  close(): void {
    this.#closed = true;
    this.#parts = [];
    this.#waiting.clear();
  }

  headers(stream: Stream<T>, block: Uint8Array, end: boolean): void {
    this.push(headerFrames(stream.id, block, end, this.maxFrame));
    if (end) this.#ended(stream);
  }

  /**
   * Queues payload, sent as the windows allow; the parts must not change until it is out.
   * @param trailers header block that ends the stream, or undefined: the last byte ends it
   */
  data(stream: Stream<T>, parts: readonly Uint8Array[], trailers: Uint8Array | undefined): void {
    stream.queue = parts.filter((part) => part.length > 0);
    stream.queueAt = 0;
    stream.queueBytes = stream.queue.reduce((sum, part) => sum + part.length, 0);
    stream.trailers = trailers;
    stream.endAfterQueue = trailers === undefined;
    if (stream.queueBytes === 0 && trailers === undefined) this.#dataFrame(stream, 0);
    this.#pump(stream);
  }

  /** True when `bytes` of payload may go out now. */
  fits(stream: Stream<T>, bytes: number): boolean {
    return bytes <= this.#window && bytes <= stream.sendWindow;
  }

  /** Queues a whole answer whose DATA payload has `payload` bytes; only when it fits. */
  whole(stream: Stream<T>, bytes: Uint8Array, payload: number): void {
    this.#window -= payload;
    stream.sendWindow -= payload;
    this.push(bytes);
    this.#ended(stream);
  }

  /** @returns false when the window would pass 2^31 - 1 */
  widenConnection(increment: number): boolean {
    this.#window += increment;
    if (this.#window > max31) return false;
    for (const stream of [...this.#waiting]) {
      if (this.#window <= 0) break;
      this.#waiting.delete(stream);
      this.#pump(stream);
    }
    return true;
  }

  widen(stream: Stream<T>, increment: number): boolean {
    stream.sendWindow += increment;
    if (stream.sendWindow > max31) return false;
    this.#pump(stream);
    return true;
  }

  resizeWindows(size: number, streams: Iterable<Stream<T>>): boolean {
    const delta = size - this.initialWindow;
    this.initialWindow = size;
    for (const stream of [...streams]) {
      if (!this.widen(stream, delta)) return false;
    }
    return true;
  }

  forget(stream: Stream<T>): void {
    stream.queue = undefined;
    this.#waiting.delete(stream);
  }

  #pump(stream: Stream<T>): void {
    if (stream.queue === undefined) return;
    while (stream.queueBytes > 0) {
      if (this.#window <= 0) {
        this.#waiting.add(stream);
        return;
      }
      if (stream.sendWindow <= 0) return;
      this.#dataFrame(
        stream,
        Math.min(stream.queueBytes, this.maxFrame, this.#window, stream.sendWindow),
      );
    }
    this.#finish(stream);
  }

  /** Sends `length` bytes of the queue as one frame. */
  #dataFrame(stream: Stream<T>, length: number): void {
    const end = stream.endAfterQueue && length === stream.queueBytes;
    const header = Buffer.allocUnsafe(frameHeaderBytes);
    writeFrameHeader(header, 0, length, FrameType.DATA, end ? Flag.END_STREAM : 0, stream.id);
    this.push(header);
    this.#window -= length;
    stream.sendWindow -= length;
    stream.queueBytes -= length;
    const queue = stream.queue!;
    let left = length;
    while (left > 0) {
      const part = queue[0]!;
      const take = Math.min(left, part.length - stream.queueAt);
      this.push(part.subarray(stream.queueAt, stream.queueAt + take));
      left -= take;
      stream.queueAt += take;
      if (stream.queueAt < part.length) continue;
      queue.shift();
      stream.queueAt = 0;
    }
  }

  #finish(stream: Stream<T>): void {
    const { trailers } = stream;
    stream.queue = undefined;
    if (trailers === undefined) this.#ended(stream);
    else this.headers(stream, trailers, true);
  }
}
