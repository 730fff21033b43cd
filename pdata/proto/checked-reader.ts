import { isUtf8 } from 'node:buffer';
import { asBuffer } from './as-buffer.ts';
import { doubleOf, noBytes, signed64, u32At } from './cursor.ts';

const two32 = 4294967296;

/** Makes the error that is thrown for bytes that are no message. @param at the byte at fault */
export type FaultOf = (message: string, at: number) => Error;

/**
 * Reads protobuf bytes that nobody has checked (https://protobuf.dev/programming-guides/encoding/):
 * every length, varint and wire type is, and a fault names the byte. Repositioned, never made per
 * message:
 *
 *     r.bind(bytes, 0, bytes.length);
 *     for (let tag = r.next(); tag !== 0; tag = r.next()) {
 *       if (tag === 8) number = r.int32();
 *       else if (tag === 18) {
 *         const outer = r.enter();
 *         ... fields of the message within, until next() is 0
 *         r.leave(outer);
 *       } else r.skip(tag);
 *     }
 */
export class CheckedReader {
  bytes: Uint8Array = noBytes;
  /** Next byte to read, and the end of the message that is read. */
  pos = 0;
  end = 0;
  /** Where the value lies that {@link range} read. */
  from = 0;
  to = 0;
  /** Low and high 32 bits, unsigned, of what {@link halves} and {@link fixed64} read. */
  lo = 0;
  hi = 0;
  readonly #faultOf: FaultOf;

  constructor(faultOf: FaultOf) {
    this.#faultOf = faultOf;
  }

  /** Stands at the beginning of the message in bytes [start, end). */
  bind(bytes: Uint8Array, start: number, end: number): void {
    this.bytes = bytes;
    this.pos = start;
    this.end = end;
  }

  fault(message: string, at = this.pos): Error {
    return this.#faultOf(message, at);
  }

  /** The next tag (field number * 8 + wire type); 0 at the end of the message. */
  next(): number {
    const { pos } = this;
    if (pos >= this.end) return 0;
    const first = this.bytes[pos]!;
    if (first > 127 || first < 8) return this.#longTag();
    this.pos = pos + 1;
    return first;
  }

  #longTag(): number {
    const at = this.pos;
    this.halves();
    const tag = this.hi * two32 + this.lo;
    if (tag > 0xffffffff) throw this.fault('a tag of more than 32 bits', at);
    if (tag < 8) throw this.fault('field number 0', at);
    return tag;
  }

  /** A varint's 64 bits into `lo` and `hi`; a loop of its own, since calls cost a tenth here. */
  halves(): void {
    const b = this.bytes;
    const { end } = this;
    let p = this.pos;
    let lo = 0;
    let hi = 0;
    for (let shift = 0; ; shift += 7) {
      if (p >= end || shift > 63) throw this.fault('a varint does not end');
      const byte = b[p]!;
      p += 1;
      const bits = byte & 127;
      if (shift < 28) lo |= bits << shift;
      else if (shift === 28) {
        lo |= bits << 28;
        hi = bits >>> 4;
      } else hi |= bits << (shift - 32);
      if (byte < 128) break;
    }
    this.pos = p;
    this.lo = lo >>> 0;
    this.hi = hi >>> 0;
  }

  /** A uint64, inexact beyond 2^53. */
  uint64(): number {
    this.halves();
    return this.hi * two32 + this.lo;
  }

  /** An int64, inexact beyond 2^53. */
  int64(): number {
    this.halves();
    return (this.hi | 0) * two32 + this.lo;
  }

  bigint64(): bigint {
    this.halves();
    return signed64(this.lo, this.hi);
  }

  /** A sint64 (zigzag), inexact beyond 2^53. */
  sint64(): number {
    this.halves();
    const half = (this.hi >>> 1) * two32 + (((this.lo >>> 1) | (this.hi << 31)) >>> 0);
    return (this.lo & 1) === 1 ? -half - 1 : half;
  }

  /** An int32 (also an enum's number): the low 32 bits, as protobuf has it. */
  int32(): number {
    const first = this.pos < this.end ? this.bytes[this.pos]! : 128;
    if (first < 128) {
      this.pos += 1;
      return first;
    }
    this.halves();
    return this.lo | 0;
  }

  bool(): boolean {
    this.halves();
    return (this.lo | this.hi) !== 0;
  }

  /** Eight bytes into `lo` and `hi`. */
  fixed64(): void {
    const at = this.#take(8);
    this.lo = u32At(this.bytes, at);
    this.hi = u32At(this.bytes, at + 4);
  }

  double(): number {
    this.fixed64();
    return doubleOf(this.lo, this.hi);
  }

  #take(count: number): number {
    const at = this.pos;
    if (count > this.end - at) throw this.fault('the bytes end too early');
    this.pos = at + count;
    return at;
  }

  /** Text, bytes or a message: `from` and `to` of its bytes; reading goes on behind it. */
  range(): void {
    let { pos } = this;
    let length = pos < this.end ? this.bytes[pos]! : 128;
    pos += 1;
    if (length > 127) {
      length = this.uint64();
      pos = this.pos;
    }
    const to = pos + length;
    if (to > this.end) throw this.#cut(length, pos);
    this.from = pos;
    this.to = to;
    this.pos = to;
  }

  #cut(length: number, at: number): Error {
    return this.fault(`length ${length} of ${this.end - at} bytes that are left`, at);
  }

  /** Goes into the message whose length comes next. @returns what {@link leave} wants */
  enter(): number {
    this.range();
    const outer = this.end;
    this.pos = this.from;
    this.end = this.to;
    return outer;
  }

  /** Goes behind the message that {@link enter} went into. */
  leave(outer: number): void {
    this.pos = this.end;
    this.end = outer;
  }

  /** A string's text. @throws where it is not UTF-8 */
  string(): string {
    this.range();
    this.checkUtf8(this.from, this.to);
    return asBuffer(this.bytes).toString('utf8', this.from, this.to);
  }

  /** Strings of proto3 are UTF-8; a parser refuses others. */
  checkUtf8(from: number, to: number): void {
    const b = this.bytes;
    for (let i = from; i < to; i += 1) {
      if (b[i]! < 128) continue;
      if (isUtf8(b.subarray(i, to))) return;
      throw this.fault('text that is not valid UTF-8', i);
    }
  }

  /** Skips the value of a field that is not known. */
  skip(tag: number): void {
    const wire = tag & 7;
    if (wire === 0) this.halves();
    else if (wire === 2) this.range();
    else if (wire === 1) this.#take(8);
    else if (wire === 5) this.#take(4);
    else throw this.#wrongType(tag);
  }

  /**
   * Skips the value of a field whose number is over `known`. Those up to it should have been read:
   * one that comes here has another wire type, which is a fault, as in generated code.
   */
  skipOver(known: number, tag: number): void {
    if (tag >>> 3 <= known) throw this.#wrongType(tag);
    this.skip(tag);
  }

  #wrongType(tag: number): Error {
    return this.fault(`wire type ${tag & 7} of field ${tag >>> 3}`);
  }
}
