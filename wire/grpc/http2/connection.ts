import {
  ConnectionError,
  defaultFrameSize,
  defaultWindow,
  ErrorCode,
  Flag,
  FrameType,
  max31,
  preface,
  Setting,
} from './constants.ts';
import { FrameReader, type FrameSink } from './frame-reader.ts';
import * as frames from './frames.ts';
import { defaultGuardLimits, Guard, type GuardLimits } from './guard.ts';
import { type HeaderList, HpackDecoder } from './hpack-decoder.ts';
import { SendQueue } from './send-queue.ts';
import { SkippedIds } from './skipped-ids.ts';
import { Stream } from './stream.ts';
import type { Wire } from './wire.ts';

/** What the layer above makes of a connection's events. T is what it keeps with each stream. */
export interface StreamHandler<T> {
  /**
   * Headers of a new request (server), of a response, or trailers. `list` is reused by the next
   * block. For a new request `stream` is undefined, and `open` makes it if it is wanted.
   */
  headers(stream: Stream<T> | undefined, id: number, list: HeaderList, end: boolean): void;
  /** A piece of payload; `chunk` is reused: what is kept has to be copied. */
  data(stream: Stream<T>, chunk: Buffer, start: number, end: number): void;
  /** The peer ended its side. */
  end(stream: Stream<T>): void;
  /** The stream ended before both sides were done: reset (by us too) or connection lost. */
  aborted(stream: Stream<T>, code: number, by: 'peer' | 'self' | 'connection'): void;
  goaway?(lastStreamId: number, code: number, debug: string): void;
  /** A PING that asks for an answer came (before it is answered). */
  ping?(): void;
  pingAck?(): void;
  settings?(): void;
}

/** Limits of one HTTP/2 connection; what it announces in its SETTINGS is made of them. */
export interface ConnectionOptions {
  readonly server: boolean;
  /** Payload bytes that the peer may send ahead on one stream. */
  readonly streamWindow: number;
  /** Payload bytes that the peer may send ahead on the connection. */
  readonly connectionWindow: number;
  /** Streams that the peer may have open; more are refused. */
  readonly maxConcurrentStreams: number;
  /** Bytes of a decoded header list, also of its encoded block. */
  readonly maxHeaderListSize: number;
  readonly maxHeaderPairs: number;
  readonly guard?: GuardLimits;
  readonly nowMs: () => number;
}

/** Frames that one header block may be spread over. */
const maxContinuations = 32;

/**
 * One HTTP/2 connection (RFC 9113) without a socket: bytes go in by `receive`, frames come out
 * through `Wire`. It keeps flow control, settings, header compression and stream states, and ends
 * the connection with GOAWAY when the peer breaks the protocol or a limit. It knows nothing of
 * gRPC.
 *
 * Nothing that a peer sends is held beyond one control frame and one header block: payload is
 * passed on as it comes.
 */
export class Connection<T> implements FrameSink {
  readonly streams = new Map<number, Stream<T>>();
  readonly out: SendQueue<T>;
  /** Highest stream id that the peer opened. */
  lastPeerStream = 0;
  /** Peer's SETTINGS_MAX_CONCURRENT_STREAMS. */
  peerMaxStreams = 100;
  /** Peer's SETTINGS_HEADER_TABLE_SIZE. */
  peerTableSize = 4096;
  /** Ended: nothing more is received or sent. */
  closed = false;
  /** We sent GOAWAY and take no new streams. */
  draining = false;
  /** The peer's SETTINGS came. */
  ready = false;
  /** Whole frames that came; the frames of a header block count as one. */
  whole = 0;
  readonly guard: Guard;
  readonly #options: ConnectionOptions;
  readonly #handler: StreamHandler<T>;
  readonly #wire: Wire;
  readonly #decoder: HpackDecoder;
  readonly #reader: FrameReader;
  #receiveWindow: number;
  #headerBlock: Buffer[] | undefined;
  #headerBytes = 0;
  #headerStream = 0;
  #headerEnd = false;
  #pingsOut = 0;
  #dataStream: Stream<T> | undefined;
  readonly #skipped = new SkippedIds();

