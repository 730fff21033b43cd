import { ByteBuffer } from './byte-buffer.ts';
import { Dictionary, doubled } from './dictionary.ts';

/**
 * One column of a block under construction. Rows are appended by the methods of each class; every
 * column of a block has as many rows as the block when it is written.
 *
 * In the Native format a column is `name, type, prefix, data`, strings as varint length and bytes.
 * A prefix is written once, in front of all data of a column, also for parts nested in it: the
 * version (UInt64 1) of each LowCardinality inside. Source: ClickHouse's
 * SerializationLowCardinality, SerializationArray, SerializationMap as read by input format Native.
 */
export interface Column {
  readonly name: string;
  /** ClickHouse type. */
  readonly type: string;
  /** Bytes of the data so far, without those of the prefix and of the header. */
  byteSize(): number;
  writePrefix(out: ByteBuffer): void;
  writeData(out: ByteBuffer): void;
  /** Forgets all rows; keeps memory that recent use justifies. */
  reset(): void;
}

/** Values of fixed width, written into `data` directly: numbers, times, FixedString. */
export class FixedColumn implements Column {
  readonly name: string;
  readonly type: string;
  readonly data = new ByteBuffer(1024);

  constructor(name: string, type: string) {
    this.name = name;
    this.type = type;
  }

  byteSize(): number {
    return this.data.length;
  }

  writePrefix(): void {}

  writeData(out: ByteBuffer): void {
    out.copy(this.data.bytes, 0, this.data.length);
  }

  reset(): void {
    this.data.reset();
  }
}

/** Type String: each row is a varint length and the bytes. */
export class StringColumn implements Column {
  readonly name: string;
  readonly type: string = 'String';
  readonly data = new ByteBuffer(1024);

  constructor(name: string) {
    this.name = name;
  }

  put(source: Uint8Array, start: number, end: number): void {
    this.data.varint(end - start);
    this.data.copy(source, start, end);
  }

  putEmpty(): void {
    this.data.u8(0);
  }

  /** Lower-case hexadecimal of `[start, end)`; the empty string when all its bytes are zero. */
  putHexOrEmpty(source: Uint8Array, start: number, end: number): void {
    let any = 0;
    for (let i = start; i < end; i++) any |= source[i]!;
    if (any === 0) this.data.u8(0);
    else this.putHex(source, start, end);
  }

  /** Lower-case hexadecimal of `[start, end)`, at most 63 bytes. */
  putHex(source: Uint8Array, start: number, end: number): void {
    const data = this.data;
    data.reserve((end - start) * 2 + 1);
    const bytes = data.bytes;
    let at = data.length;
    bytes[at++] = (end - start) * 2;
    for (let i = start; i < end; i++) {
      const value = source[i]!;
      const high = value >>> 4;
      const low = value & 15;
      bytes[at++] = high + (high > 9 ? 87 : 48);
      bytes[at++] = low + (low > 9 ? 87 : 48);
    }
    data.length = at;
  }

  byteSize(): number {
    return this.data.length;
  }

  writePrefix(): void {}

  writeData(out: ByteBuffer): void {
    out.copy(this.data.bytes, 0, this.data.length);
  }

  reset(): void {
    this.data.reset();
  }
}

/**
 * Type LowCardinality(String): a dictionary and an index a row.
 *
 *     prefix  UInt64 version = 1
 *     data    nothing when there is no row, otherwise
 *             UInt64 flags: bit 9 additional keys, bit 10 new dictionary, low byte 0 | 1 | 2 | 3
 *             for indexes of 1 | 2 | 4 | 8 bytes
 *             UInt64 keys, then the keys as strings, UInt64 rows, then the indexes
 */
export class LowCardinalityColumn implements Column {
  readonly name: string;
  readonly type: string = 'LowCardinality(String)';
  readonly keys = new Dictionary();
  #indexes = new Int32Array(256);
  rows = 0;

  constructor(name: string) {
    this.name = name;
  }

  put(source: Uint8Array, start: number, end: number): void {
    this.putId(this.keys.id(source, start, end));
  }

