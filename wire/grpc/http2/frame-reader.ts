import {
  ConnectionError,
  defaultFrameSize,
  ErrorCode,
  Flag,
  FrameType,
  preface,
} from './constants.ts';
import { frameHeaderBytes } from './frames.ts';

/** Takes frames: whole ones, except DATA, whose payload is passed on in the pieces that come. */
export interface FrameSink {
  frame(type: number, flags: number, id: number, b: Buffer, start: number, end: number): void;
  /** @param length of the payload with padding, which flow control counts */
  dataStart(id: number, length: number): void;
  dataPart(b: Buffer, start: number, end: number): void;
  dataEnd(endStream: boolean): void;
}

const prefaceBytes = Buffer.from(preface, 'latin1');

/**
 * Cuts the bytes of one direction of a connection into frames (RFC 9113 section 4.1).
 *
 *     +-----------------------------------------------+
 *     |                 length (24)                   |
 *     +---------------+---------------+---------------+
 *     |   type (8)    |   flags (8)   |
 *     +-+-------------+---------------+-------------------------------+
 *     |R|                 stream id (31)                              |
 *     +=+=============================================================+
 *     |                   payload (0...)                           ...
 *
 * Frames within a chunk are read in place. One that is cut by the chunk's end is held until it is
 * whole: at most 9 bytes and 16 KiB, since we never announce larger frames.
 */
export class FrameReader {
  readonly #sink: FrameSink;
  #prefaceAt: number;
  #held: Buffer | undefined;
  #heldBytes = 0;
  /** Bytes of the current DATA frame that have not come: content, then padding. */
  #content = 0;
  #padding = 0;
  #padLength = false;
  #inData = false;
  #endStream = false;

  constructor(expectPreface: boolean, sink: FrameSink) {
    this.#prefaceAt = expectPreface ? 0 : prefaceBytes.length;
    this.#sink = sink;
  }

  get midFrame(): boolean {
    return this.#heldBytes > 0 || this.#inData || this.#prefaceAt < prefaceBytes.length;
  }

  /** @throws ConnectionError for frames that are too long, and what the sink throws */
  read(chunk: Buffer): void {
    let at = this.#prefaceAt < prefaceBytes.length ? this.#readPreface(chunk) : 0;
    while (at < chunk.length) {
      if (this.#inData) at = this.#readData(chunk, at);
      else if (this.#heldBytes > 0) at = this.#readHeld(chunk, at);
      else at = this.#readFrame(chunk, at);
    }
  }

  #readPreface(chunk: Buffer): number {
    let at = 0;
    while (at < chunk.length && this.#prefaceAt < prefaceBytes.length) {
      if (chunk[at] !== prefaceBytes[this.#prefaceAt]) {
        throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, 'not an HTTP/2 connection preface');
      }
      at += 1;
      this.#prefaceAt += 1;
    }
    return at;
  }

  /** A frame that begins at `at` in the chunk. */
  #readFrame(chunk: Buffer, at: number): number {
    if (chunk.length - at < frameHeaderBytes) return this.#hold(chunk, at, chunk.length);
    const length = checkLength(chunk, at);
    if (chunk[at + 3] === FrameType.DATA) {
      this.#startData(chunk, at, length);
      return at + frameHeaderBytes;
    }
    const start = at + frameHeaderBytes;
    if (chunk.length - start < length) return this.#hold(chunk, at, chunk.length);
    this.#emit(chunk, at, length);
    return start + length;
  }

  #hold(chunk: Buffer, from: number, to: number): number {
    this.#held ??= Buffer.allocUnsafeSlow(frameHeaderBytes + 64);
    const needed = this.#heldBytes + to - from;
    if (this.#held.length < needed) {
      const larger = Buffer.allocUnsafeSlow(frameHeaderBytes + defaultFrameSize);
      this.#held.copy(larger, 0, 0, this.#heldBytes);
      this.#held = larger;
    }
    chunk.copy(this.#held, this.#heldBytes, from, to);
    this.#heldBytes = needed;
    return to;
  }

  #readHeld(chunk: Buffer, at: number): number {
    let from = at;
    if (this.#heldBytes < frameHeaderBytes) {
      const missing = frameHeaderBytes - this.#heldBytes;
      from = this.#hold(chunk, from, Math.min(chunk.length, from + missing));
      if (this.#heldBytes < frameHeaderBytes) return from;
    }
    const held = this.#held!;
    const length = checkLength(held, 0);
    if (held[3] === FrameType.DATA) {
      this.#startData(held, 0, length);
      this.#letGo();
      return from;
    }
    const missing = frameHeaderBytes + length - this.#heldBytes;
    from = this.#hold(chunk, from, Math.min(chunk.length, from + missing));
    if (this.#heldBytes < frameHeaderBytes + length) return from;
    const whole = this.#held!;
    this.#letGo();
    this.#emit(whole, 0, length);
    return from;
  }

  #letGo(): void {
    this.#held = undefined;
    this.#heldBytes = 0;
  }

  #emit(b: Buffer, at: number, length: number): void {
    const start = at + frameHeaderBytes;
    this.#sink.frame(b[at + 3]!, b[at + 4]!, streamId(b, at), b, start, start + length);
  }

  #startData(b: Buffer, at: number, length: number): void {
    const flags = b[at + 4]!;
    this.#endStream = (flags & Flag.END_STREAM) !== 0;
    this.#padLength = (flags & Flag.PADDED) !== 0;
    this.#content = length;
    this.#padding = 0;
    this.#inData = true;
    if (this.#padLength && length === 0) badPadding();
    this.#sink.dataStart(streamId(b, at), length);
    if (length === 0) this.#finishData();
  }

  #readData(chunk: Buffer, from: number): number {
    let at = from;
    if (this.#padLength) {
      this.#padLength = false;
      this.#padding = chunk[at++]!;
      this.#content -= 1 + this.#padding;
      if (this.#content < 0) badPadding();
    }
    if (this.#content > 0) {
      const end = Math.min(chunk.length, at + this.#content);
      if (end > at) this.#sink.dataPart(chunk, at, end);
      this.#content -= end - at;
      at = end;
    }
    if (this.#content === 0 && this.#padding > 0) {
      const skip = Math.min(this.#padding, chunk.length - at);
      this.#padding -= skip;
      at += skip;
    }
    if (this.#content === 0 && this.#padding === 0) this.#finishData();
    return at;
  }

  #finishData(): void {
    this.#inData = false;
    this.#sink.dataEnd(this.#endStream);
  }
}

function streamId(b: Buffer, at: number): number {
  return b.readUInt32BE(at + 5) & 0x7fff_ffff;
}

function checkLength(b: Buffer, at: number): number {
  const length = b.readUIntBE(at, 3);
  if (length > defaultFrameSize) {
    throw new ConnectionError(ErrorCode.FRAME_SIZE_ERROR, `frame of ${length} bytes`);
  }
  return length;
}

function badPadding(): never {
  throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, 'padding longer than its frame');
}
