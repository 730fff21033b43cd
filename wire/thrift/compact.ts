import { readHalves } from '../../pdata/proto/cursor.ts';
import { skipValue, ThriftBytes, type ThriftReader, ThriftType } from './reader.ts';

/** ThriftType of each compact type; 1 and 2 are the values true and false. */
const types: readonly number[] = [
  ThriftType.stop,
  ThriftType.bool,
  ThriftType.bool,
  ThriftType.i8,
  ThriftType.i16,
  ThriftType.i32,
  ThriftType.i64,
  ThriftType.double,
  ThriftType.string,
  ThriftType.list,
  ThriftType.set,
  ThriftType.map,
  ThriftType.struct,
];

const compactTrue = 1;
const scratch = new DataView(new ArrayBuffer(8));

/**
 * Thrift's compact protocol (thrift-compact-protocol.md):
 *
 *     field    (id delta 1..15 << 4 | type), or type and zigzag id; booleans are in the type
 *     struct   fields, 00                      string   size varint, bytes
 *     i16..64  zigzag varint                   double   eight bytes, little endian
 *     list     (size 0..14 << 4 | type), or F type and size varint; elements
 *     map      00 when empty, or size varint, (key type << 4 | value type), pairs
 *     message  82, (kind << 5 | 1), seqid varint, name, struct
 */
export class CompactReader extends ThriftBytes implements ThriftReader {
  /** Id of the last field of each open struct. */
  readonly #last: number[] = [];
  /** Value of the boolean field that {@link field} came to; -1 = it stands in its own byte. */
  #bool = -1;

  structBegin(): void {
    this.enter();
    this.#last[this.depth] = 0;
  }

  field(): boolean {
    const head = this.bytes[this.take(1)]!;
    if (head === 0) {
      this.depth -= 1;
      return false;
    }
    const kind = head & 15;
    const delta = head >> 4;
    this.fieldId = delta === 0 ? this.i16() : this.#last[this.depth]! + delta;
    this.#last[this.depth] = this.fieldId;
    this.type = this.#typeOf(kind);
    this.#bool = this.type === ThriftType.bool ? kind : -1;
    return true;
  }

  #typeOf(kind: number): number {
    const type = types[kind];
    if (type === undefined || type === ThriftType.stop) throw this.fault(`unknown type ${kind}`);
    return type;
  }

  bool(): boolean {
    const value = this.#bool >= 0 ? this.#bool : this.bytes[this.take(1)]!;
    this.#bool = -1;
    return value === compactTrue;
  }

  i8(): number {
    return (this.bytes[this.take(1)]! << 24) >> 24;
  }

  i16(): number {
    return (this.i32() << 16) >> 16;
  }

  i32(): number {
    const value = this.#varint();
    return (value >>> 1) ^ -(value & 1);
  }

  i64(): void {
    this.#halves();
    const { lo, hi } = this;
    const sign = -(lo & 1);
    this.lo = (((lo >>> 1) | (hi << 31)) ^ sign) >>> 0;
    this.hi = ((hi >>> 1) ^ sign) >>> 0;
  }

  #halves(): void {
    if (!readHalves(this, this.bytes.length)) throw this.fault('a varint does not end');
  }

  /** 32 bits, unsigned; bits beyond them are dropped. */
  #varint(): number {
    this.#halves();
    return this.lo;
  }

  double(): number {
    const at = this.take(8);
    for (let i = 0; i < 8; i += 1) scratch.setUint8(i, this.bytes[at + i]!);
    return scratch.getFloat64(0, true);
  }

  string(): void {
    this.range(this.#varint());
  }

  list(): number {
    const head = this.bytes[this.take(1)]!;
    const size = head >> 4 === 15 ? this.#varint() : head >> 4;
    this.type = this.#typeOf(head & 15);
    return this.sized(size);
  }

  skip(type: number): void {
    if (type === ThriftType.list || type === ThriftType.set) {
      const size = this.list();
      this.#elements(size, this.type, -1);
    } else if (type === ThriftType.map) {
      const size = this.sized(this.#varint());
      if (size === 0) return;
      const kinds = this.bytes[this.take(1)]!;
      this.#elements(size, this.#typeOf(kinds >> 4), this.#typeOf(kinds & 15));
    } else skipValue(this, type);
  }

  #elements(size: number, first: number, second: number): void {
    this.enter();
    for (let i = 0; i < size; i += 1) {
      this.skip(first);
      if (second >= 0) this.skip(second);
    }
    this.depth -= 1;
  }

  messageBegin(): string {
    const at = this.take(2);
    if (this.bytes[at] !== 0x82) throw this.fault('not a compact message', at);
    if ((this.bytes[at + 1]! & 31) !== 1) throw this.fault('the version of a message is not 1', at);
    this.#varint();
    this.string();
    return this.methodName();
  }
}
