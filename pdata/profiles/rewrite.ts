import { Cursor, readVarint, skipValue } from '../proto/cursor.ts';
import { varintSize, Writer } from '../proto/writer.ts';
import { type Field, type Message, message, messages } from '../schema.ts';
import { DictionaryIndex, ProfileTable, readIndex, tableCount } from './tables.ts';

/** Fields that hold an index into a table: `Message.field` to the table. */
const references: Readonly<Record<string, number | undefined>> = {
  'KeyValue.key_strindex': ProfileTable.string,
  'AnyValue.string_value_strindex': ProfileTable.string,
  'KeyValueAndUnit.key_strindex': ProfileTable.string,
  'KeyValueAndUnit.unit_strindex': ProfileTable.string,
  'Mapping.filename_strindex': ProfileTable.string,
  'Mapping.attribute_indices': ProfileTable.attribute,
  'Function.name_strindex': ProfileTable.string,
  'Function.system_name_strindex': ProfileTable.string,
  'Function.filename_strindex': ProfileTable.string,
  'Location.mapping_index': ProfileTable.mapping,
  'Location.attribute_indices': ProfileTable.attribute,
  'Line.function_index': ProfileTable.function,
  'Stack.location_indices': ProfileTable.location,
  'ValueType.type_strindex': ProfileTable.string,
  'ValueType.unit_strindex': ProfileTable.string,
  'Sample.stack_index': ProfileTable.stack,
  'Sample.attribute_indices': ProfileTable.attribute,
  'Sample.link_index': ProfileTable.link,
  'Profile.attribute_indices': ProfileTable.attribute,
};

/** The table that each field of each message points into, by message index and field number. */
const tableOf: readonly (readonly (number | undefined)[])[] = messages.map((msg) =>
  msg.byNumber.map((field) => field && references[`${msg.name}.${field.snake}`]),
);

const dictionaryMessage = message('ProfilesDictionary');
const resourceProfiles = message('ResourceProfiles');

/**
 * What stands for an index that no entry of its table has: beyond every table of the joined
 * dictionary, too, since a request of 2 GiB has fewer entries.
 */
const beyondTables = 0x7fffffff;

/** One table of the joined dictionary: equal entries are kept once, entry 0 is the zero value. */
export class JoinedTable {
  readonly entries: Uint8Array[] = [new Uint8Array(0)];
  readonly #places = new Map<string, number>([['', 0]]);

  /** @returns the entry's index */
  add(entry: Uint8Array): number {
    const { buffer, byteOffset, length } = entry;
    const key = Buffer.from(buffer, byteOffset, length).toString('latin1');
    const known = this.#places.get(key);
    if (known !== undefined) return known;
    this.entries.push(entry);
    this.#places.set(key, this.entries.length - 1);
    return this.entries.length - 1;
  }
}

/** Tables of one dictionary, by {@link ProfileTable}. */
export const newTables = (): JoinedTable[] =>
  Array.from({ length: tableCount }, () => new JoinedTable());

/** Writes tables as field 2 of a request, unless they hold nothing but zero values. */
export function writeTables(w: Writer, tables: readonly JoinedTable[]): void {
  if (tables.every(({ entries }) => entries.length === 1)) return;
  const dictionary = w.open(2, 3);
  for (let table = 1; table < tableCount; table += 1) {
    const { entries } = tables[table]!;
    if (entries.length > 1) for (const entry of entries) w.bytesField(table, entry);
  }
  w.close(dictionary);
}

/**
 * Copies messages with their indices changed. What they name goes into the joined tables when it is
 * named first, so entries that nobody names stay behind.
 */
class Mover {
  readonly #from: DictionaryIndex;
  readonly #to: readonly JoinedTable[];
  readonly #known: Map<number, number>[] = Array.from({ length: tableCount }, () => new Map());

  constructor(from: DictionaryIndex, to: readonly JoinedTable[]) {
    this.#from = from;
    this.#to = to;
  }

