import { Cursor, readHalves, readVarint, skipValue } from './proto/cursor.ts';
import { Writer } from './proto/writer.ts';
import { type Field, type Message, message, messages } from './schema.ts';

/** Tables of ProfilesDictionary by field number, each after those that its entries name. */
const tableOrder = [5, 6, 4, 3, 1, 2, 7];
const [mapping, location, func, link, string, attribute, stack] = [1, 2, 3, 4, 5, 6, 7];

/** Fields that hold an index into a table: `Message.field` to the table's field number. */
const references: Readonly<Record<string, number | undefined>> = {
  'KeyValue.key_strindex': string,
  'AnyValue.string_value_strindex': string,
  'KeyValueAndUnit.key_strindex': string,
  'KeyValueAndUnit.unit_strindex': string,
  'Mapping.filename_strindex': string,
  'Mapping.attribute_indices': attribute,
  'Function.name_strindex': string,
  'Function.system_name_strindex': string,
  'Function.filename_strindex': string,
  'Location.mapping_index': mapping,
  'Location.attribute_indices': attribute,
  'Line.function_index': func,
  'Stack.location_indices': location,
  'ValueType.type_strindex': string,
  'ValueType.unit_strindex': string,
  'Sample.stack_index': stack,
  'Sample.attribute_indices': attribute,
  'Sample.link_index': link,
  'Profile.attribute_indices': attribute,
};

const dictionaryMessage = message('ProfilesDictionary');
const resourceProfiles = message('ResourceProfiles');

/** One table of the joined dictionary: equal entries are kept once, entry 0 is the zero value. */
class Table {
  readonly entries: Uint8Array[] = [new Uint8Array(0)];
  readonly #places = new Map<string, number>([['', 0]]);

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

/** New index of each entry of one request's tables, by table. */
type Indices = (number[] | undefined)[];

/** The index of a field in the joined table; an index beyond the old table becomes 0. */
function moved(indices: Indices, table: number, old: number): number {
  return indices[table]?.[old] ?? 0;
}

/** Reads a varint that is an index: negative ones are beyond every table. */
function readIndex(c: Cursor): number {
  readHalves(c);
  return c.hi * 4294967296 + c.lo;
}

function rewriteIndices(
  w: Writer,
  c: Cursor,
  field: Field,
  tag: number,
  indices: Indices,
  table: number,
): void {
  if ((tag & 7) !== 2) {
    w.uintField(field.number, moved(indices, table, readIndex(c)));
    return;
  }
  const length = readVarint(c);
  const end = c.pos + length;
  const at = w.open(field.number);
  while (c.pos < end) w.varint(moved(indices, table, readIndex(c)));
  w.close(at);
}

/** Writes the fields of a message with its indices, and those inside it, changed. */
function rewrite(w: Writer, c: Cursor, end: number, msg: Message, indices: Indices): void {
  while (c.pos < end) {
    const start = c.pos;
    const tag = readVarint(c);
    const field = msg.byNumber[Math.floor(tag / 8)];
    const table = field === undefined ? undefined : references[`${msg.name}.${field.snake}`];
    if (field !== undefined && table !== undefined) {
      rewriteIndices(w, c, field, tag, indices, table);
    } else if (field !== undefined && field.kind === 'message') {
      const length = readVarint(c);
      const at = w.open(field.number);
      rewrite(w, c, c.pos + length, messages[field.message]!, indices);
      w.close(at);
    } else {
      skipValue(c, tag);
      w.copy(c.bytes, start, c.pos);
    }
  }
}

interface Span {
  start: number;
  end: number;
}

/** Where the values of the repeated field `number` lie. */
function findAll(bytes: Uint8Array, within: readonly Span[], number: number): Span[] {
  const found: Span[] = [];
  for (const { start, end } of within) {
    const c = new Cursor(bytes, start);
    while (c.pos < end) {
      const tag = readVarint(c);
      if (tag !== number * 8 + 2) {
        skipValue(c, tag);
        continue;
      }
      const length = readVarint(c);
      found.push({ start: c.pos, end: c.pos + length });
      c.pos += length;
    }
  }
  return found;
}

/** Adds the tables of one request to the joined ones. @returns where its entries went */
function joinTables(bytes: Uint8Array, tables: readonly Table[]): Indices {
  const whole = [{ start: 0, end: bytes.length }];
  const dictionaries = findAll(bytes, whole, 2);
  const indices: Indices = [];
  for (const number of tableOrder) {
    const entryMessage = messages[dictionaryMessage.byNumber[number]!.message];
    indices[number] = findAll(bytes, dictionaries, number).map(({ start, end }) => {
      if (entryMessage === undefined) return tables[number]!.add(bytes.subarray(start, end));
      const w = new Writer(end - start + 16);
      rewrite(w, new Cursor(bytes, start), end, entryMessage, indices);
      return tables[number]!.add(w.take());
    });
  }
  return indices;
}

/**
 * Several profiles requests as one: dictionaries are joined, equal entries kept once, and every
 * index is changed to its new place. Unknown fields of the requests and dictionaries themselves are
 * left out, those further in are kept.
 */
export function mergeProfiles(requests: readonly Uint8Array[]): Uint8Array {
  const tables = Array.from({ length: 8 }, () => new Table());
  const w = new Writer(requests.reduce((sum, bytes) => sum + bytes.length, 64));
  for (const bytes of requests) {
    const indices = joinTables(bytes, tables);
    for (const { start, end } of findAll(bytes, [{ start: 0, end: bytes.length }], 1)) {
      const at = w.open(1, 3);
      rewrite(w, new Cursor(bytes, start), end, resourceProfiles, indices);
      w.close(at);
    }
  }
  const dictionary = w.open(2, 3);
  for (let number = 1; number <= 7; number += 1) {
    const { entries } = tables[number]!;
    if (entries.length > 1) for (const entry of entries) w.bytesField(number, entry);
  }
  w.close(dictionary);
  return w.take();
}
