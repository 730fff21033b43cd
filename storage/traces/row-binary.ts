import { Pace, type Steps } from '../steps.ts';

/**
 * Reads ClickHouse's RowBinary: values of a row one after the other without separators; integers
 * little-endian, strings and arrays behind a LEB128 length, maps as arrays of pairs (LowCardinality
 * is as its inner type).
 */
export class RowBinaryReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Bytes that were read. */
  get position(): number {
    return this.#at;
  }

  /** Whether all was read. */
  get done(): boolean {
    return this.#at >= this.#bytes.length;
  }

  /** @throws RangeError when the answer ends within a value, as all methods do */
  #take(length: number): number {
    const start = this.#at;
    if (length > this.#bytes.length - start) {
      throw new RangeError(
        `cannot read RowBinary: ${length} bytes wanted at ${start}, end reached`,
      );
    }
    this.#at = start + length;
    return start;
  }

  length(): number {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = this.#bytes[this.#take(1)]!;
      value += (byte & 127) * factor;
      if (byte < 128) return value;
      if (factor > 2 ** 42) throw new RangeError('cannot read RowBinary: length over 2^49');
    }
  }

  uint8(): number {
    return this.#bytes[this.#take(1)]!;
  }

  uint32(): number {
    return this.#bytes.readUInt32LE(this.#take(4));
  }

  uint64(): bigint {
    return this.#bytes.readBigUInt64LE(this.#take(8));
  }

  int64(): bigint {
    return this.#bytes.readBigInt64LE(this.#take(8));
  }

  float64(): number {
    return this.#bytes.readDoubleLE(this.#take(8));
  }

  string(): string {
    const length = this.length();
    const start = this.#take(length);
    return this.#bytes.toString('utf8', start, start + length);
  }

  /** FixedString as lower-case hex digits. */
  hex(length: number): string {
    const start = this.#take(length);
    return this.#bytes.toString('hex', start, start + length);
  }

  array<T>(item: () => T): T[] {
    const count = this.length();
    const items: T[] = [];
    for (let i = 0; i < count; i++) items.push(item());
    return items;
  }

  /** Calls `entry` for each pair of a map, the key read, the value to be read by it. */
  map(entry: (key: string) => void): void {
    const count = this.length();
    for (let i = 0; i < count; i++) entry(this.string());
  }
}

/** Bytes of a row that take as long to read as one piece of other work. */
const pieceBytes = 32;

/** Reads all rows. @param readRow reads one */
export function* eachRow(r: RowBinaryReader, readRow: (r: RowBinaryReader) => void): Steps<void> {
  const pace = new Pace();
  while (!r.done) {
    const before = r.position;
    readRow(r);
    if (pace.due((r.position - before) / pieceBytes)) yield;
  }
}
