import type { Value, ValueMap } from '../../expr/index.ts';

/** Bytes that are no MessagePack, or not what the protocol wants. */
export class MsgpackError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'MsgpackError';
  }
}

/** Kinds of values by their first byte (https://github.com/msgpack/msgpack/blob/master/spec.md). */
export type Kind = 'nil' | 'bool' | 'int' | 'float' | 'str' | 'bin' | 'array' | 'map' | 'ext';

/** Values inside values that are followed. */
const maxDepth = 50;

function kindOf(byte: number): Kind {
  if (byte <= 0x7f || byte >= 0xe0) return 'int';
  if (byte <= 0x8f) return 'map';
  if (byte <= 0x9f) return 'array';
  if (byte <= 0xbf) return 'str';
  return kinds[byte - 0xc0] ?? fail(byte);
}

function fail(byte: number): never {
  throw new MsgpackError(`byte 0x${byte.toString(16)} begins no value`);
}

const kinds: readonly (Kind | undefined)[] = [
  ...(['nil', undefined, 'bool', 'bool', 'bin', 'bin', 'bin', 'ext', 'ext', 'ext'] as const),
  ...(['float', 'float', 'int', 'int', 'int', 'int', 'int', 'int', 'int', 'int'] as const),
  ...(['ext', 'ext', 'ext', 'ext', 'ext', 'str', 'str', 'str', 'array', 'array'] as const),
  ...(['map', 'map'] as const),
];

/** Bytes of a value without its elements, and elements that follow it. */
function shape(data: Buffer, at: number): { size: number; elements: number } | undefined {
  const byte = data[at]!;
  if (byte <= 0x7f || byte >= 0xe0) return { size: 1, elements: 0 };
  if (byte <= 0x8f) return { size: 1, elements: (byte & 15) * 2 };
  if (byte <= 0x9f) return { size: 1, elements: byte & 15 };
  if (byte <= 0xbf) return { size: 1 + (byte & 31), elements: 0 };
  const fixed = fixedSizes[byte];
  if (fixed !== undefined) return { size: fixed, elements: 0 };
  const width = widths[byte];
  if (width === undefined) fail(byte);
  if (at + 1 + width > data.length) return undefined;
  const count = data.readUIntBE(at + 1, width);
  if (byte >= 0xdc) return { size: 1 + width, elements: byte >= 0xde ? count * 2 : count };
  return { size: 1 + width + count + (byte >= 0xc7 && byte <= 0xc9 ? 1 : 0), elements: 0 };
}

const fixedSizes: Readonly<Record<number, number>> = {
  ...{ 192: 1, 194: 1, 195: 1, 202: 5, 203: 9, 204: 2, 205: 3, 206: 5, 207: 9 },
  ...{ 208: 2, 209: 3, 210: 5, 211: 9, 212: 3, 213: 4, 214: 6, 215: 10, 216: 18 },
};
/** Bytes of the length that follows. */
const widths: Readonly<Record<number, number>> = {
  ...{ 196: 1, 197: 2, 198: 4, 199: 1, 200: 2, 201: 4 },
  ...{ 217: 1, 218: 2, 219: 4, 220: 2, 221: 4, 222: 2, 223: 4 },
};

/** Finds where a value ends that comes in pieces; goes on where it stopped. */
export class ValueEnd {
  #at = 0;
  #left = 1;

