/** One stream of a connection: its flow control and what waits to be sent. */
export class Stream<T> {
  readonly id: number;
  /** What the layer above keeps with the stream. */
  readonly owner: T;
  /** Bytes that the peer still lets us send. */
  sendWindow: number;
  /** Bytes that we still let the peer send. */
  receiveWindow: number;
  /** The peer is not told that it may send more. */
  paused = false;
  /** The peer has ended its side. */
  remoteClosed = false;
  /** We have ended our side. */
  localClosed = false;
  /** Both sides ended or the stream was reset: it is no longer in the connection's table. */
  closed = false;
  /** Payload that waits for a window, the first part from `queueAt` on. */
  queue: Uint8Array[] | undefined;
  queueAt = 0;
  queueBytes = 0;
  /** Header block to send after the queue (ends the stream). */
  trailers: Uint8Array | undefined;
  /** Ends the stream with the last byte of the queue. */
  endAfterQueue = false;

  constructor(id: number, owner: T, sendWindow: number, receiveWindow: number) {
    this.id = id;
    this.owner = owner;
    this.sendWindow = sendWindow;
    this.receiveWindow = receiveWindow;
  }
}
