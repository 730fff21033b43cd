/** Writing protobuf: an append-only buffer that grows, with nested messages closed afterwards. */

const encoder = new TextEncoder();

/** Bytes that a varint of `value` takes; 0 <= value < 2^53. */
export function varintSize(value: number): number {
  if (value < 128) return 1;
  if (value < 16384) return 2;
  if (value < 2097152) return 3;
  if (value < 268435456) return 4;
  let size = 5;
  for (let rest = value / 34359738368; rest >= 1; rest /= 128) size += 1;
  return size;
}

/** Writes a varint of `value` at `p`. @returns the byte after it */
export function putVarint(b: Uint8Array, at: number, value: number): number {
  let p = at;
  let rest = value;
  while (rest > 0x7fffffff) {
    b[p] = (rest % 128) | 128;
    p += 1;
    rest = Math.floor(rest / 128);
  }
  while (rest > 127) {
    b[p] = (rest & 127) | 128;
    p += 1;
    rest >>>= 7;
  }
  b[p] = rest;
  return p + 1;
}

/** Is asked for memory before it is taken. */
export interface WriterMemory {
  /** @throws when there is no room for so many bytes more */
  reserve(bytes: number): void;
  /** Gives back what was reserved. */
  release(bytes: number): void;
}

/**
 * Appends fields. A nested message is `const at = w.open(field)`, its fields, `w.close(at)`; its
 * length takes as many bytes as it needs (the body is moved when the guess was wrong).
 */
export class Writer {
  bytes: Uint8Array<ArrayBuffer>;
  length = 0;
  #view: DataView;
  readonly #memory: WriterMemory | undefined;

  /** @param memory gets `capacity` bytes and all growth; the buffer stays reserved with it */
  constructor(capacity = 1024, memory?: WriterMemory) {
    memory?.reserve(capacity);
    this.#memory = memory;
    this.bytes = new Uint8Array(capacity);
    this.#view = new DataView(this.bytes.buffer);
  }

  /** Makes room for `count` more bytes. */
  need(count: number): void {
    if (this.length + count > this.bytes.length) this.#grow(count);
  }

