import { utf8 } from '../../../pdata/readers/value-view.ts';

/** Bytes that are no message of the kind they should be. */
export class MalformedMessage extends Error {
  /** Byte at which it shows. */
  readonly position: number;
  constructor(message: string, position: number) {
    super(`${message} at byte ${position}`);
    this.name = 'MalformedMessage';
    this.position = position;
  }
}

/**
 * Protobuf bytes of a stranger: every read is checked against `end`, which goes in and out with the
 * message that is read. What CheckedReader of pdata does, for messages of thousands of tiny ones:
 * through that the columns of a request take a sixth to a quarter longer.
 */
export class Input {
  readonly bytes: Uint8Array;
  pos = 0;
  end: number;
  /** Low and high 32 bits of what {@link halves} and {@link fixed64} read, unsigned. */
  lo = 0;
  hi = 0;

  constructor(bytes: Uint8Array, start = 0, end: number = bytes.length) {
    this.bytes = bytes;
    this.pos = start;
    this.end = end;
  }

  fail(message: string, position: number = this.pos): never {
    throw new MalformedMessage(message, position);
  }

  /** A tag, a length or a small number: at most 32 bits. */
  varint(): number {
    const { bytes, end } = this;
    let p = this.pos;
    if (p >= end) this.fail('cut off');
    let byte = bytes[p]!;
    p += 1;
    if (byte < 128) {
      this.pos = p;
      return byte;
    }
    let value = byte & 127;
    for (let scale = 128; ; scale *= 128) {
      if (p >= end) this.fail('cut off');
      byte = bytes[p]!;
      p += 1;
      value += (byte & 127) * scale;
      if (byte < 128) break;
      if (scale > 2 ** 28) this.fail('a number is too long');
    }
    if (value > 0xffffffff) this.fail('a number is too large');
    this.pos = p;
    return value;
  }

  /** A varint of 64 bits into `lo` and `hi`. */
  halves(): void {
    const { bytes, end } = this;
    let p = this.pos;
    let lo = 0;
    let hi = 0;
    for (let shift = 0; ; shift += 7) {
      if (p >= end) this.fail('cut off');
      if (shift > 63) this.fail('a number is too long');
      const byte = bytes[p]!;
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

  /** An int64 as a number: exact to 2^53. */
  int64(): number {
    this.halves();
    return (this.hi | 0) * 4294967296 + this.lo;
  }

  /** A uint64 as a number: exact to 2^53. */
  uint64(): number {
    this.halves();
    return this.hi * 4294967296 + this.lo;
  }

  /** A zigzag number of 64 bits: exact to 2^53. */
  sint64(): number {
    this.halves();
    const odd = this.lo & 1;
    const lo = ((this.lo >>> 1) | (this.hi << 31)) >>> 0;
    const hi = this.hi >>> 1;
    const half = hi * 4294967296 + lo;
    return odd === 1 ? -half - 1 : half;
  }

  /** Eight bytes into `lo` and `hi`. */
  fixed64(): void {
    const { bytes, pos: p } = this;
    if (p + 8 > this.end) this.fail('cut off');
    this.lo =
      (bytes[p]! | (bytes[p + 1]! << 8) | (bytes[p + 2]! << 16) | (bytes[p + 3]! << 24)) >>> 0;
    this.hi =
      (bytes[p + 4]! | (bytes[p + 5]! << 8) | (bytes[p + 6]! << 16) | (bytes[p + 7]! << 24)) >>> 0;
    this.pos = p + 8;
  }

  /** The end of the bytes, text or message that begins with its length here. */
  inside(): number {
    const length = this.varint();
    if (length > this.end - this.pos) this.fail('cut off');
    return this.pos + length;
  }

  /** Goes past the value of a field that nobody wants; all fields that there are not come here. */
  skip(tag: number): void {
    if (tag < 8) this.fail('field number 0');
    switch (tag & 7) {
      case 0:
        this.halves();
        return;
      case 1:
        this.fixed64();
        return;
      case 2:
        this.pos = this.inside();
        return;
      case 5:
        if (this.pos + 4 > this.end) this.fail('cut off');
        this.pos += 4;
        return;
      default:
        this.fail(`unknown wire type ${tag & 7}`);
    }
  }

  /** Text of bytes [start, end). */
  text(start: number, end: number): string {
    return utf8(this.bytes, start, end);
  }
}