  /**
   * @param data the value's bytes so far, from its beginning
   * @returns where it ends; -1 when it goes on
   * @throws MsgpackError
   */
  find(data: Buffer): number {
    while (this.#left > 0) {
      if (this.#at >= data.length) return -1;
      const found = shape(data, this.#at);
      if (found === undefined) return -1;
      this.#at += found.size;
      this.#left += found.elements - 1;
    }
    return this.#at <= data.length ? this.#at : -1;
  }

  /** The first byte that is wanted at least. */
  get wanted(): number {
    return this.#at;
  }

  reset(): void {
    this.#at = 0;
    this.#left = 1;
  }
}

/** Reads values of a buffer one after the other. @throws MsgpackError from every method */
export class MsgpackReader {
  readonly #data: Buffer;
  at: number;

  constructor(data: Buffer, at = 0) {
    this.#data = data;
    this.at = at;
  }

  get done(): boolean {
    return this.at >= this.#data.length;
  }

  peek(): Kind {
    if (this.done) throw new MsgpackError('unexpected end');
    return kindOf(this.#data[this.at]!);
  }

  #need(count: number): number {
    const at = this.at;
    if (at + count > this.#data.length) throw new MsgpackError('unexpected end');
    this.at += count;
    return at;
  }

  #length(kind: 'array' | 'map', fix: number): number {
    if (this.peek() !== kind) throw new MsgpackError(`expected ${kind}, got ${this.peek()}`);
    const byte = this.#data[this.#need(1)]!;
    if (byte < 0xc0) return byte - fix;
    const width = widths[byte]!;
    return this.#data.readUIntBE(this.#need(width), width);
  }

  array(): number {
    return this.#length('array', 0x90);
  }

  map(): number {
    return this.#length('map', 0x80);
  }

  /** The bytes of a text or a binary value. */
  bytes(): Buffer {
    const kind = this.peek();
    if (kind !== 'str' && kind !== 'bin') throw new MsgpackError(`expected a text, got ${kind}`);
    const byte = this.#data[this.#need(1)]!;
    const width = byte < 0xc0 ? 0 : widths[byte]!;
    const size = width === 0 ? byte & 31 : this.#data.readUIntBE(this.#need(width), width);
    const at = this.#need(size);
    return this.#data.subarray(at, at + size);
  }

  text(): string {
    return this.bytes().toString();
  }

  /** An integer; those above 2^63-1 too. */
  int(): bigint {
    const byte = this.#data[this.#need(1)]!;
    const d = this.#data;
    if (byte <= 0x7f) return BigInt(byte);
    if (byte >= 0xe0) return BigInt(byte - 256);
    switch (byte) {
      case 0xcf:
        return d.readBigUInt64BE(this.#need(8));
      case 0xd3:
        return d.readBigInt64BE(this.#need(8));
      case 0xd0:
        return BigInt(d.readInt8(this.#need(1)));
      case 0xd1:
        return BigInt(d.readInt16BE(this.#need(2)));
      case 0xd2:
        return BigInt(d.readInt32BE(this.#need(4)));
      default: {
        const width = 1 << (byte - 0xcc);
        return BigInt(d.readUIntBE(this.#need(width), width));
      }
    }
  }

  /** An extension: its type and bytes. */
  ext(): { readonly type: number; readonly bytes: Buffer } {
    const byte = this.#data[this.#need(1)]!;
    const width = widths[byte] ?? 0;
    const size = width === 0 ? 1 << (byte - 0xd4) : this.#data.readUIntBE(this.#need(width), width);
    const type = this.#data.readInt8(this.#need(1));
    const at = this.#need(size);
    return { type, bytes: this.#data.subarray(at, at + size) };
  }

  /** Any value; binary ones are texts, as logs have them. */
  value(depth = 0): Value {
    if (depth > maxDepth) throw new MsgpackError(`values nest deeper than ${maxDepth} levels`);
    switch (this.peek()) {
      case 'nil':
        this.at += 1;
        return null;
      case 'bool':
        return this.#data[this.#need(1)] === 0xc3;
      case 'int': {
        const value = this.int();
        return value > 0x7fffffffffffffffn ? value.toString() : value;
      }
      case 'float': {
        const double = this.#data[this.#need(1)] === 0xcb;
        return double
          ? this.#data.readDoubleBE(this.#need(8))
          : this.#data.readFloatBE(this.#need(4));
      }
      case 'str':
      case 'bin':
        return this.text();
      case 'array': {
        const count = this.array();
        const list: Value[] = [];
        for (let i = 0; i < count; i += 1) list.push(this.value(depth + 1));
        return list;
      }
      case 'map': {
        const count = this.map();
        const map: ValueMap = new Map();
        for (let i = 0; i < count; i += 1) {
          const key = this.text();
          map.set(key, this.value(depth + 1));
        }
        return map;
      }
      case 'ext': {
        const { type, bytes } = this.ext();
        return `ext(${type}) ${bytes.toString('hex')}`;
      }
    }
  }
}

/** `{key: value}` with short texts. */
export function encodePair(key: string, value: string): Buffer {
  return Buffer.concat([Buffer.of(0x81), encodeText(key), encodeText(value)]);
}

function encodeText(text: string): Buffer {
  const bytes = Buffer.from(text);
  const n = bytes.length;
  if (n < 32) return Buffer.concat([Buffer.of(0xa0 | n), bytes]);
  if (n < 256) return Buffer.concat([Buffer.of(0xd9, n), bytes]);
  const head = Buffer.of(0xdb, 0, 0, 0, 0);
  head.writeUInt32BE(n, 1);
  return Buffer.concat([head, bytes]);
}
