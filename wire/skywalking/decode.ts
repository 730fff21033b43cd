import { SkywalkingFault } from './fault.ts';
import { skywalkingReader } from './reader.ts';
import { type Field, type Message, type MessageName, message } from './schema.ts';

/** Messages within one that are decoded; each takes some hundred bytes however short it is. */
const maxMessages = 100_000;

/** A decoded message by the names of its fields: what is absent has proto3's default. */
type Decoded = Record<string, unknown>;

function defaults({ fields }: Message): Decoded {
  const out: Decoded = {};
  for (const { name, kind, repeated } of fields) {
    if (repeated) out[name] = [];
    else if (kind === 'string') out[name] = '';
    else if (kind === 'bool') out[name] = false;
    else if (kind === 'int64') out[name] = 0n;
    else if (kind !== 'message') out[name] = 0;
  }
  return out;
}

/** Decodes messages that come seldom to objects: int64 to bigint, enums to their numbers. */
class Decoder {
  readonly #r = skywalkingReader();
  #messages = 0;

  decode(msg: Message, bytes: Uint8Array, start: number, end: number): Decoded {
    this.#r.bind(bytes, start, end);
    return this.#message(msg);
  }

  #message(msg: Message): Decoded {
    const r = this.#r;
    this.#messages += 1;
    if (this.#messages > maxMessages) {
      throw new SkywalkingFault(`more than ${maxMessages} parts in one message`, r.pos);
    }
    const out = defaults(msg);
    for (let tag = r.next(); tag !== 0; tag = r.next()) {
      const field = msg.byNumber[tag >>> 3];
      if (field === undefined) r.skip(tag);
      else if ((tag & 7) !== wireType(field)) {
        throw r.fault(`wire type ${tag & 7} of ${field.name}`);
      } else if (field.repeated) (out[field.name] as unknown[]).push(this.#value(field));
      else out[field.name] = this.#value(field);
    }
    return out;
  }

  #value({ kind, message: inner }: Field): unknown {
    const r = this.#r;
    switch (kind) {
      case 'string':
        return r.string();
      case 'bool':
        return r.bool();
      case 'int64':
        return r.bigint64();
      case 'double':
        return r.double();
      case 'message': {
        const outer = r.enter();
        const value = this.#message(inner!);
        r.leave(outer);
        return value;
      }
      default:
        return r.int32();
    }
  }
}

function wireType({ kind }: Field): number {
  if (kind === 'double') return 1;
  return kind === 'string' || kind === 'message' ? 2 : 0;
}

/**
 * Decodes the message in bytes [start, end).
 * @throws SkywalkingFault
 */
export function decode<T>(name: MessageName, bytes: Uint8Array, start: number, end: number): T {
  return new Decoder().decode(message(name), bytes, start, end) as T;
}
