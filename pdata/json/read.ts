import { checkTable, Flag, fieldsPerMessage } from '../check-table.ts';
import { Writer, type WriterMemory } from '../proto/writer.ts';
import { type Field, type Message, message, messages, type ValueKind } from '../schema.ts';
import { WireError } from '../wire-error.ts';
import { fieldNames } from './field-names.ts';
import { JsonFault, Scanner } from './scanner.ts';
import { WrittenFields } from './written-fields.ts';

const anyValue = message('AnyValue').index;
const metric = message('Metric');

/** The data fields of a metric, of which it has at most one, as bits by number. */
const dataBits = metric.fields
  .filter(({ number }) => {
    return (checkTable[metric.index * fieldsPerMessage + number]! & Flag.once) !== 0;
  })
  .reduce((bits, { number }) => bits | (1 << number), 0);

const maxUint64 = 0xffffffffffffffffn;

/** Lowest and highest value of each integer kind. */
const ranges: Partial<Record<ValueKind, readonly [bigint, bigint]>> = {
  int32: [-2147483648n, 2147483647n],
  sint32: [-2147483648n, 2147483647n],
  uint32: [0n, 4294967295n],
  fixed32: [0n, 4294967295n],
  int64: [-9223372036854775808n, 9223372036854775807n],
  sfixed64: [-9223372036854775808n, 9223372036854775807n],
  uint64: [0n, maxUint64],
  fixed64: [0n, maxUint64],
};

/** Writes OTLP/JSON as protobuf, guided by the field tables. */
class JsonReader {
  readonly #in: Scanner;
  readonly #out: Writer;
  readonly #path: string[] = [];
  readonly #written = new WrittenFields();
  readonly #maxNesting: number;

  constructor(bytes: Uint8Array, maxNesting: number, memory: WriterMemory | undefined) {
    this.#in = new Scanner(bytes);
    this.#out = new Writer(bytes.length + 64, memory);
    this.#maxNesting = maxNesting;
  }

  read(root: Message): Uint8Array {
    try {
      this.#message(root, this.#maxNesting);
      if (this.#in.peek() >= 0) throw this.#in.fault('the end');
    } catch (error) {
      if (!(error instanceof JsonFault)) throw error;
      const path = this.#path.join('.').replaceAll('.[', '[');
      const what = path === '' ? 'request' : path;
      throw new WireError(
        `cannot read JSON ${what} at byte ${error.offset}: ${error.message}`,
        error.offset,
        path,
      );
    }
    return this.#out.finish();
  }

  /** The fields of an object; the caller opened the message. */
  #message(msg: Message, nesting: number): void {
    const input = this.#in;
    const names = fieldNames[msg.index]!;
    const written = this.#written;
    let seen = 0;
    input.expect(0x7b);
    if (input.take(0x7d)) return;
    written.open();
    for (;;) {
      const field = input.field(names);
      input.expect(0x3a);
      if (field === undefined) input.skip(this.#maxNesting);
      else if (!input.takeNull()) {
        this.#path.push(field.name);
        const bit = 1 << field.number;
        const group = msg === metric && (dataBits & bit) !== 0 ? dataBits : 0;
        const again = seen & (bit | group);
        if (again !== 0) written.takeBack(this.#out, again, seen);
        seen = (seen & ~again) | bit;
        const start = this.#out.length;
        if (field.repeated) this.#list(field, nesting);
        else this.#value(field, nesting, true);
        written.note(field.number, start, this.#out.length);
        this.#path.pop();
      }
      if (input.take(0x7d)) break;
      if (!input.take(0x2c)) throw input.fault("',' or '}'");
    }
    written.close();
  }

  #list(field: Field, nesting: number): void {
    const input = this.#in;
    input.expect(0x5b);
    if (input.take(0x5d)) return;
    const packed = field.kind !== 'message' && field.kind !== 'string';
    const at = packed ? this.#out.open(field.number) : 0;
    for (let i = 0; ; i += 1) {
      this.#path.push(`[${i}]`);
      if (!input.takeNull()) this.#value(field, nesting, !packed);
      else if (field.message === anyValue) this.#out.bytesField(field.number, new Uint8Array(0));
      this.#path.pop();
      if (input.take(0x5d)) break;
      if (!input.take(0x2c)) throw input.fault("',' or ']'");
    }
    if (packed) this.#out.close(at);
  }

  #value(field: Field, nesting: number, tagged: boolean): void {
    const { number } = field;
    switch (field.kind) {
      case 'message':
        this.#child(field, nesting);
        return;
      case 'string':
      case 'utf8':
        if (this.#in.peek() !== 0x22) throw this.#in.fault('a string');
        this.#out.tag(number, 2);
        this.#in.stringTo(this.#out);
        return;
      case 'id16':
        this.#out.tag(number, 2);
        this.#idTo(16);
        return;
      case 'id8':
        this.#out.tag(number, 2);
        this.#idTo(8);
        return;
      case 'bytes':
        this.#out.bytesField(number, this.#base64());
        return;
      case 'bool':
        this.#out.uintField(number, this.#bool());
        return;
      case 'double':
        if (tagged) this.#out.tag(number, 1);
        this.#out.double(this.#double());
        return;
      case 'enum':
        this.#out.intField(number, this.#enum(field));
        return;
      default:
        this.#writeInteger(field, this.#integer(field.kind), tagged);
    }
  }

  #child(field: Field, nesting: number): void {
    if (this.#in.peek() !== 0x7b) throw this.#in.fault('an object');
    const isValue = field.message === anyValue;
    if (isValue && nesting === 0) {
      throw new JsonFault(`nesting is deeper than ${this.#maxNesting}`, this.#in.pos);
    }
    const child = messages[field.message]!;
    const at = this.#out.open(field.number, lengthGuess[field.message]);
    this.#message(child, isValue ? nesting - 1 : nesting);
    this.#out.close(at);
  }

  #writeInteger(field: Field, value: bigint, tagged: boolean): void {
    const out = this.#out;
    const lo = Number(value & 0xffffffffn);
    const hi = Number((value >> 32n) & 0xffffffffn);
    const { kind, number } = field;
    if (kind === 'fixed64' || kind === 'sfixed64') {
      if (tagged) out.tag(number, 1);
      out.fixed64(lo, hi);
    } else if (kind === 'fixed32') out.fixed32Field(number, lo);
    else {
      if (tagged) out.tag(number, 0);
      if (kind === 'sint32') out.varint(((lo << 1) ^ (lo >> 31)) >>> 0);
      else out.varintHalves(lo, hi);
    }
  }

  #text(what: string): string {
    if (this.#in.peek() !== 0x22) throw this.#in.fault(what);
    return this.#in.string();
  }

  /** A hex id as a length-delimited value. */
  #idTo(size: number): void {
    this.#in.peek();
    const at = this.#in.pos;
    if (this.#in.hexTo(this.#out, size)) return;
    const text = this.#text('a hex string');
    if (text.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(text)) {
      throw new JsonFault(`'${text.slice(0, 40)}' is not hex`, at);
    }
    if (text.length !== 0) {
      throw new JsonFault(`length ${text.length / 2}, expected 0 or ${size}`, at);
    }
    this.#out.varint(0);
  }

  #base64(): Uint8Array {
    this.#in.peek();
    const at = this.#in.pos;
    const text = this.#text('a base64 string');
    const bare = text.replace(/={1,2}$/, '');
    if (!/^[A-Za-z0-9+/_-]*$/.test(bare) || bare.length % 4 === 1) {
      throw new JsonFault(`'${text.slice(0, 40)}' is not base64`, at);
    }
    return Buffer.from(text, 'base64');
  }

  #bool(): number {
    const next = this.#in.peek();
    if (next === 0x74) this.#in.word('true');
    else if (next === 0x66) this.#in.word('false');
    else throw this.#in.fault('true or false');
    return next === 0x74 ? 1 : 0;
  }