  /** The index of an entry in the joined table. */
  #moved(table: number, old: number): number {
    const known = this.#known[table]!.get(old);
    if (known !== undefined) return known;
    let place = beyondTables;
    if (old < this.#from.size(table)) place = this.#to[table]!.add(this.#entry(table, old));
    else if (old === 0) place = 0;
    this.#known[table]!.set(old, place);
    return place;
  }

  #entry(table: number, index: number): Uint8Array {
    const { bytes } = this.#from;
    const start = this.#from.start(table, index);
    const end = this.#from.end(table, index);
    const entryMessage = messages[dictionaryMessage.byNumber[table]!.message];
    if (entryMessage === undefined) return bytes.subarray(start, end);
    const w = new Writer(end - start + 16);
    this.rewrite(w, new Cursor(bytes, start), end, entryMessage);
    return w.take();
  }

  #indices(w: Writer, c: Cursor, field: Field, tag: number, table: number): void {
    if ((tag & 7) === 2) {
      const end = readVarint(c) + c.pos;
      const at = w.open(field.number);
      while (c.pos < end) w.varint(this.#moved(table, readIndex(c)));
      w.close(at);
      return;
    }
    const old = readIndex(c);
    // of a single index 0 means: none
    w.uintField(field.number, old === 0 && !field.repeated ? 0 : this.#moved(table, old));
  }

  /** Writes the fields of a message with its indices, and those inside it, changed. */
  rewrite(w: Writer, c: Cursor, end: number, msg: Message): void {
    const tables = tableOf[msg.index]!;
    while (c.pos < end) {
      const start = c.pos;
      const tag = readVarint(c);
      const number = Math.floor(tag / 8);
      const field = msg.byNumber[number];
      const table = tables[number];
      if (field !== undefined && table !== undefined) this.#indices(w, c, field, tag, table);
      else if (field !== undefined && field.kind === 'message') {
        const length = readVarint(c);
        const at = w.open(number, varintSize(length));
        this.rewrite(w, c, c.pos + length, messages[field.message]!);
        w.close(at);
      } else {
        skipValue(c, tag);
        w.copy(c.bytes, start, c.pos);
      }
    }
  }
}

/** Some groups of a request, and the dictionary that their indices are of. */
export interface Groups {
  /** A request; its own dictionary is left out. */
  readonly bytes: Uint8Array;
  readonly dictionary: DictionaryIndex;
}

/**
 * Several profiles requests, or a part of one, as one with a dictionary of what they name: equal
 * entries are kept once and every index is changed to its new place. An index that its table does
 * not have becomes one that no table has ({@link beyondTables}): it stays wrong and names no other
 * entry. Unknown fields are kept, but for those of dictionaries themselves.
 */
export function joinProfiles(requests: readonly Groups[]): Uint8Array {
  const tables = newTables();
  const w = new Writer(requests.reduce((sum, { bytes }) => sum + bytes.length, 64));
  for (const { bytes, dictionary } of requests) {
    const mover = new Mover(dictionary, tables);
    const c = new Cursor(bytes);
    while (c.pos < bytes.length) {
      const start = c.pos;
      const tag = readVarint(c);
      if (tag === 10) {
        const length = readVarint(c);
        const at = w.open(1, varintSize(length));
        mover.rewrite(w, c, c.pos + length, resourceProfiles);
        w.close(at);
        continue;
      }
      skipValue(c, tag);
      if (tag !== 18) w.copy(bytes, start, c.pos);
    }
  }
  writeTables(w, tables);
  return w.finish();
}

/** See {@link joinProfiles}. @param requests each with the dictionary that it came with */
export function mergeProfiles(requests: readonly Uint8Array[]): Uint8Array {
  return joinProfiles(requests.map((bytes) => ({ bytes, dictionary: new DictionaryIndex(bytes) })));
}
