import type { Incomplete } from '../message.ts';
import type { Direction, MessageSink } from '../protocol.ts';
import { Detection } from '../protocol.ts';
import { detectHttp1 } from './detect.ts';
import type { Head } from './head.ts';
import { HeadResult } from './head.ts';
import type { HttpRequest, HttpResponse } from './message.ts';

/** Largest head; longer ones are given up. */
const MAX_HEAD = 64 << 10;
const MAX_CHUNK_LINE = 4096;
const MAX_CHUNK_DIGITS = 12;
const TAB = 9;
const SPACE = 32;
const SEMICOLON = 0x3b;
const LF = 10;
const CR = 13;
const NOTHING = new Uint8Array(0);

/** What the next byte of a direction is part of. */
export const State = {
  head: 0,
  /** Body of `left` more bytes. */
  length: 1,
  untilClose: 2,
  chunkSize: 3,
  chunkData: 4,
  /** Line end after the data of a chunk. */
  chunkEnd: 5,
  trailer: 6,
  /** Another protocol took over. */
  stopped: 7,
  /** Lost: a segment that starts like a message is waited for. */
  resync: 8,
} as const;

/** Turns a head that was parsed into a message, begun, and sets the state for its body. */
export interface HeadTaker {
  /**
   * @param length bytes of the head
   * @param start time of its first byte, `end` of its last
   * @param incomplete the head was cut: no body is looked for, and the caller ends the message
   */
  take(
    stream: HttpStream,
    b: Uint8Array,
    length: number,
    sequence: number,
    acknowledgement: number,
    start: number,
    end: number,
    incomplete: Incomplete,
  ): void;
}

/** One direction of an HTTP/1 connection: where it is in which message. */
export class HttpStream {
  readonly direction: Direction;
  state: number = State.head;
  /** Bytes of the body or chunk still to come. */
  left = 0;
  message: HttpRequest | HttpResponse | undefined = undefined;
  /** Characters of the chunk size or trailer line so far. */
  private line = 0;
  private digits = 0;
  private inExtension = false;
  private trailerBytes = 0;
  /** Start of a head whose end has not come. */
  private pending: Uint8Array = NOTHING;
  private pendingLength = 0;
  private pendingTime = 0;
  private pendingEnd = 0;
  private pendingSequence = 0;
  private pendingAcknowledgement = 0;

  constructor(direction: Direction) {
    this.direction = direction;
  }

  /** The next byte begins a message. */
  get idle(): boolean {
    return this.state === State.head && this.pendingLength === 0 && this.message === undefined;
  }

  data(
    taker: HeadTaker,
    head: Head,
    sink: MessageSink,
    b: Uint8Array,
    start: number,
    end: number,
    sequence: number,
    acknowledgement: number,
    time: number,
  ): void {
    let at = start;
    while (at < end) {
      switch (this.state) {
        case State.head: {
          const s = (sequence + at - start) >>> 0;
          at = this.head(taker, head, sink, b, at, end, s, acknowledgement, time);
          break;
        }
        case State.length:
        case State.chunkData:
          at = this.body(sink, at, end, time);
          break;
        case State.untilClose:
          this.count(end - at, end - at, time);
          return;
        case State.resync: {
          const found = detectHttp1(b, at, end);
          const wanted = this.direction === 0 ? Detection.request : Detection.response;
          if (found !== wanted) return;
          this.state = State.head;
          break;
        }
        case State.stopped:
          return;
        default:
          at = this.framing(sink, b, at, end, sequence + at - start, time);
      }
    }
  }

  /** Bytes that were not captured. A body of known length goes on after them. */
  gap(
    taker: HeadTaker,
    head: Head,
    sink: MessageSink,
    length: number,
    sequence: number,
    time: number,
  ): void {
    const after = (sequence + length) >>> 0;
    switch (this.state) {
      case State.length:
        if (length <= this.left) {
          this.left -= length;
          this.count(length, length, time);
          if (this.left === 0) this.finish(sink);
          return;
        }
        break;
      case State.chunkData:
        // The line end after the chunk must have been seen, or the framing is lost.
        if (length <= this.left) {
          this.left -= length;
          this.count(length, length, time);
          if (this.left === 0) this.state = State.chunkEnd;
          return;
        }
        break;
      case State.untilClose:
        this.count(length, length, time);
        return;
      case State.stopped:
      case State.resync:
        return;
    }
    this.lose(taker, head, sink, 'lost', after);
  }

