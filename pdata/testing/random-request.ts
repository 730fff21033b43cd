import { seededWords } from '../../testing/random.ts';
import { deprecatedListField } from '../check-table.ts';
import { Writer } from '../proto/writer.ts';
import { type Field, type Message, messages, requestMessage } from '../schema.ts';
import type { Signal } from '../signal.ts';

/** How far a generated request may leave the usual shape. */
export interface Shape {
  /** Unknown fields of every wire type, groups among them. */
  unknown: boolean;
  /** Fields in any order, singular ones repeated, packed fields one by one, overlong varints. */
  wild: boolean;
}

/** Numbers below a limit: the same seed gives the same request. */
export function randomOf(seed: number): (below: number) => number {
  const next = seededWords(seed);
  return (below) => next() % below;
}

const words = [
  '',
  'a',
  'service.name',
  'http.method',
  'größe',
  '日本',
  '😀',
  'x'.repeat(130),
  'k1',
];

class Generator {
  readonly w = new Writer(1024);
  readonly #random: (below: number) => number;
  readonly #shape: Shape;
  #budget = 150;

  constructor(seed: number, shape: Shape) {
    this.#random = randomOf(seed);
    this.#shape = shape;
  }

  message(msg: Message, depth: number): void {
    const fields = msg.fields.filter(
      (field) => this.#random(4) > 0 || (depth < 4 && field.number === 2),
    );
    if (msg.name === 'AnyValue') fields.splice(1);
    if (msg.name === 'AnyValue' && fields.length > 0) {
      fields[0] = msg.fields[this.#random(msg.fields.length)]!;
    }
    if (msg.name === 'Metric') this.#oneData(msg, fields);
    if (this.#shape.wild) fields.sort(() => this.#random(3) - 1);
    for (const field of fields) {
      const times = field.repeated ? this.#random(3) + (depth < 3 ? 1 : 0) : this.#again(field);
      if (field.repeated && field.kind !== 'message' && field.kind !== 'string') {
        this.#packed(field, times);
      } else for (let i = 0; i < times; i += 1) this.#field(field, depth);
      if (this.#shape.unknown && this.#random(8) === 0) this.#unknown();
    }
  }

  /** Groups keep their head before the list unless wild; messages are not repeated. */
  #again(field: Field): number {
    return this.#shape.wild && field.kind !== 'message' && this.#random(6) === 0 ? 2 : 1;
  }

  #oneData(msg: Message, fields: Field[]): void {
    const data = msg.fields.filter((f) => f.number >= 5 && f.number <= 11);
    for (let i = fields.length - 1; i >= 0; i -= 1)
      if (data.includes(fields[i]!)) fields.splice(i, 1);
    fields.push(data[this.#random(data.length)]!);
    fields.sort((a, b) => a.number - b.number);
  }

  #packed(field: Field, times: number): void {
    if (this.#shape.wild && this.#random(2) === 0) {
      for (let i = 0; i < times; i += 1) this.#scalar(field, true);
      return;
    }
    if (times === 0) return;
    const at = this.w.open(field.number);
    for (let i = 0; i < times; i += 1) this.#scalar(field, false);
    this.w.close(at);
  }

  #field(field: Field, depth: number): void {
    if (field.kind !== 'message') {
      this.#scalar(field, true);
      return;
    }
    this.#budget -= 1;
    if (depth > 12 || this.#budget < 0) return;
    const at = this.w.open(field.number, 1 + this.#random(3));
    this.message(messages[field.message]!, depth + 1);
    this.w.close(at);
  }

  #u32(): number {
    const kind = this.#random(5);
    if (kind === 0) return 0;
    if (kind === 1) return this.#random(200);
    if (kind === 2) return 0xffffffff;
    return this.#random(0x100000000);
  }

  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.#random(256));
  }

  #scalar(field: Field, tagged: boolean): void {
    const { w } = this;
    const { number } = field;
    switch (field.kind) {
      case 'string':
      case 'utf8':
        w.stringField(number, words[this.#random(words.length)]!);
        return;
      case 'bytes':
        w.bytesField(number, this.bytes(this.#random(20)));
        return;
      case 'id16':
        w.bytesField(number, this.bytes(this.#random(6) === 0 ? 0 : 16));
        return;
      case 'id8':
        w.bytesField(number, this.bytes(this.#random(6) === 0 ? 0 : 8));
        return;
      case 'fixed64':
      case 'sfixed64':
      case 'double':
        if (tagged) w.tag(number, 1);
        w.fixed64(this.#u32(), field.kind === 'double' ? this.#random(0x7ff00000) : this.#u32());
        return;
      case 'fixed32':
        w.fixed32Field(number, this.#u32());
        return;
      default:
        if (tagged) w.tag(number, 0);
        this.#varint(field);
    }
  }

  #varint(field: Field): void {
    const lo = this.#u32();
    if (field.kind === 'int32' && this.#random(2) === 0) this.w.varint(this.#random(4));
    else if (field.kind === 'int64' || field.kind === 'uint64')
      this.w.varintHalves(lo, this.#u32());
    else if (field.kind === 'bool') this.w.varint(lo & 1);
    else if (field.kind === 'enum') this.w.varint(this.#random(6));
    else if (field.kind === 'int32') this.w.varintHalves(lo, lo >>> 31 === 0 ? 0 : 0xffffffff);
    else this.w.varint(lo);
  }

  #unknown(): void {
    const { w } = this;
    const drawn = 20 + this.#random(3000);
    const number = drawn === deprecatedListField ? 20 : drawn;
    const kind = this.#random(5);
    if (kind === 0) w.uintField(number, this.#u32());
    else if (kind === 1) w.bytesField(number, this.bytes(this.#random(30)));
    else if (kind === 2) w.fixed32Field(number, 7);
    else if (kind === 3) w.fixed64Field(number, 7, 8);
    else {
      w.tag(number, 3);
      w.uintField(1, 5);
      w.stringField(2, 'inside');
      w.tag(number, 4);
    }
  }
}

/** A valid request that the seed decides: all messages, all kinds of fields, nested values. */
export function randomRequest(signal: Signal, seed: number, shape: Shape): Uint8Array {
  const generator = new Generator(seed, shape);
  generator.message(requestMessage[signal], 0);
  return generator.w.take();
}

/** `bytes` with a few changes: bytes replaced, cut off, put in. */
export function mutate(bytes: Uint8Array, seed: number): Uint8Array {
  const random = randomOf(seed);
  let out = [...bytes];
  for (let n = 1 + random(3); n > 0; n -= 1) {
    const at = random(out.length + 1);
    const kind = random(5);
    if (kind === 0) out[at % Math.max(1, out.length)] = random(256);
    else if (kind === 1) out.splice(at, 1 + random(4));
    else if (kind === 2) out.splice(at, 0, random(256), random(256));
    else if (kind === 3) out = out.slice(0, at);
    else if (out.length > 0) out[at % out.length]! ^= 1 << random(8);
  }
  return Uint8Array.from(out, (byte) => byte & 255);
}
