import { JsonFault, Scanner } from '../../pdata/json/scanner.ts';
import { Writer } from '../../pdata/proto/writer.ts';
import { SkywalkingFault } from './fault.ts';
import { type Field, type Message, type MessageName, message } from './schema.ts';

/** Messages of a JSON body as protobuf, one after the other. */
export interface JsonMessages {
  readonly bytes: Uint8Array;
  /** Where each ends; the first begins at 0. */
  readonly ends: readonly number[];
}

/** How deep what nobody knows may be nested. */
const maxNesting = 64;

/**
 * Writes JSON as protobuf by the rules of protobuf's JSON mapping
 * (https://protobuf.dev/programming-guides/json/): enums by name or number, 64-bit integers as
 * numbers or texts, null as absent; keys that are not known are passed over.
 */
class JsonReader {
  readonly #in: Scanner;
  readonly #out: Writer;
  readonly #path: string[] = [];

  constructor(bytes: Uint8Array) {
    this.#in = new Scanner(bytes);
    this.#out = new Writer(bytes.length + 64);
  }

  /** @param isList an array of messages, else one message */
  read(msg: Message, isList: boolean): JsonMessages {
    const ends: number[] = [];
    try {
      if (isList) {
        this.#elements(() => {
          this.#message(msg);
          ends.push(this.#out.length);
        });
      } else {
        this.#message(msg);
        ends.push(this.#out.length);
      }
      if (this.#in.peek() >= 0) throw this.#in.fault('the end');
    } catch (error) {
      if (!(error instanceof JsonFault)) throw error;
      const path = this.#path.join('.').replaceAll('.[', '[');
      const where = path === '' ? '' : ` ${path}`;
      const text = `cannot read JSON${where} at byte ${error.offset}: ${error.message}`;
      throw new SkywalkingFault(text, error.offset);
    }
    return { bytes: this.#out.bytes.subarray(0, this.#out.length), ends };
  }

  #elements(read: () => void): void {
    const input = this.#in;
    input.expect(0x5b);
    if (input.take(0x5d)) return;
    for (let i = 0; ; i += 1) {
      this.#path.push(`[${i}]`);
      read();
      this.#path.pop();
      if (input.take(0x5d)) return;
      if (!input.take(0x2c)) throw input.fault("',' or ']'");
    }
  }

  #members(read: (name: string) => void): void {
    const input = this.#in;
    if (input.peek() !== 0x7b) throw input.fault('an object');
    input.expect(0x7b);
    if (input.take(0x7d)) return;
    for (;;) {
      if (input.peek() !== 0x22) throw input.fault('a key');
      const name = input.string();
      input.expect(0x3a);
      this.#path.push(name.slice(0, 40));
      if (!input.takeNull()) read(name);
      this.#path.pop();
      if (input.take(0x7d)) return;
      if (!input.take(0x2c)) throw input.fault("',' or '}'");
    }
  }

  #message(msg: Message): void {
    this.#members((name) => {
      const field = msg.byName.get(name);
      if (field === undefined) this.#in.skip(maxNesting);
      else if (field.isMap) this.#map(field);
      else if (field.repeated) this.#elements(() => this.#value(field));
      else this.#value(field);
    });
  }

  /** A map of texts: entries of key and value. */
  #map(field: Field): void {
    this.#members((key) => {
      const at = this.#out.open(field.number);
      this.#out.stringField(1, key);
      this.#text(2);
      this.#out.close(at);
    });
  }

  #text(number: number): void {
    if (this.#in.peek() !== 0x22) throw this.#in.fault('a string');
    this.#out.tag(number, 2);
    this.#in.stringTo(this.#out);
  }

  #value(field: Field): void {
    const { number, kind } = field;
    const out = this.#out;
    if (kind === 'string') this.#text(number);
    else if (kind === 'message') {
      const at = out.open(number);
      this.#message(field.message!);
      out.close(at);
    } else if (kind === 'bool') out.uintField(number, this.#bool());
    else if (kind === 'double') out.doubleField(number, this.#double());
    else if (kind === 'enum') out.intField(number, this.#enum(field));
    else out.intField(number, this.#integer(kind === 'int32' ? 31n : 63n));
  }

  #bool(): number {
    const next = this.#in.peek();
    if (next === 0x74) this.#in.word('true');
    else if (next === 0x66) this.#in.word('false');
    else throw this.#in.fault('true or false');
    return next === 0x74 ? 1 : 0;
  }

  #numberText(): string {
    return this.#in.peek() === 0x22 ? this.#in.string() : this.#in.number();
  }

  #double(): number {
    this.#in.peek();
    const at = this.#in.pos;
    const text = this.#numberText();
    if (/^(NaN|-?Infinity)$/.test(text) || /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(text)) {
      return Number(text);
    }
    throw new JsonFault(`'${text.slice(0, 40)}' is not a number`, at);
  }

  /** @param bits of its absolute value */
  #integer(bits: bigint): bigint {
    this.#in.peek();
    const at = this.#in.pos;
    const text = this.#numberText();
    let value: bigint | undefined;
    if (/^-?\d{1,20}$/.test(text)) value = BigInt(text);
    else if (/^-?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(text) && Number.isSafeInteger(Number(text))) {
      value = BigInt(Number(text));
    }
    if (value === undefined) throw new JsonFault(`'${text.slice(0, 40)}' is not an integer`, at);
    if (value < -(1n << bits) || value >= 1n << bits) {
      throw new JsonFault(`${text} does not fit ${bits + 1n} bits`, at);
    }
    return value;
  }

  #enum({ enumNames }: Field): bigint {
    if (this.#in.peek() !== 0x22) return this.#integer(31n);
    const at = this.#in.pos;
    const text = this.#in.string();
    const value = enumNames.indexOf(text);
    if (value < 0) throw new JsonFault(`unknown name '${text.slice(0, 40)}'`, at);
    return BigInt(value);
  }
}

/**
 * Reads a body of the HTTP protocol as protobuf messages.
 * @param isList whether it is an array of messages
 * @throws SkywalkingFault for what is not JSON or of a wrong type; nothing of the body is read then
 */
export function readJson(name: MessageName, bytes: Uint8Array, isList: boolean): JsonMessages {
  return new JsonReader(bytes).read(message(name), isList);
}