  /** Nothing more comes. */
  close(taker: HeadTaker, head: Head, sink: MessageSink): void {
    if (this.state === State.untilClose) this.finish(sink);
    else this.cut(taker, head, 'connection_closed');
    this.giveUp(sink, 'connection_closed');
    this.state = State.stopped;
    this.forget();
  }

  /** What `message` waits for is over; the next bytes are a head. */
  finish(sink: MessageSink): void {
    const message = this.message;
    this.state = State.head;
    this.message = undefined;
    if (message !== undefined) sink.end(message);
  }

  /** Another protocol takes over. */
  stop(): void {
    this.state = State.stopped;
    this.forget();
  }

  /** Message boundaries are not known any more. */
  lose(
    taker: HeadTaker,
    head: Head,
    sink: MessageSink,
    why: 'lost' | 'truncated',
    sequence: number,
  ): void {
    this.cut(taker, head, 'truncated');
    this.giveUp(sink, why);
    this.forget();
    this.state = State.resync;
    sink.lost(this.direction, sequence);
  }

  /** A head of which only the beginning came becomes a message if its first line is whole. */
  private cut(taker: HeadTaker, head: Head, why: 'truncated' | 'connection_closed'): void {
    if (this.pendingLength === 0 || this.message !== undefined) return;
    const length = this.pendingLength;
    if (head.parse(this.pending, 0, length, this.direction === 0, true) <= 0) return;
    this.pendingLength = 0;
    taker.take(
      this,
      this.pending,
      length,
      this.pendingSequence,
      this.pendingAcknowledgement,
      this.pendingTime,
      this.pendingEnd,
      why,
    );
  }

  private giveUp(sink: MessageSink, why: 'lost' | 'truncated' | 'connection_closed'): void {
    const message = this.message;
    if (message === undefined) return;
    if (message.incomplete === '') message.incomplete = why;
    this.message = undefined;
    sink.end(message);
  }

  private forget(): void {
    this.pending = NOTHING;
    this.pendingLength = 0;
  }

  private head(
    taker: HeadTaker,
    head: Head,
    sink: MessageSink,
    b: Uint8Array,
    start: number,
    end: number,
    sequence: number,
    acknowledgement: number,
    time: number,
  ): number {
    if (this.pendingLength > 0) {
      return this.pendingHead(taker, head, sink, b, start, end, sequence, time);
    }
    let at = start;
    while (at < end && (b[at] === CR || b[at] === LF)) at++;
    if (at === end) return end;
    const first = (sequence + at - start) >>> 0;
    const past = head.parse(b, at, end, this.direction === 0);
    if (past > 0) {
      taker.take(this, b, past - at, first, acknowledgement, time, time, '');
      return past;
    }
    if (past === HeadResult.malformed || end - at > MAX_HEAD) {
      return this.refuse(taker, head, sink, past, end, (sequence + end - start) >>> 0);
    }
    this.pendingSequence = first;
    this.pendingAcknowledgement = acknowledgement;
    this.pendingTime = time;
    this.pendingEnd = time;
    this.keep(b, at, end);
    return end;
  }

  /** More of a head that began in an earlier segment. */
  private pendingHead(
    taker: HeadTaker,
    head: Head,
    sink: MessageSink,
    b: Uint8Array,
    start: number,
    end: number,
    sequence: number,
    time: number,
  ): number {
    const before = this.pendingLength;
    const room = Math.min(end, start + MAX_HEAD - before);
    this.pendingEnd = time;
    this.keep(b, start, room);
    const stop = headEnd(this.pending, Math.max(0, before - 3), this.pendingLength);
    if (stop < 0) {
      if (this.pendingLength < MAX_HEAD) return end;
      return this.refuse(taker, head, sink, -1, end, (sequence + end - start) >>> 0);
    }
    const past = head.parse(this.pending, 0, stop, this.direction === 0);
    if (past < 0) return this.refuse(taker, head, sink, past, end, (sequence + end - start) >>> 0);
    const bytes = this.pending;
    const { pendingSequence, pendingAcknowledgement, pendingTime } = this;
    this.forget();
    taker.take(this, bytes, past, pendingSequence, pendingAcknowledgement, pendingTime, time, '');
    return start + past - before;
  }

