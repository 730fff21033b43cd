import { isUtf8 } from 'node:buffer';
import { SkywalkingFault } from './fault.ts';

const empty: Uint8Array = new Uint8Array(0);
const scratch = new DataView(new ArrayBuffer(8));

/**
 * Reads protobuf bytes that nobody has checked (https://protobuf.dev/programming-guides/encoding/):
 * every length, varint and wire type is, and a fault names the byte. Repositioned, never made per
 * message.
 */
export class ProtoReader {
  bytes: Uint8Array = empty;
  pos = 0;
  end = 0;
  /** Where the value lies that {@link range} read. */
  from = 0;
  to = 0;
  /** What {@link varint} read, unsigned halves. */
  lo = 0;
  hi = 0;

  bind(bytes: Uint8Array, start: number, end: number): void {
    this.bytes = bytes;
    this.pos = start;
    this.end = end;
  }

  fault(what: string): SkywalkingFault {
    return new SkywalkingFault(`${what} at byte ${this.pos}`, this.pos);
  }

  /** The next tag (field number * 8 + wire type); 0 at the end. */
  next(): number {
    if (this.pos >= this.end) return 0;
    const first = this.bytes[this.pos]!;
    if (first < 128) {
      if (first < 8) throw this.fault('field number 0');
      this.pos += 1;
      return first;
    }
    const at = this.pos;
    this.varint();
    const tag = this.hi * 4294967296 + this.lo;
    if (tag > 0xffffffff || tag < 8) {
      this.pos = at;
      throw this.fault('bad field number');
    }
    return tag;
  }

  /** A varint's 64 bits into `lo` and `hi`. */
  varint(): void {
    const b = this.bytes;
    let lo = 0;
    let hi = 0;
    for (let shift = 0; ; shift += 7) {
      if (this.pos >= this.end) throw this.fault('unexpected end of a varint');
      if (shift > 63) throw this.fault('varint of more than 10 bytes');
      const byte = b[this.pos]!;
      this.pos += 1;
      const bits = byte & 127;
      if (shift < 28) lo |= bits << shift;
      else if (shift === 28) {
        lo |= bits << 28;
        hi = bits >>> 4;
      } else hi |= bits << (shift - 32);
      if (byte < 128) break;
    }
    this.lo = lo >>> 0;
    this.hi = hi >>> 0;
  }

  /** A length-delimited value: `from` and `to` of its bytes; reading goes on behind it. */
  range(): void {
    let length = this.pos < this.end ? this.bytes[this.pos]! : 128;
    if (length < 128) this.pos += 1;
    else {
      this.varint();
      length = this.hi * 4294967296 + this.lo;
    }
    if (length > this.end - this.pos) {
      throw this.fault(`length ${length} of ${this.end - this.pos} bytes that are left`);
    }
    this.from = this.pos;
    this.to = this.pos + length;
    this.pos = this.to;
  }

  /** An int32 (also an enum's number): the low 32 bits, as protobuf has it. */
  int32(): number {
    const first = this.pos < this.end ? this.bytes[this.pos]! : 128;
    if (first < 128) {
      this.pos += 1;
      return first;
    }
    this.varint();
    return this.lo | 0;
  }

  /** An int64, inexact beyond 2^53. */
  int64(): number {
    this.varint();
    return (this.hi | 0) * 4294967296 + this.lo;
  }

  bigint64(): bigint {
    this.varint();
    return BigInt.asIntN(64, (BigInt(this.hi) << 32n) | BigInt(this.lo));
  }

  bool(): boolean {
    this.varint();
    return (this.lo | this.hi) !== 0;
  }

  double(): number {
    if (this.end - this.pos < 8) throw this.fault('unexpected end of a double');
    for (let i = 0; i < 8; i += 1) scratch.setUint8(i, this.bytes[this.pos + i]!);
    this.pos += 8;
    return scratch.getFloat64(0, true);
  }

  /** A string's text. */
  string(): string {
    this.range();
    this.checkUtf8(this.from, this.to);
    const { bytes, from, to } = this;
    return Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString('utf8');
  }

  /** Strings of proto3 are UTF-8; a parser refuses others. */
  checkUtf8(from: number, to: number): void {
    const b = this.bytes;
    for (let i = from; i < to; i += 1) {
      if (b[i]! < 128) continue;
      if (isUtf8(b.subarray(i, to))) return;
      this.pos = i;
      throw this.fault('text that is not valid UTF-8');
    }
  }

  /** Skips the value of a field that is not known. */
  skip(tag: number): void {
    const wire = tag & 7;
    if (wire === 0) this.varint();
    else if (wire === 2) this.range();
    else if (wire === 1 || wire === 5) {
      const size = wire === 1 ? 8 : 4;
      if (this.end - this.pos < size) throw this.fault('unexpected end of a number');
      this.pos += size;
    } else throw this.fault(`wire type ${wire} of field ${Math.floor(tag / 8)}`);
  }
}