  #grow(count: number): void {
    const before = this.bytes.length;
    const size = Math.max(before * 2, this.length + count);
    this.#memory?.reserve(size);
    const bytes = new Uint8Array(size);
    bytes.set(this.bytes.subarray(0, this.length));
    this.#memory?.release(before);
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer);
  }

  varint(value: number): void {
    this.need(10);
    this.length = putVarint(this.bytes, this.length, value);
  }

  /** A varint of 64 bits given as unsigned halves. */
  varintHalves(lo: number, hi: number): void {
    this.need(10);
    const b = this.bytes;
    let low = lo >>> 0;
    let high = hi >>> 0;
    while (high > 0 || low > 127) {
      b[this.length] = (low & 127) | 128;
      this.length += 1;
      low = ((low >>> 7) | (high << 25)) >>> 0;
      high >>>= 7;
    }
    b[this.length] = low;
    this.length += 1;
  }

  tag(field: number, wireType: number): void {
    const tag = field * 8 + wireType;
    this.need(10);
    if (tag < 128) {
      this.bytes[this.length] = tag;
      this.length += 1;
    } else this.length = putVarint(this.bytes, this.length, tag);
  }

  uintField(field: number, value: number): void {
    this.tag(field, 0);
    this.varint(value);
  }

  /** A signed integer as int32/int64 are written: two's complement of 64 bits. */
  intField(field: number, value: number | bigint): void {
    this.tag(field, 0);
    if (typeof value === 'bigint') {
      const bits = BigInt.asUintN(64, value);
      this.varintHalves(Number(bits & 0xffffffffn), Number(bits >> 32n));
    } else if (value >= 0) this.varint(value);
    else this.varintHalves(value >>> 0, Math.floor(value / 4294967296) >>> 0);
  }

  /** A sint32 (zigzag). */
  sint32Field(field: number, value: number): void {
    this.tag(field, 0);
    this.varint(((value << 1) ^ (value >> 31)) >>> 0);
  }

  /** A sint64 (zigzag) without a tag; exact for safe integers. */
  sint64(value: number): void {
    const half = value < 0 ? -value - 1 : value;
    this.varintHalves((half % 2147483648) * 2 + (value < 0 ? 1 : 0), Math.floor(half / 2147483648));
  }

  fixed32Field(field: number, value: number): void {
    this.tag(field, 5);
    this.need(4);
    this.#view.setUint32(this.length, value, true);
    this.length += 4;
  }

  /** Eight bytes given as unsigned halves. */
  fixed64Field(field: number, lo: number, hi: number): void {
    this.tag(field, 1);
    this.fixed64(lo, hi);
  }

  fixed64(lo: number, hi: number): void {
    this.need(8);
    this.#view.setUint32(this.length, lo, true);
    this.#view.setUint32(this.length + 4, hi, true);
    this.length += 8;
  }

  bigFixed64Field(field: number, value: bigint): void {
    this.tag(field, 1);
    this.need(8);
    this.#view.setBigUint64(this.length, BigInt.asUintN(64, value), true);
    this.length += 8;
  }

  doubleField(field: number, value: number): void {
    this.tag(field, 1);
    this.double(value);
  }

  double(value: number): void {
    this.need(8);
    this.#view.setFloat64(this.length, value, true);
    this.length += 8;
  }

  bytesField(field: number, value: Uint8Array): void {
    this.tag(field, 2);
    this.varint(value.length);
    this.raw(value);
  }

  /** Text as UTF-8; lone surrogates become U+FFFD. */
  stringField(field: number, value: string): void {
    this.tag(field, 2);
    this.string(value);
  }

  /** Length and UTF-8 of `value`. */
  string(value: string): void {
    const units = value.length;
    this.need(units * 3 + 5);
    const at = this.length;
    if (units < 128) {
      const b = this.bytes;
      let i = 0;
      for (; i < units; i += 1) {
        const code = value.charCodeAt(i);
        if (code > 127) break;
        b[at + 1 + i] = code;
      }
      if (i === units) {
        b[at] = units;
        this.length = at + 1 + units;
        return;
      }
    }
    const guess = varintSize(units);
    const written = encoder.encodeInto(value, this.bytes.subarray(at + guess)).written;
    this.#length(at, guess, written);
  }

  raw(value: Uint8Array): void {
    this.need(value.length);
    this.bytes.set(value, this.length);
    this.length += value.length;
  }

  /** Bytes of another buffer; short ones without a view object. */
  copy(source: Uint8Array, from: number, to: number): void {
    const count = to - from;
    this.need(count);
    if (count <= 64) {
      const b = this.bytes;
      let p = this.length;
      for (let i = from; i < to; i += 1, p += 1) b[p] = source[i]!;
    } else this.bytes.set(source.subarray(from, to), this.length);
    this.length += count;
  }

  /** Starts a nested message; `guess` = bytes that its length will probably take, 1 to 5. */
  open(field: number, guess = 1): number {
    this.tag(field, 2);
    this.need(guess);
    const at = this.length * 8 + guess;
    this.length += guess;
    return at;
  }

  /** Ends the nested message that {@link open} started; nested ones are closed first. */
  close(opened: number): void {
    const at = Math.floor(opened / 8);
    const guess = opened % 8;
    this.#length(at, guess, this.length - at - guess);
  }

  /** Puts the length of a body that begins `guess` bytes after `at`, moving it if need be. */
  #length(at: number, guess: number, size: number): void {
    const actual = varintSize(size);
    if (actual !== guess) {
      this.need(at + actual + size - this.length);
      this.bytes.copyWithin(at + actual, at + guess, at + guess + size);
    }
    putVarint(this.bytes, at, size);
    this.length = at + actual + size;
  }

  /** Takes out bytes [from, to) that were written. */
  cut(from: number, to: number): void {
    this.bytes.copyWithin(from, to, this.length);
    this.length -= to - from;
  }

  /**
   * What was written, in this writer's buffer, or in one of its own size where that is much less
   * and there is room for both: for the last call.
   */
  finish(): Uint8Array<ArrayBuffer> {
    const whole = this.bytes.subarray(0, this.length);
    if (this.length * 4 >= this.bytes.length * 3) return whole;
    try {
      this.#memory?.reserve(this.length);
    } catch {
      return whole;
    }
    this.#memory?.release(this.bytes.length);
    return this.take();
  }

  /** What was written, in a buffer of its own; the writer starts anew and keeps its buffer. */
  take(): Uint8Array<ArrayBuffer> {
    const out = this.bytes.slice(0, this.length);
    this.length = 0;
    return out;
  }
}