  /** A number, or a number in a string. */
  #numberText(): string {
    return this.#in.peek() === 0x22 ? this.#in.string() : this.#in.number();
  }

  #double(): number {
    this.#in.peek();
    const at = this.#in.pos;
    const text = this.#numberText();
    if (text === 'NaN') return Number.NaN;
    if (/^-?Infinity$/.test(text)) {
      return text[0] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
    }
    if (/^-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?$/.test(text)) return Number(text);
    throw new JsonFault(`'${text.slice(0, 40)}' is not a number`, at);
  }

  #integer(kind: ValueKind): bigint {
    this.#in.peek();
    const at = this.#in.pos;
    const text = this.#numberText();
    const value = integerOf(text);
    const [low, high] = ranges[kind] ?? [0n, maxUint64];
    if (value === undefined) throw new JsonFault(`'${text.slice(0, 40)}' is not an integer`, at);
    if (value < low || value > high) throw new JsonFault(`${text} does not fit ${kind}`, at);
    return value;
  }

  #enum(field: Field): bigint {
    if (this.#in.peek() !== 0x22) return this.#integer('int32');
    const at = this.#in.pos;
    const text = this.#in.string();
    const value = field.enumNames.indexOf(text);
    if (value < 0) throw new JsonFault(`unknown name '${text.slice(0, 40)}'`, at);
    return BigInt(value);
  }
}

/** Exact value of an integer's text; exponents and fractions of zero are allowed. */
function integerOf(text: string): bigint | undefined {
  if (/^-?[0-9]{1,20}$/.test(text)) return BigInt(text);
  if (!/^-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?$/.test(text)) return undefined;
  const value = Number(text);
  return Number.isSafeInteger(value) ? BigInt(value) : undefined;
}

/** Bytes that the length of a message will probably take, by the message's index. */
const lengthGuess: readonly number[] = messages.map(({ name }) => {
  if (/^(Span|LogRecord|Metric|Profile)$/.test(name)) return 2;
  return /^(Resource|Scope)./.test(name) ? 3 : 1;
});

/**
 * @param bytes one JSON object, UTF-8
 * @param memory is asked for what the protobuf takes, and keeps it reserved
 * @returns the same request as protobuf, in the order of the keys
 * @throws WireError, and what `memory` throws
 */
export function jsonToProto(
  bytes: Uint8Array,
  root: Message,
  maxNesting: number,
  memory?: WriterMemory,
): Uint8Array {
  return new JsonReader(bytes, maxNesting, memory).read(root);
}
