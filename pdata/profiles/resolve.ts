import { isUtf8 } from '../check.ts';
import { Cursor, readVarint, skipValue } from '../proto/cursor.ts';
import { varintSize, Writer, type WriterMemory } from '../proto/writer.ts';
import { type Message, message, messages } from '../schema.ts';
import { DictionaryIndex, ProfileTable, readIndex } from './tables.ts';

const keyValue = message('KeyValue');
const anyValue = message('AnyValue');
const keyTag = 10;
const keyIndexTag = 24;
const textIndexTag = 64;

const groups = ['ProfilesRequest', 'ResourceProfiles', 'ScopeProfiles', 'Resource', 'Scope'];
const tables = ['ProfilesDictionary', 'KeyValueAndUnit'];
const values = ['KeyValue', 'AnyValue', 'ArrayValue', 'KeyValueList'];

/** Messages on the way from a request to its attributes, and in them. */
const walked: ReadonlySet<Message> = new Set([...groups, ...tables, ...values].map(message));

function isWalked(msg: Message | undefined): msg is Message {
  return msg !== undefined && walked.has(msg);
}

/** True when an attribute names its key or a text of its value by index. */
function hasIndices(c: Cursor, end: number, msg: Message): boolean {
  while (c.pos < end) {
    const tag = readVarint(c);
    if (msg === keyValue && tag === keyIndexTag) return true;
    if (msg === anyValue && tag === textIndexTag) return true;
    const field = msg.byNumber[Math.floor(tag / 8)];
    const child = field?.kind === 'message' ? messages[field.message] : undefined;
    if (!isWalked(child)) {
      skipValue(c, tag);
      continue;
    }
    const stop = readVarint(c) + c.pos;
    if (hasIndices(c, stop, child)) return true;
  }
  return false;
}

/** A text that many attributes name would be there as many times: a request grows so much at most. */
function roomFor(bytes: Uint8Array): number {
  return 65_536 + bytes.length * 4;
}

/** Copies a request with the texts that attributes name by index. */
class Resolver {
  readonly #w: Writer;
  readonly #bytes: Uint8Array;
  readonly #dictionary: DictionaryIndex;
  /** Bytes that texts may still add. */
  #room: number;

  constructor(bytes: Uint8Array, memory: WriterMemory | undefined) {
    this.#bytes = bytes;
    this.#w = new Writer(bytes.length + 256, memory);
    this.#dictionary = new DictionaryIndex(bytes);
    this.#room = roomFor(bytes);
  }

  run(): Uint8Array {
    const c = new Cursor(this.#bytes);
    this.#message(c, c.bytes.length, message('ProfilesRequest'));
    return this.#w.finish();
  }

  #message(c: Cursor, end: number, msg: Message): void {
    if (msg === keyValue) this.#keyValue(c, end);
    else if (msg === anyValue) this.#anyValue(c, end);
    else while (c.pos < end) this.#field(c, msg);
  }

  /** Copies one field, with what is inside it. */
  #field(c: Cursor, msg: Message): void {
    const start = c.pos;
    const tag = readVarint(c);
    const number = Math.floor(tag / 8);
    const field = msg.byNumber[number];
    const child = field?.kind === 'message' ? messages[field.message] : undefined;
    if (!isWalked(child)) {
      skipValue(c, tag);
      this.#w.copy(this.#bytes, start, c.pos);
      return;
    }
    const length = readVarint(c);
    const at = this.#w.open(number, varintSize(length));
    this.#message(c, c.pos + length, child);
    this.#w.close(at);
  }

  /** Writes string `index` of the dictionary as field 1. @returns false when it cannot be */
  #text(index: number): boolean {
    const bytes = this.#bytes;
    const dictionary = this.#dictionary;
    if (index >= dictionary.size(ProfileTable.string)) return false;
    const start = dictionary.start(ProfileTable.string, index);
    const end = dictionary.end(ProfileTable.string, index);
    if (end - start > this.#room || !isUtf8(bytes, start, end)) return false;
    this.#room -= end - start;
    this.#w.tag(1, 2);
    this.#w.varint(end - start);
    this.#w.copy(bytes, start, end);
    return true;
  }

  /** A key by index is used where there is no key. */
  #keyValue(c: Cursor, end: number): void {
    const start = c.pos;
    let index = 0;
    let hasKey = false;
    while (c.pos < end) {
      const tag = readVarint(c);
      if (tag === keyIndexTag) index = readIndex(c);
      else {
        const from = c.pos;
        skipValue(c, tag);
        if (tag === keyTag) hasKey = c.pos - from > 1;
      }
    }
    const isWritten = index !== 0 && !hasKey && this.#text(index);
    c.pos = start;
    while (c.pos < end) {
      const from = c.pos;
      const tag = readVarint(c);
      c.pos = from;
      if (isWritten && (tag === keyTag || tag === keyIndexTag)) {
        readVarint(c);
        skipValue(c, tag);
      } else this.#field(c, keyValue);
    }
  }

  /** Of several values the last counts. */
  #anyValue(c: Cursor, end: number): void {
    const start = c.pos;
    let index = -1;
    while (c.pos < end) {
      const tag = readVarint(c);
      if (tag === textIndexTag) index = readIndex(c);
      else {
        skipValue(c, tag);
        if (anyValue.byNumber[Math.floor(tag / 8)] !== undefined) index = -1;
      }
    }
    if (index >= 0 && this.#text(index)) return;
    c.pos = start;
    while (c.pos < end) this.#field(c, anyValue);
  }
}

/**
 * The request with plain keys in the attributes of resources and scopes, and plain texts in all
 * values, so that they are read and edited like those of other signals: senders may write them as
 * indices into the dictionary's texts. Keys of the dictionary's attributes are always indices.
 * Indices that the table does not have, texts that are not UTF-8, and what would make the request
 * more than five times as long stay indices.
 *
 * @param bytes a profiles request that passed the structural check
 * @param memory is asked for what is written anew
 * @returns `bytes` itself when there are no such indices
 */
export function withPlainTexts(bytes: Uint8Array, memory?: WriterMemory): Uint8Array {
  const c = new Cursor(bytes);
  if (!hasIndices(c, bytes.length, message('ProfilesRequest'))) return bytes;
  return new Resolver(bytes, memory).run();
}
