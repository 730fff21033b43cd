import { Cursor, readHalves, readVarint, signedNumber, skipValue } from '../proto/cursor.ts';
import type { MessageView } from '../readers/message-view.ts';
import { utf8 } from '../readers/value-view.ts';
import { type DictionaryIndex, ProfileTable } from './tables.ts';

/** The tables that a profile's indices point into, read in place. */
export class Dictionary {
  readonly #index: DictionaryIndex;
  /** Texts that were asked for, by index. */
  readonly #texts = new Map<number, string>();

  constructor(index: DictionaryIndex) {
    this.#index = index;
  }

  /** Entries of a table of `ProfileTable`. */
  size(table: number): number {
    return this.#index.size(table);
  }

  /** A text of the string table; '' for 0, undefined when the table has no such entry. */
  text(index: number): string | undefined {
    if (index < 0 || index >= this.size(ProfileTable.string)) return index === 0 ? '' : undefined;
    const known = this.#texts.get(index);
    if (known !== undefined) return known;
    const { bytes } = this.#index;
    const start = this.#index.start(ProfileTable.string, index);
    const text = utf8(bytes, start, this.#index.end(ProfileTable.string, index));
    this.#texts.set(index, text);
    return text;
  }

  /**
   * Puts `view` on an entry of a table other than the string table; on an empty one when the table
   * has no such entry. @returns whether it has
   */
  find(view: MessageView, table: number, index: number): boolean {
    const { bytes } = this.#index;
    const isThere = index >= 0 && index < this.size(table);
    if (isThere) {
      view.bindBytes(bytes, this.#index.start(table, index), this.#index.end(table, index));
    } else view.bindBytes(bytes, 0, 0);
    return isThere;
  }
}

/** An int32 field that is an index, 0 when absent. */
export function indexOf(view: MessageView, field: number): number {
  view.uint(field);
  return view.lo | 0;
}

/**
 * A repeated int32 or int64 field, packed or not, inexact beyond 2^53.
 * @param view without edits of that field
 */
export function integersOf(view: MessageView, field: number): number[] {
  return listOf(view, field, 0, (c) => {
    readHalves(c);
    return signedNumber(c.lo, c.hi);
  });
}

/** A repeated fixed64 field, packed or not: bits as bigints. */
export function fixed64sOf(view: MessageView, field: number): bigint[] {
  const { buffer, byteOffset, byteLength } = view.bytes;
  const data = new DataView(buffer, byteOffset, byteLength);
  return listOf(view, field, 1, (c) => {
    c.pos += 8;
    return data.getBigUint64(c.pos - 8, true);
  });
}

/** @param wire wire type of a value that is not packed. @param read takes one value */
function listOf<T>(view: MessageView, field: number, wire: 0 | 1, read: (c: Cursor) => T): T[] {
  const found: T[] = [];
  const c = new Cursor(view.bytes, view.start);
  while (c.pos < view.end) {
    const tag = readVarint(c);
    if (tag === field * 8 + wire) found.push(read(c));
    else if (tag === field * 8 + 2) {
      for (const end = readVarint(c) + c.pos; c.pos < end; ) found.push(read(c));
    } else skipValue(c, tag);
  }
  return found;
}
