import { WireError } from '../../pdata/wire-error.ts';

const two32 = 4294967296;

/** Protobuf's wire types. */
export const ProtoType = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;

/**
 * Pulls fields out of protobuf that nothing is known of: every length is checked. A field whose
 * wire type is not the expected one is a fault, as in generated code. All methods throw WireError.
 */
export class ProtoReader {
  readonly bytes: Uint8Array;
  pos = 0;
  end: number;
  /** Number and wire type of the field that {@link next} came to. */
  field = 0;
  type = 0;
  /** Range of what {@link range} read. */
  from = 0;
  to = 0;
  /** Low and high 32 bits, unsigned, of what {@link halves} and {@link fixed64} read. */
  lo = 0;
  hi = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.end = bytes.length;
  }

  fault(message: string): WireError {
    return new WireError(`cannot read protobuf at byte ${this.pos}: ${message}`, this.pos, '');
  }

  /** Stands on the message in bytes [from, to). */
  enter(from: number, to: number): void {
    this.pos = from;
    this.end = to;
  }

  /** Goes to the next field. @returns false at the end of the message */
  next(): boolean {
    if (this.pos >= this.end) return false;
    this.#varint();
    if (this.hi !== 0) throw this.fault('a tag of more than 32 bits');
    this.field = this.lo >>> 3;
    this.type = this.lo & 7;
    if (this.field === 0) throw this.fault('field number 0');
    return true;
  }

  #expect(type: number): void {
    if (this.type !== type) {
      throw this.fault(`field ${this.field} has wire type ${this.type}, expected ${type}`);
    }
  }

  #varint(): void {
    const b = this.bytes;
    let p = this.pos;
    let lo = 0;
    let hi = 0;
    for (let shift = 0; ; shift += 7) {
      if (p >= this.end || shift > 63) throw this.fault('a varint does not end');
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

  /** A varint's 64 bits into `lo` and `hi`. */
  halves(): void {
    this.#expect(ProtoType.varint);
    this.#varint();
  }

  /** A varint as an unsigned number, inexact beyond 2^53. */
  varint(): number {
    this.halves();
    return this.hi * two32 + this.lo;
  }

  /** A varint as a signed number, inexact beyond 2^53. */
  int64(): number {
    this.halves();
    return (this.hi | 0) * two32 + this.lo;
  }

  int32(): number {
    this.halves();
    return this.lo | 0;
  }

  bool(): boolean {
    this.halves();
    return this.lo !== 0 || this.hi !== 0;
  }

  fixed64(): void {
    this.#expect(ProtoType.fixed64);
    const at = this.#take(8);
    this.lo = this.#u32(at);
    this.hi = this.#u32(at + 4);
  }

  #u32(at: number): number {
    const b = this.bytes;
    return (b[at]! | (b[at + 1]! << 8) | (b[at + 2]! << 16) | (b[at + 3]! << 24)) >>> 0;
  }

  /** Text, bytes or a message as a range. */
  range(): void {
    this.#expect(ProtoType.bytes);
    this.#varint();
    if (this.hi !== 0) throw this.fault('a length of more than 32 bits');
    this.from = this.#take(this.lo);
    this.to = this.pos;
  }

  #take(count: number): number {
    const at = this.pos;
    if (count > this.end - at) throw this.fault('the bytes end too early');
    this.pos = at + count;
    return at;
  }

  /** Skips the value of the field. */
  skip(): void {
    if (this.type === ProtoType.varint) this.#varint();
    else if (this.type === ProtoType.fixed64) this.#take(8);
    else if (this.type === ProtoType.bytes) this.range();
    else if (this.type === ProtoType.fixed32) this.#take(4);
    else throw this.fault(`field ${this.field} has wire type ${this.type}, which is not used`);
  }
}
