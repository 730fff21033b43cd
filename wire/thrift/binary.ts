import { skipValue, ThriftBytes, type ThriftReader, ThriftType } from './reader.ts';

const scratch = new DataView(new ArrayBuffer(8));

/**
 * Thrift's binary protocol (thrift-binary-protocol.md), big endian:
 *
 *     field    type i8, id i16, value          struct   fields, 00
 *     string   size i32, bytes                 list     type i8, size i32, elements
 *     map      key type i8, value type i8, size i32, pairs
 *     message  80 01 00 kind, name, seqid i32, struct
 *     message  name, kind i8, seqid i32, struct            (the older form)
 */
export class BinaryReader extends ThriftBytes implements ThriftReader {
  structBegin(): void {
    this.enter();
  }

  field(): boolean {
    const type = this.bytes[this.take(1)]!;
    if (type === ThriftType.stop) {
      this.depth -= 1;
      return false;
    }
    this.type = type;
    this.fieldId = this.i16();
    return true;
  }

  bool(): boolean {
    return this.bytes[this.take(1)] === 1;
  }

  i8(): number {
    return (this.bytes[this.take(1)]! << 24) >> 24;
  }

  i16(): number {
    const at = this.take(2);
    const b = this.bytes;
    return ((b[at]! << 24) | (b[at + 1]! << 16)) >> 16;
  }

  i32(): number {
    const at = this.take(4);
    const b = this.bytes;
    return (b[at]! << 24) | (b[at + 1]! << 16) | (b[at + 2]! << 8) | b[at + 3]!;
  }

  i64(): void {
    this.hi = this.i32() >>> 0;
    this.lo = this.i32() >>> 0;
  }

  double(): number {
    this.i64();
    scratch.setUint32(0, this.hi);
    scratch.setUint32(4, this.lo);
    return scratch.getFloat64(0);
  }

  string(): void {
    this.range(this.i32());
  }

  list(): number {
    const type = this.bytes[this.take(1)]!;
    const size = this.i32();
    this.type = type;
    return this.sized(size);
  }

  skip(type: number): void {
    if (type === ThriftType.list || type === ThriftType.set) {
      const size = this.list();
      this.#elements(size, this.type, -1);
    } else if (type === ThriftType.map) {
      const at = this.take(2);
      const size = this.sized(this.i32());
      this.#elements(size, this.bytes[at]!, this.bytes[at + 1]!);
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
    const head = this.i32();
    if (head < 0) {
      if (head >>> 16 !== 0x8001)
        throw this.fault('the version of a message is not 1', this.pos - 4);
      this.string();
    } else {
      this.range(head);
      this.take(1);
    }
    const name = this.methodName();
    this.i32();
    return name;
  }
}