  private refuse(
    taker: HeadTaker,
    head: Head,
    sink: MessageSink,
    result: number,
    end: number,
    sequence: number,
  ): number {
    sink.drop(result === HeadResult.malformed ? 'malformed' : 'too_large');
    this.forget();
    this.lose(taker, head, sink, 'lost', sequence);
    return end;
  }

  private keep(b: Uint8Array, start: number, end: number): void {
    const length = this.pendingLength + end - start;
    if (this.pending.length < length) {
      const grown = new Uint8Array(Math.max(length, this.pending.length * 2));
      grown.set(this.pending.subarray(0, this.pendingLength));
      this.pending = grown;
    }
    this.pending.set(b.subarray(start, end), this.pendingLength);
    this.pendingLength = length;
  }

  private body(sink: MessageSink, at: number, end: number, time: number): number {
    const taken = Math.min(this.left, end - at);
    this.left -= taken;
    this.count(taken, taken, time);
    if (this.left === 0) {
      if (this.state === State.length) this.finish(sink);
      else this.state = State.chunkEnd;
    }
    return at + taken;
  }

  private count(wire: number, payload: number, time: number): void {
    const message = this.message;
    if (message === undefined) return;
    message.length += wire;
    message.bodyLength += payload;
    message.end = time;
  }

  /** Chunk sizes, the line ends after chunks, and trailers: byte by byte. */
  private framing(
    sink: MessageSink,
    b: Uint8Array,
    start: number,
    end: number,
    sequence: number,
    time: number,
  ): number {
    let at = start;
    let fault = false;
    while (at < end && !fault) {
      const state = this.state;
      if (state !== State.chunkSize && state !== State.chunkEnd && state !== State.trailer) break;
      const c = b[at++]!;
      if (state === State.chunkSize) fault = !this.sizeByte(c);
      else if (state === State.chunkEnd) fault = !this.endByte(c);
      else fault = !this.trailerByte(sink, c, time);
      if (this.state !== State.head) this.count(1, 0, time);
    }
    if (!fault) return at;
    sink.drop('malformed');
    this.giveUp(sink, 'lost');
    this.state = State.resync;
    sink.lost(this.direction, (sequence + end - start) >>> 0);
    return end;
  }

  /** Starts the first or next chunk. */
  startChunk(): void {
    this.state = State.chunkSize;
    this.left = 0;
    this.line = 0;
    this.digits = 0;
    this.inExtension = false;
  }

  private sizeByte(c: number): boolean {
    if (c === LF) {
      this.line = 0;
      this.trailerBytes = 0;
      this.state = this.left === 0 ? State.trailer : State.chunkData;
      return this.digits > 0;
    }
    if (++this.line > MAX_CHUNK_LINE) return false;
    if (this.inExtension) return true;
    const digit = hex(c);
    if (digit >= 0) {
      this.left = this.left * 16 + digit;
      return ++this.digits <= MAX_CHUNK_DIGITS;
    }
    this.inExtension = true;
    return this.digits > 0 && (c === CR || c === SPACE || c === TAB || c === SEMICOLON);
  }

  private endByte(c: number): boolean {
    if (c === CR) return true;
    if (c !== LF) return false;
    this.startChunk();
    return true;
  }

  private trailerByte(sink: MessageSink, c: number, time: number): boolean {
    if (++this.trailerBytes > MAX_HEAD) return false;
    if (c === CR) return true;
    if (c !== LF) {
      this.line = 1;
      return true;
    }
    if (this.line === 1) {
      this.line = 0;
      return true;
    }
    this.count(1, 0, time);
    this.finish(sink);
    return true;
  }
}

function hex(c: number): number {
  if (c >= 0x30 && c <= 0x39) return c - 0x30;
  const lower = c | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}

/** Offset after the empty line that ends a head, or -1. */
function headEnd(b: Uint8Array, start: number, end: number): number {
  for (let at = start; at < end; at++) {
    if (b[at] !== LF) continue;
    if (b[at + 1] === LF && at + 1 < end) return at + 2;
    if (b[at + 1] === CR && b[at + 2] === LF && at + 2 < end) return at + 3;
  }
  return -1;
}
