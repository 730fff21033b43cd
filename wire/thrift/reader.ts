import { WireError } from '../../pdata/wire-error.ts';

/** Types of values, by the numbers that the binary protocol writes. */
export const ThriftType = {
  stop: 0,
  bool: 2,
  i8: 3,
  double: 4,
  i16: 6,
  i32: 8,
  i64: 10,
  /** Text and bytes alike. */
  string: 11,
  struct: 12,
  map: 13,
  set: 14,
  list: 15,
} as const;

/** Structs, lists and maps inside each other, at most. */
const maxThriftDepth = 64;

/**
 * Pulls values out of bytes in one of Thrift's protocols
 * (https://github.com/apache/thrift/blob/master/doc/specs). Bounds are checked at every step, and
 * the size of a container against the bytes that are left: no claim costs memory. All methods throw
 * WireError.
 */
export interface ThriftReader {
  readonly bytes: Uint8Array;
  pos: number;
  /** Of the field that {@link field} came to, or of the elements of a list or set. */
  type: number;
  fieldId: number;
  /** Range of what {@link string} read. */
  from: number;
  to: number;
  /** Low and high 32 bits, unsigned, of what {@link i64} read. */
  lo: number;
  hi: number;

  /** Starts a struct; ended by {@link field} returning false. */
  structBegin(): void;
  /** Goes to the next field. @returns false at the end of the struct */
  field(): boolean;
  bool(): boolean;
  i8(): number;
  i16(): number;
  i32(): number;
  i64(): void;
  double(): number;
  /** Text or bytes as a range. */
  string(): void;
  /** @returns the number of elements; their type is in `type` */
  list(): number;
  /** Skips a value of `type`. */
  skip(type: number): void;
  /** A message's head. @returns the method's name */
  messageBegin(): string;
}

/** What both protocols have in common. */
export abstract class ThriftBytes {
  readonly bytes: Uint8Array;
  pos = 0;
  type = 0;
  fieldId = 0;
  from = 0;
  to = 0;
  lo = 0;
  hi = 0;
  protected depth = 0;

  constructor(bytes: Uint8Array, pos = 0) {
    this.bytes = bytes;
    this.pos = pos;
  }

  fault(message: string, at = this.pos): WireError {
    return new WireError(`cannot read Thrift at byte ${at}: ${message}`, at, '');
  }

  /** Takes `count` bytes. @returns where they begin */
  protected take(count: number): number {
    const at = this.pos;
    if (count > this.bytes.length - at) throw this.fault('the bytes end too early');
    this.pos = at + count;
    return at;
  }

  protected enter(): void {
    this.depth += 1;
    if (this.depth > maxThriftDepth) throw this.fault(`values nest over ${maxThriftDepth} deep`);
  }

  /** A string's bytes, `size` of them. */
  protected range(size: number): void {
    if (size < 0) throw this.fault(`a text of ${size} bytes`);
    this.from = this.take(size);
    this.to = this.pos;
  }

  /** The size of a container whose elements take a byte each at least. */
  protected sized(count: number): number {
    if (count < 0 || count > this.bytes.length - this.pos) {
      throw this.fault(
        `a container of ${count} elements, with ${this.bytes.length - this.pos} bytes left`,
      );
    }
    return count;
  }

  protected methodName(): string {
    if (this.to - this.from > 256) throw this.fault('the name of a method is over 256 bytes');
    return Buffer.from(this.bytes.subarray(this.from, this.to)).toString('utf8');
  }

  abstract skip(type: number): void;
}

/** Skips a value by reading it. */
export function skipValue(r: ThriftReader, type: number): void {
  switch (type) {
    case ThriftType.bool:
      r.bool();
      return;
    case ThriftType.i8:
      r.i8();
      return;
    case ThriftType.i16:
      r.i16();
      return;
    case ThriftType.i32:
      r.i32();
      return;
    case ThriftType.i64:
      r.i64();
      return;
    case ThriftType.double:
      r.double();
      return;
    case ThriftType.string:
      r.string();
      return;
    case ThriftType.struct:
      r.structBegin();
      while (r.field()) r.skip(r.type);
      return;
    default:
      throw new WireError(`cannot read Thrift at byte ${r.pos}: unknown type ${type}`, r.pos, '');
  }
}
