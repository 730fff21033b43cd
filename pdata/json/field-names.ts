import { type Field, type Message, messages } from '../schema.ts';

interface Name {
  readonly bytes: Uint8Array;
  readonly field: Field;
}

/** Length, first and last byte: tells nearly all names of a message apart. */
function shape(b: Uint8Array, start: number, end: number): number {
  return (end - start) * 65536 + b[start]! * 256 + b[end - 1]!;
}

/** The names of one message's fields, found by their bytes. */
export class FieldNames {
  readonly #byShape = new Map<number, Name[]>();
  readonly #message: Message;

  constructor(msg: Message) {
    this.#message = msg;
    for (const [text, field] of msg.byName) {
      const bytes = new TextEncoder().encode(text);
      const key = shape(bytes, 0, bytes.length);
      const known = this.#byShape.get(key);
      if (known === undefined) this.#byShape.set(key, [{ bytes, field }]);
      else known.push({ bytes, field });
    }
  }

  byText(text: string): Field | undefined {
    return this.#message.byName.get(text);
  }

  /** The field whose name is bytes [start, end) of `b`. */
  find(b: Uint8Array, start: number, end: number): Field | undefined {
    if (start === end) return undefined;
    const names = this.#byShape.get(shape(b, start, end));
    if (names === undefined) return undefined;
    for (const { bytes, field } of names) {
      let i = 1;
      while (i < bytes.length && bytes[i] === b[start + i]) i += 1;
      if (i === bytes.length) return field;
    }
    return undefined;
  }
}

/** Names of each message, by its index. */
export const fieldNames: readonly FieldNames[] = messages.map((msg) => new FieldNames(msg));