  /** One more row with a number that `keys.id` gave since the last reset. */
  putId(id: number): void {
    if (this.rows === this.#indexes.length) this.#indexes = doubled(this.#indexes);
    this.#indexes[this.rows++] = id;
  }

  /** The number in row `row`. */
  idAt(row: number): number {
    return this.#indexes[row]!;
  }

  byteSize(): number {
    if (this.rows === 0) return 0;
    return 24 + this.keys.content.length + this.rows * this.#indexWidth();
  }

  #indexWidth(): number {
    if (this.keys.size <= 0x100) return 1;
    return this.keys.size <= 0x1_0000 ? 2 : 4;
  }

  writePrefix(out: ByteBuffer): void {
    out.count64(1);
  }

  writeData(out: ByteBuffer): void {
    if (this.rows === 0) return;
    const width = this.#indexWidth();
    out.count64(0x600 | (width >>> 1));
    out.count64(this.keys.size);
    out.copy(this.keys.content.bytes, 0, this.keys.content.length);
    out.count64(this.rows);
    out.reserve(this.rows * width);
    const bytes = out.bytes;
    const indexes = this.#indexes;
    let at = out.length;
    for (let row = 0; row < this.rows; row++) {
      const id = indexes[row]!;
      bytes[at++] = id;
      if (width > 1) bytes[at++] = id >>> 8;
      if (width > 2) {
        bytes[at++] = id >>> 16;
        bytes[at++] = id >>> 24;
      }
    }
    out.length = at;
  }

  reset(): void {
    this.keys.reset();
    this.rows = 0;
    if (this.#indexes.length > 1 << 18) this.#indexes = new Int32Array(256);
  }
}

/** End positions of arrays: UInt64 for each row, counted in elements from the block's start. */
class Offsets {
  readonly data = new ByteBuffer(1024);
  /** Elements of all rows. */
  total = 0;

  /** Ends a row after `count` more elements. */
  end(count: number): void {
    this.total += count;
    this.data.count64(this.total);
  }

  reset(): void {
    this.total = 0;
    this.data.reset();
  }
}

/**
 * Type Array(T): offsets, then the elements as one column. Two columns of one Nested structure each
 * have offsets of their own, as the format wants them.
 */
export class ArrayColumn<C extends Column> implements Column {
  readonly name: string;
  readonly type: string;
  readonly offsets = new Offsets();
  readonly items: C;

  constructor(name: string, items: C) {
    this.name = name;
    this.type = `Array(${items.type})`;
    this.items = items;
  }

  byteSize(): number {
    return this.offsets.data.length + this.items.byteSize();
  }

  writePrefix(out: ByteBuffer): void {
    this.items.writePrefix(out);
  }

  writeData(out: ByteBuffer): void {
    out.copy(this.offsets.data.bytes, 0, this.offsets.data.length);
    this.items.writeData(out);
  }

  reset(): void {
    this.offsets.reset();
    this.items.reset();
  }
}

/** Type Map(LowCardinality(String), V): offsets, keys, values, as an array of pairs. */
export class MapColumn<V extends Column> implements Column {
  readonly name: string;
  readonly type: string;
  readonly offsets = new Offsets();
  readonly keys = new LowCardinalityColumn('');
  readonly values: V;

  constructor(name: string, values: V) {
    this.name = name;
    this.type = `Map(LowCardinality(String), ${values.type})`;
    this.values = values;
  }

  byteSize(): number {
    return this.offsets.data.length + this.keys.byteSize() + this.values.byteSize();
  }

  writePrefix(out: ByteBuffer): void {
    this.keys.writePrefix(out);
    this.values.writePrefix(out);
  }

  writeData(out: ByteBuffer): void {
    out.copy(this.offsets.data.bytes, 0, this.offsets.data.length);
    this.keys.writeData(out);
    this.values.writeData(out);
  }

  reset(): void {
    this.offsets.reset();
    this.keys.reset();
    this.values.reset();
  }
}