  constructor(options: ConnectionOptions, handler: StreamHandler<T>, wire: Wire) {
    this.#options = options;
    this.#handler = handler;
    this.#wire = wire;
    this.#receiveWindow = options.connectionWindow;
    this.guard = new Guard(options.guard ?? defaultGuardLimits, options.nowMs);
    this.#decoder = new HpackDecoder({
      tableSize: 4096,
      listSize: options.maxHeaderListSize,
      pairs: options.maxHeaderPairs,
    });
    this.#reader = new FrameReader(options.server, this);
    this.out = new SendQueue(wire, (stream) => this.#localEnd(stream));
    this.#hello();
  }

  #hello(): void {
    const o = this.#options;
    const settings: [number, number][] = [
      [Setting.INITIAL_WINDOW_SIZE, o.streamWindow],
      [Setting.MAX_HEADER_LIST_SIZE, o.maxHeaderListSize],
    ];
    if (o.server) settings.push([Setting.MAX_CONCURRENT_STREAMS, o.maxConcurrentStreams]);
    else {
      this.out.push(Buffer.from(preface, 'latin1'));
      settings.push([Setting.ENABLE_PUSH, 0]);
    }
    this.out.push(frames.settingsFrame(settings));
    const extra = o.connectionWindow - defaultWindow;
    if (extra > 0) this.out.push(frames.windowUpdateFrame(0, extra));
  }

  /** Takes what came from the socket; `chunk` may be reused after the call. */
  receive(chunk: Buffer): void {
    if (this.closed) return;
    this.out.hold();
    try {
      this.#reader.read(chunk);
    } catch (error) {
      if (!(error instanceof ConnectionError)) throw error;
      this.fail(error.code, error.message);
    }
    this.out.release();
  }

  /** True when part of a frame or header block has come and its rest has not. */
  get midFrame(): boolean {
    return this.#reader.midFrame || this.#headerBlock !== undefined;
  }

  /** Makes a stream; the peer's id for servers, the next own id for clients. */
  open(id: number, owner: T): Stream<T> {
    const stream = new Stream(id, owner, this.out.initialWindow, this.#options.streamWindow);
    this.streams.set(id, stream);
    return stream;
  }

  /** Ends a stream at once, both ways. */
  reset(stream: Stream<T>, code: number): void {
    if (stream.closed) return;
    this.resetId(stream.id, code);
    this.#drop(stream);
    this.#handler.aborted(stream, code, 'self');
  }

  /** Resets a stream for a fault of the peer: it costs the peer as much as a reset of its own. */
  #fault(stream: Stream<T>, code: number): void {
    if (this.#options.server) this.guard.reset(this.#options.nowMs());
    this.reset(stream, code);
  }

  /** Refuses a stream that was not opened. */
  resetId(id: number, code: number): void {
    if (!this.closed) this.out.push(frames.resetFrame(id, code));
  }

  /**
   * Tells a peer that has not finished its request, whose answer is already sent, to stop sending.
   */
  stopReceiving(stream: Stream<T>): void {
    if (stream.remoteClosed || stream.closed) return;
    this.resetId(stream.id, ErrorCode.NO_ERROR);
    this.#drop(stream);
  }

  ping(payload: Uint8Array): void {
    if (this.closed) return;
    this.#pingsOut += 1;
    this.out.push(frames.pingFrame(payload, false));
  }

  /** Takes no new streams; those that are open go on. */
  drain(code: number = ErrorCode.NO_ERROR, debug = ''): void {
    if (this.closed || this.draining) return;
    this.draining = true;
    this.out.push(frames.goawayFrame(this.lastPeerStream, code, debug));
  }

  /** Ends the connection with GOAWAY. */
  fail(code: number, message: string): void {
    if (this.closed) return;
    this.draining = true;
    this.out.push(frames.goawayFrame(this.lastPeerStream, code, message));
    this.out.flush();
    this.lost(code);
    this.#wire.close();
  }

  /** The socket is gone, or is given up: every open stream is aborted. */
  lost(code: number = ErrorCode.CANCEL): void {
    if (this.closed) return;
    this.closed = true;
    this.out.close();
    const open = [...this.streams.values()];
    this.streams.clear();
    for (const stream of open) {
      stream.closed = true;
      this.#handler.aborted(stream, code, 'connection');
    }
  }

  // --- frames, called by the reader ---

  frame(type: number, flags: number, id: number, b: Buffer, start: number, end: number): void {
    if (this.#headerBlock !== undefined && type !== FrameType.CONTINUATION) {
      protocol(`frame type ${type} within a header block`);
    }
    if (type === FrameType.HEADERS) this.#headers(flags, id, b, start, end);
    else if (type === FrameType.CONTINUATION) this.#continuation(flags, id, b, start, end);
    else if (type === FrameType.WINDOW_UPDATE) this.#windowUpdate(id, b, start, end);
    else if (type === FrameType.RST_STREAM) this.#resetByPeer(id, b, start, end);
    else if (type === FrameType.SETTINGS) this.#settings(flags, id, b, start, end);
    else if (type === FrameType.PING) this.#ping(flags, id, b, start, end);
    else if (type === FrameType.GOAWAY) this.#goaway(id, b, start, end);
    else if (type === FrameType.PUSH_PROMISE) protocol('PUSH_PROMISE is not allowed');
    else {
      if (type === FrameType.PRIORITY) {
        if (id === 0) protocol('PRIORITY on stream 0');
        if (end - start !== 5) size('PRIORITY');
      }
      this.guard.idleFrame();
    }
    if (this.#headerBlock === undefined) this.whole += 1;
  }

  dataStart(id: number, length: number): void {
    if (this.#headerBlock !== undefined) protocol('DATA within a header block');
    if (id === 0) protocol('DATA on stream 0');
    this.#receiveWindow -= length;
    if (this.#receiveWindow < 0) {
      throw new ConnectionError(ErrorCode.FLOW_CONTROL_ERROR, 'more DATA than the window allows');
    }
    if (length === 0) this.guard.idleFrame();
    else this.guard.payload(length);
    const stream = this.streams.get(id);
    this.#dataStream = undefined;
    if (stream === undefined) {
      if (this.#isIdle(id)) protocol('DATA on an idle stream');
      this.guard.idleFrame();
      return;
    }
    if (stream.remoteClosed) {
      this.#fault(stream, ErrorCode.STREAM_CLOSED);
      return;
    }
    stream.receiveWindow -= length;
    if (stream.receiveWindow < 0) this.#fault(stream, ErrorCode.FLOW_CONTROL_ERROR);
    else this.#dataStream = stream;
  }

  dataPart(b: Buffer, start: number, end: number): void {
    const stream = this.#dataStream;
    if (stream !== undefined && !stream.closed) this.#handler.data(stream, b, start, end);
  }

  dataEnd(endStream: boolean): void {
    const o = this.#options;
    if (this.#receiveWindow < o.connectionWindow / 2) {
      this.out.push(frames.windowUpdateFrame(0, o.connectionWindow - this.#receiveWindow));
      this.#receiveWindow = o.connectionWindow;
    }
    const stream = this.#dataStream;
    this.#dataStream = undefined;
    this.whole += 1;
    if (stream === undefined || stream.closed) return;
    if (endStream) this.#remoteEnd(stream);
    else if (!stream.paused) this.#widen(stream);
  }

  /** Lets the peer send on a stream that was paused. */
  resume(stream: Stream<T>): void {
    stream.paused = false;
    if (!stream.closed && !stream.remoteClosed && !this.closed) this.#widen(stream);
  }

  #widen(stream: Stream<T>): void {
    const { streamWindow } = this.#options;
    if (stream.receiveWindow >= streamWindow / 2) return;
    this.out.push(frames.windowUpdateFrame(stream.id, streamWindow - stream.receiveWindow));
    stream.receiveWindow = streamWindow;
  }

  #headers(flags: number, id: number, b: Buffer, start: number, end: number): void {
    if (id === 0) protocol('HEADERS on stream 0');
    let from = start;
    let to = end;
    if ((flags & Flag.PADDED) !== 0) to -= b[from++] ?? 0;
    if ((flags & Flag.PRIORITY) !== 0) from += 5;
    if (from > to) protocol('HEADERS shorter than its padding');
    this.#headerStream = id;
    this.#headerEnd = (flags & Flag.END_STREAM) !== 0;
    if ((flags & Flag.END_HEADERS) !== 0) {
      this.#headerList(b, from, to);
      return;
    }
    this.#headerBytes = to - from;
    this.#headerBlock = [Buffer.from(b.subarray(from, to))];
  }

  #continuation(flags: number, id: number, b: Buffer, start: number, end: number): void {
    const block = this.#headerBlock;
    if (block === undefined || id !== this.#headerStream) protocol('CONTINUATION out of place');
    this.#headerBytes += end - start;
    if (block.length > maxContinuations || this.#headerBytes > this.#options.maxHeaderListSize) {
      throw new ConnectionError(ErrorCode.ENHANCE_YOUR_CALM, 'header block too large');
    }
    block.push(Buffer.from(b.subarray(start, end)));
    if ((flags & Flag.END_HEADERS) === 0) return;
    this.#headerBlock = undefined;
    this.#headerList(Buffer.concat(block), 0, this.#headerBytes);
  }

  #headerList(b: Buffer, start: number, end: number): void {
    const id = this.#headerStream;
    const list = this.#decoder.decode(b, start, end);
    const stream = this.streams.get(id);
    if (stream === undefined) {
      if (this.#options.server) this.#newRequest(id, list);
      return;
    }
    if (stream.remoteClosed) {
      this.#fault(stream, ErrorCode.STREAM_CLOSED);
      return;
    }
    this.#handler.headers(stream, id, list, this.#headerEnd);
    if (this.#headerEnd && !stream.closed) this.#remoteEnd(stream);
  }

  #newRequest(id: number, list: HeaderList): void {
    if ((id & 1) === 0) protocol(`stream id ${id} of a client is even`);
    if (id <= this.lastPeerStream) {
      if (this.#skipped.has(id)) protocol(`stream id ${id} after ${this.lastPeerStream}`);
      this.guard.idleFrame();
      return;
    }
    if (this.draining) return;
    this.#skipped.note(this.lastPeerStream, id);
    this.lastPeerStream = id;
    if (this.streams.size >= this.#options.maxConcurrentStreams) {
      this.guard.reset(this.#options.nowMs());
      this.resetId(id, ErrorCode.REFUSED_STREAM);
      return;
    }
    this.#handler.headers(undefined, id, list, this.#headerEnd);
    const stream = this.streams.get(id);
    if (this.#headerEnd && stream !== undefined) this.#remoteEnd(stream);
  }

  #remoteEnd(stream: Stream<T>): void {
    stream.remoteClosed = true;
    this.#handler.end(stream);
    if (stream.localClosed) this.#drop(stream);
  }

  #localEnd(stream: Stream<T>): void {
    stream.localClosed = true;
    if (stream.remoteClosed) this.#drop(stream);
  }

  #drop(stream: Stream<T>): void {
    stream.closed = true;
    this.streams.delete(stream.id);
    this.out.forget(stream);
  }

  #resetByPeer(id: number, b: Buffer, start: number, end: number): void {
    if (end - start !== 4) size('RST_STREAM');
    if (id === 0) protocol('RST_STREAM on stream 0');
    if (this.#options.server) {
      if (this.#isIdle(id)) protocol('RST_STREAM on an idle stream');
      this.guard.reset(this.#options.nowMs());
    }
    const stream = this.streams.get(id);
    if (stream === undefined) return;
    this.#drop(stream);
    this.#handler.aborted(stream, b.readUInt32BE(start), 'peer');
  }

  /** No request with this id was ever seen; while draining later ones are passed over. */
  #isIdle(id: number): boolean {
    return this.#options.server && id > this.lastPeerStream && !this.draining;
  }

  #windowUpdate(id: number, b: Buffer, start: number, end: number): void {
    if (end - start !== 4) size('WINDOW_UPDATE');
    const increment = b.readUInt32BE(start) & max31;
    if (increment === 0) protocol('WINDOW_UPDATE by 0');
    if (id === 0) {
      if (!this.out.widenConnection(increment)) windowOverflow();
      return;
    }
    const stream = this.streams.get(id);
    if (stream === undefined) {
      if (this.#isIdle(id)) protocol('WINDOW_UPDATE on an idle stream');
      this.guard.idleFrame();
    } else if (!this.out.widen(stream, increment))
      this.#fault(stream, ErrorCode.FLOW_CONTROL_ERROR);
  }

  #settings(flags: number, id: number, b: Buffer, start: number, end: number): void {
    if (id !== 0) protocol('SETTINGS on a stream');
    this.guard.idleFrame();
    if ((flags & Flag.ACK) !== 0) {
      if (end !== start) size('SETTINGS acknowledgement');
      return;
    }
    if ((end - start) % 6 !== 0) size('SETTINGS');
    let window = this.out.initialWindow;
    for (let at = start; at < end; at += 6) {
      const setting = b.readUInt16BE(at);
      const value = b.readUInt32BE(at + 2);
      if (setting === Setting.INITIAL_WINDOW_SIZE) window = checkWindow(value);
      else this.#setting(setting, value);
    }
    // Once a frame: it goes over all streams, and a frame has room for 2730 settings.
    if (window !== this.out.initialWindow) this.#resizeWindows(window);
    this.ready = true;
    this.out.push(frames.settingsAckFrame());
    this.#handler.settings?.();
  }

  #setting(id: number, value: number): void {
    if (id === Setting.HEADER_TABLE_SIZE) this.peerTableSize = value;
    else if (id === Setting.MAX_CONCURRENT_STREAMS) this.peerMaxStreams = value;
    else if (id === Setting.ENABLE_PUSH) {
      if (value > 1) protocol(`SETTINGS_ENABLE_PUSH is ${value}`);
    } else if (id === Setting.MAX_FRAME_SIZE) {
      if (value < defaultFrameSize || value > 0xffffff) {
        protocol(`SETTINGS_MAX_FRAME_SIZE is ${value}`);
      }
      this.out.maxFrame = value;
    }
  }

  #resizeWindows(size: number): void {
    if (!this.out.resizeWindows(size, this.streams.values())) windowOverflow();
  }

  #ping(flags: number, id: number, b: Buffer, start: number, end: number): void {
    if (id !== 0) protocol('PING on a stream');
    if (end - start !== 8) size('PING');
    if ((flags & Flag.ACK) !== 0) {
      if (this.#pingsOut > 0) this.#pingsOut -= 1;
      else this.guard.idleFrame();
      this.#handler.pingAck?.();
      return;
    }
    this.guard.idleFrame();
    this.#handler.ping?.();
    this.out.push(frames.pingFrame(b.subarray(start, end), true));
  }

  #goaway(id: number, b: Buffer, start: number, end: number): void {
    if (id !== 0) protocol('GOAWAY on a stream');
    if (end - start < 8) size('GOAWAY');
    this.guard.idleFrame();
    const last = b.readUInt32BE(start) & max31;
    const code = b.readUInt32BE(start + 4);
    const debug = b.toString('latin1', start + 8, Math.min(end, start + 8 + 256));
    this.#handler.goaway?.(last, code, debug);
  }
}

function protocol(message: string): never {
  throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, message);
}

function windowOverflow(): never {
  throw new ConnectionError(ErrorCode.FLOW_CONTROL_ERROR, 'window over 2^31 - 1');
}

function checkWindow(size: number): number {
  return size > max31 ? windowOverflow() : size;
}

function size(what: string): never {
  throw new ConnectionError(ErrorCode.FRAME_SIZE_ERROR, `${what} frame of a wrong size`);
}
