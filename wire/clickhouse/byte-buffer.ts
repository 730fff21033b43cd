/** Capacity below which a buffer is never shrunk. */
const SMALL = 64 * 1024;

/**
 * Append-only bytes that are kept between uses.
 *
 * Growth doubles; `reset()` gives memory back when the last uses needed less than a quarter of it.
 * Fields are public for hot loops: `bytes[0..length)` is what was written, and who writes past
 * `length` calls `reserve` first and reads `bytes` again after it.
 */
export class ByteBuffer {
  bytes: Uint8Array;
  length = 0;
  #view: DataView | undefined;
  #recentPeak = 0;

  constructor(capacity = 1024) {
    this.bytes = new Uint8Array(capacity);
  }

  /** Makes room for `extra` bytes; may replace `bytes`. */
  reserve(extra: number): void {
    if (this.length + extra > this.bytes.length) this.#grow(this.length + extra);
  }

  #grow(needed: number): void {
    const larger = new Uint8Array(Math.max(this.bytes.length * 2, needed));
    larger.set(this.bytes.subarray(0, this.length));
    this.bytes = larger;
    this.#view = undefined;
  }

  /** Forgets the content. */
  reset(): void {
    this.#recentPeak = Math.max(this.length, this.#recentPeak >>> 1);
    const capacity = this.bytes.length;
    if (capacity > SMALL && this.#recentPeak * 4 < capacity) {
      this.bytes = new Uint8Array(Math.max(SMALL, this.#recentPeak * 2));
      this.#view = undefined;
    }
    this.length = 0;
  }

  #data(): DataView {
    this.#view ??= new DataView(this.bytes.buffer);
    return this.#view;
  }

  u8(value: number): void {
    this.reserve(1);
    this.bytes[this.length++] = value;
  }

  /** Unsigned 32 bits, little-endian. */
  u32(value: number): void {
    this.reserve(4);
    const bytes = this.bytes;
    const at = this.length;
    bytes[at] = value;
    bytes[at + 1] = value >>> 8;
    bytes[at + 2] = value >>> 16;
    bytes[at + 3] = value >>> 24;
    this.length = at + 4;
  }

  /** Unsigned 64 bits as two halves, little-endian. */
  u64(low: number, high: number): void {
    this.u32(low);
    this.u32(high);
  }

  /** A non-negative safe integer as unsigned 64 bits. */
  count64(value: number): void {
    this.u32(value >>> 0);
    this.u32((value / 0x1_0000_0000) >>> 0);
  }

  f64(value: number): void {
    this.reserve(8);
    this.#data().setFloat64(this.length, value, true);
    this.length += 8;
  }

  /** LEB128 of an integer below 2^31. */
  varint(value: number): void {
    this.reserve(5);
    const bytes = this.bytes;
    let at = this.length;
    let rest = value;
    while (rest > 127) {
      bytes[at++] = (rest & 127) | 128;
      rest >>>= 7;
    }
    bytes[at++] = rest;
    this.length = at;
  }

  /** Bytes `[start, end)` of `source`. */
  copy(source: Uint8Array, start: number, end: number): void {
    const size = end - start;
    this.reserve(size);
    const bytes = this.bytes;
    let at = this.length;
    if (size <= 64) {
      for (let i = start; i < end; i++) bytes[at++] = source[i]!;
    } else {
      bytes.set(source.subarray(start, end), at);
    }
    this.length += size;
  }

  /** Eight bytes as they are: fixed64 and double are little-endian in protobuf and in Native. */
  copy8(source: Uint8Array, start: number): void {
    this.reserve(8);
    const bytes = this.bytes;
    const at = this.length;
    bytes[at] = source[start]!;
    bytes[at + 1] = source[start + 1]!;
    bytes[at + 2] = source[start + 2]!;
    bytes[at + 3] = source[start + 3]!;
    bytes[at + 4] = source[start + 4]!;
    bytes[at + 5] = source[start + 5]!;
    bytes[at + 6] = source[start + 6]!;
    bytes[at + 7] = source[start + 7]!;
    this.length = at + 8;
  }

  /** Text of one byte a character, without its length. */
  latin1(text: string): void {
    const size = text.length;
    this.reserve(size);
    const bytes = this.bytes;
    const at = this.length;
    for (let i = 0; i < size; i++) bytes[at + i] = text.charCodeAt(i);
    this.length = at + size;
  }

  zeros(size: number): void {
    this.reserve(size);
    this.bytes.fill(0, this.length, this.length + size);
    this.length += size;
  }

  /** What was written, as a view that the next write may invalidate. */
  view(): Uint8Array {
    return this.bytes.subarray(0, this.length);
  }
}
