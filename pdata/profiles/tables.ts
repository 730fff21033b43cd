import { Cursor, readHalves, readVarint, skipValue } from '../proto/cursor.ts';

/** Tables of ProfilesDictionary, by their field numbers. */
export const ProfileTable = {
  mapping: 1,
  location: 2,
  function: 3,
  link: 4,
  string: 5,
  attribute: 6,
  stack: 7,
} as const;

/** One more than the highest of {@link ProfileTable}. */
export const tableCount = 8;

const dictionaryTag = 18;

/** An index: negative ones are beyond every table. */
export function readIndex(c: Cursor): number {
  readHalves(c);
  return c.hi * 4294967296 + c.lo;
}

/** Where the bodies of some messages lie: start, end, start, end ... */
export type Places = readonly number[];

/** Adds to `places` where the values of the length-delimited field `tag` of [start, end) lie. */
export function placesOf(
  bytes: Uint8Array,
  start: number,
  end: number,
  tag: number,
  places: number[] = [],
): number[] {
  const c = new Cursor(bytes, start);
  while (c.pos < end) {
    const found = readVarint(c);
    if (found !== tag) {
      skipValue(c, found);
      continue;
    }
    const length = readVarint(c);
    places.push(c.pos, c.pos + length);
    c.pos += length;
  }
  return places;
}

/**
 * Where the entries of one request's dictionary lie; several dictionaries are one, as protobuf
 * says.
 */
export class DictionaryIndex {
  readonly bytes: Uint8Array;
  readonly #tables: number[][] = Array.from({ length: tableCount }, () => []);

  /** @param bytes a profiles request that passed the structural check */
  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    const whole = placesOf(bytes, 0, bytes.length, dictionaryTag);
    const c = new Cursor(bytes);
    for (let i = 0; i < whole.length; i += 2) {
      c.pos = whole[i]!;
      while (c.pos < whole[i + 1]!) {
        const tag = readVarint(c);
        const table = (tag & 7) === 2 ? this.#tables[Math.floor(tag / 8)] : undefined;
        if (table === undefined) {
          skipValue(c, tag);
          continue;
        }
        const length = readVarint(c);
        table.push(c.pos, c.pos + length);
        c.pos += length;
      }
    }
  }

  /** Entries of a table. */
  size(table: number): number {
    return this.#tables[table]!.length / 2;
  }

  /** First byte of an entry that is there. */
  start(table: number, index: number): number {
    return this.#tables[table]![index * 2]!;
  }

  end(table: number, index: number): number {
    return this.#tables[table]![index * 2 + 1]!;
  }
}

/** The request without its dictionary. */
export function withoutDictionary(bytes: Uint8Array): Uint8Array {
  const c = new Cursor(bytes);
  const kept: Uint8Array[] = [];
  while (c.pos < bytes.length) {
    const start = c.pos;
    const tag = readVarint(c);
    skipValue(c, tag);
    if (tag !== dictionaryTag) kept.push(bytes.subarray(start, c.pos));
  }
  return Buffer.concat(kept);
}
